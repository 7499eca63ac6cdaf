/**
 * What a source must be and allow, looked at before anything is begun: each failure has its own message and cure.
 */
import type { SchemaFilter } from '../../model/replication-job.ts'
import type { ServerCapabilities } from '../../mysql/capabilities.ts'
import { MissingPrivilegeError, ServerSettingError } from '../../mysql/errors.ts'
import { readAccount } from '../../mysql/grants.ts'
import { quoteTable } from '../../mysql/identifier.ts'
import { readSchemas, readTables } from '../../mysql/schema-reader.ts'
import type { Session } from '../../mysql/session.ts'
import type { TableName } from '../../mysql/table-definition.ts'
import type { ObjectFilter } from '../filter.ts'
import { hiddenScope } from './scope-privileges.ts'

/** @throws ServerSettingError, MissingPrivilegeError */
export async function checkSource(session: Session, server: ServerCapabilities): Promise<void> {
  checkLog(server)
  const account = await readAccount(session)
  requireGlobal(server, account, ['REPLICATION SLAVE', 'REPLICATION REPLICA'])
  requireGlobal(server, account, ['REPLICATION CLIENT', 'BINLOG MONITOR', 'SUPER'])
}

function checkLog(server: ServerCapabilities): void {
  if (!server.hasBinaryLog)
    throw new ServerSettingError(
      `log_bin is OFF on ${server.where}, so it records no changes; add log_bin, binlog_format=ROW and a server_id to its ` +
        'configuration and restart it',
    )
  if (server.binlogFormat !== 'ROW')
    throw new ServerSettingError(
      `binlog_format is ${server.binlogFormat} on ${server.where}, it must be ROW; run SET GLOBAL binlog_format = 'ROW', ` +
        'set it in the configuration too, and reconnect all clients',
    )
}

/**
 * What is hidden from the account would be left out of the copy without a word.
 *
 * @throws MissingPrivilegeError naming the first schema or table of the job that it may not read
 */
export async function checkScope(
  session: Session,
  server: ServerCapabilities,
  include: readonly SchemaFilter[],
  filter: ObjectFilter,
): Promise<void> {
  const seen = (await readSchemas(session)).filter((schema) => filter.includesSchema(schema))
  const account = await readAccount(session)
  const hidden = hiddenScope(include, seen, server.grants)
  if (hidden !== null)
    throw new MissingPrivilegeError(
      `user ${account} lacks SELECT on what the job replicates from ${server.where}; run GRANT SELECT ON ${hidden} TO ${account}`,
      { details: { privilege: 'SELECT' } },
    )
  const objects = (await readTables(session, seen)).filter(({ schema, name }) => filter.includesTable(schema, name))
  const views = objects.filter(({ kind }) => kind === 'view')
  for (const privilege of ['SELECT', 'SHOW VIEW']) requireOn(server, account, privilege, views)
}

/** What the copy needs besides: reading every table, and locking those that have no usable key. */
export interface CopyNeeds {
  readonly tables: readonly TableName[]
  /** Tables to lock for milliseconds. */
  readonly locked: readonly TableName[]
}

/** @throws MissingPrivilegeError naming the first table that can't be read or locked */
export async function checkCopyPrivileges(
  session: Session,
  server: ServerCapabilities,
  needs: CopyNeeds,
): Promise<void> {
  const account = await readAccount(session)
  requireOn(server, account, 'SELECT', needs.tables)
  const unlocked = needs.locked.find(({ schema }) => !server.grants.hasOn('LOCK TABLES', schema, null))
  if (unlocked === undefined) return
  const reason = server.hasGtids ? `${name(unlocked)} has no usable primary or unique key` : 'GTIDs are off'
  throw new MissingPrivilegeError(
    `user ${account} lacks LOCK TABLES on ${server.where}, needed for milliseconds because ${reason}; run ` +
      `GRANT LOCK TABLES ON ${server.grants.placeOf(unlocked.schema)} TO ${account}`,
    { details: { privilege: 'LOCK TABLES' } },
  )
}

function requireGlobal(server: ServerCapabilities, account: string, oneOf: readonly [string, ...string[]]): void {
  if (oneOf.some((privilege) => server.grants.hasGlobal(privilege))) return
  const [privilege] = oneOf
  throw new MissingPrivilegeError(
    `user ${account} lacks ${privilege} on ${server.where}; run GRANT ${privilege} ON *.* TO ${account}`,
    { details: { privilege } },
  )
}

function requireOn(server: ServerCapabilities, account: string, privilege: string, tables: readonly TableName[]): void {
  const missing = tables.find((table) => !server.grants.hasOn(privilege, table.schema, table.name))
  if (missing === undefined) return
  throw new MissingPrivilegeError(
    `user ${account} lacks ${privilege} for ${name(missing)} on ${server.where}; run GRANT ${privilege} ON ` +
      `${quoteTable(missing.schema, missing.name)} TO ${account}, or on ${server.grants.placeOf(missing.schema)}`,
    { details: { privilege } },
  )
}

function name({ schema, name: table }: TableName): string {
  return `${schema}.${table}`
}
