/**
 * Secondary keys of large tables, taken away while they are empty and built when all rows are there: sorting once costs a
 * fraction of what it costs to find each row's place in each key.
 *
 * Which keys were taken away is recorded before they go and forgotten when they are back, so whoever goes on with the copy,
 * on this node or another, brings them back.
 *
 * Easy to get wrong: only keys that nothing but searching needs. A unique key decides which rows can be; a key of columns of
 * a foreign key, or of an AUTO_INCREMENT column, is a condition of the table; and a table without a key of its own is
 * searched by others while the stream changes it. And a run that was overtaken must take nothing away any more: its session
 * was ended when it had been opened before, and its record is refused by the fence when after.
 */
import type { Log } from '../../core/log.ts'
import { errnoOf, LockConflictError, MissingPrivilegeError, SqlError } from '../../mysql/errors.ts'
import type { Session } from '../../mysql/session.ts'
import type { CopyTable } from '../pipe/frame.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { DdlFailedError } from './errors.ts'
import { quoteTable, utf8Text } from './sql-text.ts'
import type { TableCatalog, TargetTable } from './table-catalog.ts'
import { strictSqlMode } from './target-session.ts'

/** Smaller tables are not worth two statements that change them. */
const leastBytes = 16 * 1024 * 1024
/** Modes in which tables are made: a key that could be made then can be made again. */
const keySqlMode = 'NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'
/** Somebody reads the empty table for longer: then its keys stay. */
const lockWaitSeconds = 3
const duplicateKeyName = 1061

export interface DeferredKeysParts {
  /** Statements of ours. */
  readonly plain: Session
  /** Sessions that change tables; whoever takes the job over ends them. */
  readonly builders: () => Promise<readonly Session[]>
  readonly catalog: TableCatalog
  readonly checkpoints: CheckpointStore
  readonly log: Log
}

interface DeferredKey {
  readonly schema: string
  readonly table: string
  readonly name: string
  /** As SHOW CREATE TABLE has it: `KEY ...`. */
  readonly definition: string
}

export interface KeyLine {
  readonly name: string
  /** In backticks. */
  readonly quoted: string
  readonly definition: string
}

export class DeferredKeys {
  readonly #parts: DeferredKeysParts
  #isNone = false

  constructor(parts: DeferredKeysParts) {
    this.#parts = parts
  }

  /** Takes away what can be, of tables that are empty. @throws what the statements throw, save what says "not now" */
  async takeAway(tables: readonly CopyTable[]): Promise<void> {
    for (const table of tables) if (table.estimatedBytes >= leastBytes) await this.#takeAwayOf(table)
  }

  /**
   * Brings all back that are away; safe to repeat.
   *
   * @throws DdlFailedError when the target refuses to build one
   */
  async bringBack(): Promise<void> {
    if (this.#isNone) return
    const tables = new Map<string, DeferredKey[]>()
    for (const key of await this.#recorded()) {
      const name = quoteTable(key.schema, key.table)
      tables.set(name, [...(tables.get(name) ?? []), key])
    }
    if (tables.size > 0) {
      const waiting = [...tables.values()]
      const build = async (session: Session) => {
        for (let keys = waiting.shift(); keys !== undefined; keys = waiting.shift()) await this.#build(session, keys)
      }
      await Promise.all((await this.#parts.builders()).map(build))
    }
    this.#isNone = true
  }

  async #takeAwayOf({ schema, table, keyColumns }: CopyTable): Promise<void> {
    const target = await this.#parts.catalog.find(schema, table)
    if (target === null || keyColumns.length === 0 || !canLackKeys(target)) return
    const keys = await this.#searchKeys(target)
    if (keys.length === 0) return
    const [session] = await this.#parts.builders()
    if (session === undefined) return
    await this.#record(session, { schema, table }, keys)
    this.#isNone = false
    const drops = keys.map((key) => `DROP KEY ${key.quoted}`)
    try {
      await this.#alter(session, target.quoted, drops, lockWaitSeconds)
      this.#parts.log.info({ schema, table, keys: keys.length }, 'secondary keys are built when the rows are there')
    } catch (error) {
      const isNotNow = error instanceof LockConflictError || error instanceof SqlError
      if (!isNotNow && !(error instanceof MissingPrivilegeError)) throw error
      await this.#forget(schema, table)
    }
  }

  async #record(
    session: Session,
    { schema, table }: { readonly schema: string; readonly table: string },
    keys: readonly KeyLine[],
  ): Promise<void> {
    const { checkpoints } = this.#parts
    const values = keys.map(({ name, definition }) => {
      const texts = [schema, table, name, definition].map(utf8Text).join(', ')
      return `(${checkpoints.jobText}, ${texts}, ${checkpoints.fenceExpression()})`
    })
    const sql = `INSERT INTO millrace.deferred_key (job_id, schema_name, table_name, key_name, definition, claim)
      VALUES ${values.join(',')} ON DUPLICATE KEY UPDATE definition = VALUES(definition), claim = VALUES(claim)`
    await session.execute(sql).catch((error: unknown) => {
      throw checkpoints.explainFence(error, session)
    })
  }

  /** Keys of columns alone, not unique, as the server itself writes them. */
  async #searchKeys(target: TargetTable): Promise<readonly KeyLine[]> {
    const { plain } = this.#parts
    const rows = await plain.query(
      `SELECT TABLE_NAME AS t, INDEX_NAME AS name, COLUMN_NAME AS part FROM information_schema.STATISTICS
       WHERE TABLE_SCHEMA = ${utf8Text(target.schema)} AND TABLE_NAME = ${utf8Text(target.name)}
         AND NON_UNIQUE = 1 AND INDEX_TYPE = 'BTREE'`,
    )
    const counted = target.columns.find((column) => column.isCounted)?.name
    const kept = new Set<string>()
    for (const row of rows)
      if (row['t'] !== target.name || row['part'] == null || row['part'] === counted) kept.add(row['name'] ?? '')
    const names = new Set(rows.map((row) => row['name'] ?? '').filter((name) => !kept.has(name)))
    const [shown] = await plain.query(`SHOW CREATE TABLE ${target.quoted}`)
    return keyLines(shown?.['Create Table'] ?? '').filter(({ name }) => names.has(name))
  }

