/**
 * Makes the source's schemas, tables and other objects at the target, before the rows come or after.
 *
 * Easy to get wrong: the source sends structures again whenever it begins again. A table that this job has prepared and
 * is filling is left alone; one that was there before must be equal and empty.
 */
import type { Log } from '../../core/log.ts'
import { MissingPrivilegeError, SqlError } from '../../mysql/errors.ts'
import { readAccount, readGrants } from '../../mysql/grants.ts'
import type { Session } from '../../mysql/session.ts'
import type { SourceServer, StructureObject } from '../pipe/frame.ts'
import type { CheckpointStage } from './checkpoint.ts'
import type { CopyStore } from './copy-store.ts'
import { DdlFailedError, TargetNotEmptyError, TargetTableDiffersError } from './errors.ts'
import { knownSqlModes } from './sql-modes.ts'
import { quoteName, quoteTable, quoteText } from './sql-text.ts'
import type { TableCatalog } from './table-catalog.ts'
import { differencesText, tableDifferences } from './table-difference.ts'
import { strictSqlMode } from './target-session.ts'
import { type TranslationTarget, translateDefinition } from './translate-definition.ts'

export interface StructureParts {
  readonly session: Session
  readonly catalog: TableCatalog
  readonly copies: CopyStore
  readonly translation: TranslationTarget
  readonly source: SourceServer
  readonly dropsTables: boolean
  readonly skipsCreation: boolean
  /** Triggers would fire for what SQL writes. */
  readonly withoutTriggers: boolean
  readonly log: Log
  readonly onNote: (note: string) => void
}

/** Tables take any default and any date; an engine that is missing must not be replaced silently. */
const tableSqlMode = 'NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'
/** Object exists: database, table or view, routine, trigger, event. */
const alreadyThere = new Set([1007, 1050, 1304, 1359, 1537])

/**
 * Makes one object.
 *
 * @throws TargetTableDiffersError, TargetNotEmptyError before anything is changed; DdlFailedError when the target
 * refuses the statement
 */
export async function makeObject(
  parts: StructureParts,
  object: StructureObject,
  stage: CheckpointStage,
): Promise<void> {
  if (object.kind === 'table') await prepareTable(parts, object, stage)
  else if (object.kind === 'schema') await makeSchema(parts, object)
  else if (object.kind === 'trigger' && parts.withoutTriggers)
    parts.onNote('triggers are not created while changes are applied as SQL')
  else await makeOther(parts, object)
}

async function prepareTable(parts: StructureParts, object: StructureObject, stage: CheckpointStage): Promise<void> {
  const { session, catalog, copies } = parts
  const { schema, name } = object
  const isOurs = await copies.isPrepared(session, schema, name)
  if (isOurs && stage !== 'fresh') return
  const createSql = translated(parts, object.createSql)
  catalog.clear()
  const found = await catalog.find(schema, name)
  if (found === null) await createTable(parts, object, createSql)
  else if (parts.dropsTables || (isOurs && (await differs(parts, object, createSql)))) {
    await run(parts, object, `DROP TABLE ${quoteTable(schema, name)}`, tableSqlMode)
    await createTable(parts, object, createSql)
  } else await takeTable(parts, object, createSql)
  catalog.clear()
  await copies.recordPrepared(session, schema, name)
}

async function createTable(parts: StructureParts, object: StructureObject, createSql: string): Promise<void> {
  if (parts.skipsCreation)
    throw new TargetTableDiffersError(
      `table ${quoteTable(object.schema, object.name)} is not on the target ${parts.session.where} and the job says SkipCreateDbTable; create it, or take the setting away`,
    )
  await run(parts, object, `USE ${quoteName(object.schema)}`, tableSqlMode)
  await run(parts, object, createSql, tableSqlMode)
}

async function takeTable(parts: StructureParts, object: StructureObject, createSql: string): Promise<void> {
  const { session, skipsCreation } = parts
  const name = quoteTable(object.schema, object.name)
  const differences = await findDifferences(parts, object, createSql)
  const serious = skipsCreation
    ? differences.filter((text) => text.startsWith('column') && text.includes('missing'))
    : differences
  if (serious.length > 0)
    throw new TargetTableDiffersError(
      `table ${name} on the target ${session.where} differs: ${differencesText(serious)}; make it equal, drop it, or set DropTableIfExists`,
    )
  if ((await session.query(`SELECT 1 AS found FROM ${name} LIMIT 1`)).length > 0)
    throw new TargetNotEmptyError(
      `table ${name} on the target ${session.where} already holds rows; empty it, drop it, or set DropTableIfExists`,
    )
}

async function differs(parts: StructureParts, object: StructureObject, createSql: string): Promise<boolean> {
  return (await findDifferences(parts, object, createSql)).length > 0
}

