/**
 * What a source must be and allow, looked at before anything is begun: the task stops at the first error, which has its
 * own message and cure. The rules are those of preflight/, where a check before the job lists all of them.
 */
import type { SchemaFilter } from '../../model/replication-job.ts'
import type { ServerCapabilities } from '../../mysql/capabilities.ts'
import { readAccount } from '../../mysql/grants.ts'
import { readSchemas, readTables } from '../../mysql/schema-reader.ts'
import type { Session } from '../../mysql/session.ts'
import type { TableName } from '../../mysql/table-definition.ts'
import type { ObjectFilter } from '../filter.ts'
import { stopAtFirst } from '../preflight/finding.ts'
import {
  lockFindings,
  logPrivilegeFindings,
  scopeFindings,
  tablePrivilegeFindings,
} from '../preflight/source-privileges.ts'
import { sourceSettingFindings } from '../preflight/source-settings.ts'

/** @throws ServerSettingError, MissingPrivilegeError */
export async function checkSource(session: Session, server: ServerCapabilities): Promise<void> {
  stopAtFirst(sourceSettingFindings(server))
  stopAtFirst(logPrivilegeFindings({ server, account: await readAccount(session) }))
}

/** @throws MissingPrivilegeError naming the first schema or table of the job that it may not read */
export async function checkScope(
  session: Session,
  server: ServerCapabilities,
  include: readonly SchemaFilter[],
  filter: ObjectFilter,
): Promise<void> {
  const seen = (await readSchemas(session)).filter((schema) => filter.includesSchema(schema))
  const at = { server, account: await readAccount(session) }
  stopAtFirst(scopeFindings(at, include, seen))
  const objects = (await readTables(session, seen)).filter(({ schema, name }) => filter.includesTable(schema, name))
  const views = objects.filter(({ kind }) => kind === 'view')
  for (const privilege of ['SELECT', 'SHOW VIEW']) stopAtFirst(tablePrivilegeFindings(at, privilege, views))
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
  const at = { server, account: await readAccount(session) }
  stopAtFirst(tablePrivilegeFindings(at, 'SELECT', needs.tables))
  stopAtFirst(lockFindings(at, needs.locked))
}
