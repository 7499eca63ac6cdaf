/**
 * Whether a statement whose intent is recorded did run before the crash.
 *
 * With a GTID of our own the server knows. Else the definitions of everything the statement names are compared with
 * those of before; where they are equal it is run (again), and an error that says that its work is done counts as done.
 *
 * Limits, on servers without atomic DDL and without a chosen GTID (MySQL 5.6 and 5.7 without SUPER, MariaDB before
 * 10.6): a RENAME of several tables that a crash cut in half is taken for done.
 */
import { createHash } from 'node:crypto'
import type { Session } from '../../mysql/session.ts'
import { quoteTable, quoteText } from './sql-text.ts'

/** Errors that mean that what a statement wants is so already. */
const doneErrors = new Set([
  1007, // database exists
  1008, // can't drop database: doesn't exist
  1050, // table exists
  1051, // unknown table
  1054, // unknown column
  1060, // duplicate column
  1061, // duplicate key name
  1068, // multiple primary keys
  1091, // can't drop: check that it exists
  1146, // no such table
  1304, // routine exists
  1305, // routine does not exist
  1359, // trigger exists
  1360, // trigger does not exist
  1507, // no such partition
  1517, // duplicate partition name
  1537, // event exists
  1539, // unknown event
  1826, // duplicate foreign key name
  3821, // no such check constraint
  3822, // duplicate check constraint
  3940, // no such constraint
])

/** True when the error of a statement run again says that its first run did the work. */
export function saysDone(errno: number): boolean {
  return doneErrors.has(errno)
}

/** True for DROP: run again it removes what is left, and complains only of what is gone. */
export function isDrop(sql: string): boolean {
  return /^(?:\s|\/\*(?!!).*?\*\/|--[^\n]*\n|#[^\n]*\n)*(?:\/\*!\d*\s*)?DROP\b/is.test(sql)
}

const mostNames = 64
const mostTables = 30

/** Names that occur in a statement, quoted or not; more than there are objects, never fewer. */
export function namesIn(sql: string): string[] {
  const names = new Set<string>()
  for (const match of sql.matchAll(/`((?:[^`]|``)+)`|"([^"]+)"|([\p{L}\p{N}_$]+)/gu)) {
    names.add(match[1]?.replaceAll('``', '`') ?? match[2] ?? match[3] ?? '')
    if (names.size === mostNames) break
  }
  return [...names]
}

/** A digest of the definitions of the tables and views that the statement may name. */
export async function fingerprint(session: Session, schema: string, sql: string): Promise<string> {
  const names = namesIn(sql)
  const list = (texts: readonly string[]) => texts.map(quoteText).join(',')
  const schemas = schema === '' ? names : [schema, ...names]
  const hash = createHash('sha256')
  if (names.length > 0) {
    const found = await session.query(
      `SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t FROM information_schema.TABLES
       WHERE TABLE_SCHEMA IN (${list(schemas)}) AND TABLE_NAME IN (${list(names)})
       ORDER BY TABLE_SCHEMA, TABLE_NAME LIMIT ${mostTables}`,
    )
    for (const { s, t } of found) {
      const [definition] = await session.query(`SHOW CREATE TABLE ${quoteTable(s ?? '', t ?? '')}`).catch(() => [])
      hash.update(JSON.stringify([s, t, definition ?? null]))
    }
  }
  return hash.digest('hex')
}