async function findDifferences(parts: StructureParts, object: StructureObject, createSql: string): Promise<string[]> {
  await parts.session.execute(`SET SESSION sql_mode = '${tableSqlMode}'`)
  try {
    return await tableDifferences(parts.session, object.schema, object.name, createSql)
  } finally {
    await parts.session.execute(`SET SESSION sql_mode = '${strictSqlMode}'`)
  }
}

async function makeSchema(parts: StructureParts, object: StructureObject): Promise<void> {
  const { session, skipsCreation } = parts
  const found = await session.query(
    `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${quoteText(object.schema)}`,
  )
  if (found.length > 0) return
  if (skipsCreation)
    throw new TargetTableDiffersError(
      `schema ${quoteName(object.schema)} is not on the target ${session.where} and the job says SkipCreateDbTable; create it, or take the setting away`,
    )
  await run(parts, object, translated(parts, object.createSql), tableSqlMode)
}

/** Views, triggers, routines, events: what is there under the name already is only replaced when the job drops. */
async function makeOther(parts: StructureParts, object: StructureObject): Promise<void> {
  const sqlMode = knownSqlModes(object.sqlMode, parts.session.version)
  await run(parts, object, `USE ${quoteName(object.schema)}`, sqlMode)
  try {
    await run(parts, object, translated(parts, asDisabledEvent(object)), sqlMode)
  } catch (error) {
    const errno = error instanceof DdlFailedError && error.cause instanceof SqlError ? error.cause.errno : 0
    if (!alreadyThere.has(errno)) throw error
    if (!parts.dropsTables) {
      parts.onNote(`${object.kind} ${quoteTable(object.schema, object.name)} was there already and was left as it is`)
      return
    }
    const isFunction = /^\s*CREATE\s+(?:DEFINER=\S+\s+)?(?:AGGREGATE\s+)?FUNCTION/i.test(object.createSql)
    const sort = object.kind === 'routine' ? (isFunction ? 'FUNCTION' : 'PROCEDURE') : object.kind.toUpperCase()
    await run(parts, object, `DROP ${sort} ${quoteTable(object.schema, object.name)}`, sqlMode)
    await run(parts, object, translated(parts, asDisabledEvent(object)), sqlMode)
  }
}

/** An event of the scheduler runs on the source; at the target it would change the rows a second time. */
function asDisabledEvent(object: StructureObject): string {
  if (object.kind !== 'event') return object.createSql
  return object.createSql.replace(/\s(?:ENABLE|DISABLE ON (?:SLAVE|REPLICA))(?=\s+(?:COMMENT\s|DO\s))/i, ' DISABLE')
}

function translated(parts: StructureParts, sql: string): string {
  const { sql: text, notes } = translateDefinition(sql, parts.source.vendor, parts.translation)
  for (const note of notes) parts.onNote(note)
  return text
}

/** What nobody asked for before the copy began, for only now it is known that it is needed. */
async function missingPrivilege(
  session: Session,
  { kind, schema, name }: StructureObject,
  error: MissingPrivilegeError,
): Promise<MissingPrivilegeError> {
  const reason = String(error.details['reason'] ?? error.message)
  // To name another definer takes a privilege of its own, which each server calls otherwise; the last is the newest name.
  const global = /you need \(at least one of\) the (?:.+(?:, | or ))?(.+?) privilege\(s\)/.exec(reason)?.[1]
  const onSchema = kind === 'view' ? 'CREATE VIEW, SHOW VIEW, SELECT, DROP' : 'ALL PRIVILEGES'
  const what =
    global === undefined ? `${onSchema} ON ${(await readGrants(session)).placeOf(schema)}` : `${global} ON *.*`
  return new MissingPrivilegeError(
    `${kind} ${quoteTable(schema, name)} can't be made on the target ${session.where} (${reason}); ` +
      `run GRANT ${what} TO ${await readAccount(session)}`,
    { cause: error },
  )
}

async function run(parts: StructureParts, object: StructureObject, sql: string, sqlMode: string): Promise<void> {
  const { session } = parts
  await session.execute(`SET SESSION sql_mode = '${sqlMode}'`)
  try {
    await session.execute(sql)
  } catch (error) {
    const what = `${object.kind} ${quoteTable(object.schema, object.name)}`
    if (error instanceof MissingPrivilegeError) throw await missingPrivilege(session, object, error)
    if (!(error instanceof SqlError)) throw error
    throw new DdlFailedError(`the target refused to make ${what}: ${error.message}`, {
      cause: error,
      details: { errno: error.errno },
    })
  } finally {
    if (session.isOpen) await session.execute(`SET SESSION sql_mode = '${strictSqlMode}'`)
  }
}