  async #build(session: Session, keys: readonly DeferredKey[]): Promise<void> {
    const { catalog, log } = this.#parts
    const [first] = keys
    if (first === undefined) return
    const { schema, table } = first
    const target = await catalog.find(schema, table)
    if (target !== null) {
      const there = await this.#namesThere(target)
      const missing = keys.filter(({ name }) => !there.has(name.toLowerCase()))
      log.info({ schema, table, keys: missing.length }, 'secondary keys are being built')
      await this.#add(session, target.quoted, missing)
    }
    await this.#forget(schema, table)
  }

  async #add(session: Session, quoted: string, keys: readonly DeferredKey[]): Promise<void> {
    if (keys.length === 0) return
    const adds = keys.map(({ definition }) => `ADD ${definition}`)
    await this.#alter(session, quoted, adds, null).catch((error: unknown) => {
      // An earlier run's statement, which this one waited for, has made it.
      if (errnoOf(error) === duplicateKeyName && keys.length === 1) return
      if (!(error instanceof SqlError)) throw error
      throw new DdlFailedError(
        `the target ${session.where} refused to build keys of table ${quoted} (${keys.map(({ name }) => name).join(', ')}): ${error.message}; ` +
          'remove what stands in the way, it is tried again',
        { cause: error, details: { errno: error.errno } },
      )
    })
  }

  async #alter(session: Session, quoted: string, parts: readonly string[], lockWait: number | null): Promise<void> {
    const wait = lockWait === null ? '' : `, lock_wait_timeout = ${lockWait}`
    await session.execute(`SET SESSION sql_mode = '${keySqlMode}'${wait}`)
    try {
      await session.execute(`ALTER TABLE ${quoted} ${parts.join(', ')}`)
    } finally {
      const back = lockWait === null ? '' : ', lock_wait_timeout = DEFAULT'
      if (session.isOpen) await session.execute(`SET SESSION sql_mode = '${strictSqlMode}'${back}`)
    }
  }

  async #namesThere({ schema, name }: TargetTable): Promise<ReadonlySet<string>> {
    const rows = await this.#parts.plain.query(
      `SELECT DISTINCT TABLE_NAME AS t, INDEX_NAME AS name FROM information_schema.STATISTICS
       WHERE TABLE_SCHEMA = ${utf8Text(schema)} AND TABLE_NAME = ${utf8Text(name)}`,
    )
    return new Set(rows.filter((row) => row['t'] === name).map((row) => (row['name'] ?? '').toLowerCase()))
  }

  async #recorded(): Promise<readonly DeferredKey[]> {
    const { plain, checkpoints } = this.#parts
    const rows = await plain.query(
      `SELECT schema_name, table_name, key_name, definition FROM millrace.deferred_key WHERE job_id = ${checkpoints.jobText}`,
    )
    return rows.map((row) => ({
      schema: row['schema_name'] ?? '',
      table: row['table_name'] ?? '',
      name: row['key_name'] ?? '',
      definition: row['definition'] ?? '',
    }))
  }

  async #forget(schema: string, table: string): Promise<void> {
    const { plain, checkpoints } = this.#parts
    await plain.execute(
      `DELETE FROM millrace.deferred_key
       WHERE job_id = ${checkpoints.jobText} AND schema_name = ${utf8Text(schema)} AND table_name = ${utf8Text(table)}`,
    )
  }
}

function canLackKeys({ engine, parents, children, keepsHistory }: TargetTable): boolean {
  return engine === 'innodb' && parents.length === 0 && children.length === 0 && !keepsHistory
}

/** The lines of SHOW CREATE TABLE that are plain secondary keys. */
export function keyLines(createSql: string): readonly KeyLine[] {
  return createSql.split('\n').flatMap((line) => {
    const found = /^ {2}(KEY (`(?:[^`]|``)+`) .+?),?$/.exec(line)
    const [, definition = '', quoted = ''] = found ?? []
    return found === null ? [] : [{ name: quoted.slice(1, -1).replaceAll('``', '`'), quoted, definition }]
  })
}
