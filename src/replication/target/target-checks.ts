/** What must hold at the target before anything is written: each with its own message and cure. */
import type { SchemaFilter } from '../../model/replication-job.ts'
import { MissingPrivilegeError, ServerSettingError } from '../../mysql/errors.ts'
import { isPlainName } from '../filter.ts'
import type { SourceServer } from '../pipe/frame.ts'
import type { ServerEndpoint } from '../task-context.ts'
import { bookkeepingSchema } from './bookkeeping-schema.ts'
import { SameServerError } from './errors.ts'
import { hasGlobally, type TargetFacts } from './target-facts.ts'

/** One mebibyte: a frame's smallest pieces and a chunk's rows have to fit into a statement. */
const smallestPacketBytes = 1024 * 1024

const rowPrivileges = ['SELECT', 'INSERT', 'UPDATE', 'DELETE']
const tablePrivileges = [...rowPrivileges, 'CREATE', 'DROP', 'ALTER', 'INDEX', 'REFERENCES']
const bookkeepingPrivileges = [...rowPrivileges, 'CREATE', 'DROP']

/** What the job does at the target, as far as it decides which privileges are needed. */
export interface TargetUse {
  /** What the source replicates; schemas that are named can be looked at before they are there. */
  readonly include: readonly SchemaFilter[]
  readonly skipsCreation: boolean
}

/** @throws ServerSettingError or MissingPrivilegeError, each saying what to do */
export function checkTarget(facts: TargetFacts, use: TargetUse): void {
  const { where, privileges, account } = facts
  if (facts.isSuperReadOnly)
    throw new ServerSettingError(
      `the target ${where} has super_read_only = ON; run SET GLOBAL super_read_only = OFF there, or choose another target`,
    )
  if (facts.isReadOnly && !hasGlobally(privileges, 'SUPER', 'CONNECTION_ADMIN', 'READ_ONLY ADMIN', 'READ ONLY ADMIN'))
    throw new ServerSettingError(
      `the target ${where} has read_only = ON and user ${account} is not exempt from it; run SET GLOBAL read_only = OFF there, or choose another target`,
    )
  if (facts.maxAllowedPacket < smallestPacketBytes)
    throw new ServerSettingError(
      `the target ${where} has max_allowed_packet = ${facts.maxAllowedPacket}; set it to at least ${smallestPacketBytes}, better to the source's value`,
    )
  checkPrivileges(facts, use)
}

/** @throws MissingPrivilegeError with the GRANT that gives everything that is missing in one place */
function checkPrivileges(facts: TargetFacts, { include, skipsCreation }: TargetUse): void {
  requireOnSchema(facts, bookkeepingSchema, bookkeepingPrivileges)
  const needed = skipsCreation ? rowPrivileges : tablePrivileges
  const schemas = include.map(({ schema }) => schema)
  for (const { schema, tables } of include)
    if (isPlainName(schema) && !areOnTables(facts, schema, tables, needed)) requireOnSchema(facts, schema, needed)
  if (schemas.length > 0 && schemas.every(isPlainName)) return
  const missing = needed.filter((name) => !isGrantedSomewhere(facts, name))
  if (missing.length > 0) refuse(facts, missing, needed, '*.*')
}

function requireOnSchema(facts: TargetFacts, schema: string, needed: readonly string[]): void {
  const name = facts.lowerCaseTableNames === 0 ? schema : schema.toLowerCase()
  const missing = needed.filter((privilege) => !facts.grants.hasOn(privilege, name, null))
  if (missing.length > 0) refuse(facts, missing, needed, facts.grants.placeOf(name))
}

/** Privileges on each table that is named are enough for these. */
function areOnTables({ grants }: TargetFacts, schema: string, tables: readonly string[], needed: readonly string[]) {
  if (tables.length === 0 || !tables.every(isPlainName)) return false
  return tables.every((table) => needed.every((privilege) => grants.hasOn(privilege, schema, table)))
}

function refuse(facts: TargetFacts, missing: readonly string[], needed: readonly string[], place: string): never {
  const { account, where } = facts
  throw new MissingPrivilegeError(
    `user ${account} lacks ${missing.join(', ')} on ${place} of the target ${where}; run GRANT ${needed.join(', ')} ON ${place} TO ${account}`,
  )
}

function isGrantedSomewhere({ privileges, grants }: TargetFacts, name: string): boolean {
  return grants.hasGlobal(name) || privileges.somewhere.has('ALL PRIVILEGES') || privileges.somewhere.has(name)
}

/** @throws SameServerError when both tasks of the job were given one address */
export function checkAddresses(source: Pick<ServerEndpoint, 'host' | 'port'>, target: ServerEndpoint): void {
  if (source.port === target.port && plainHost(source.host) === plainHost(target.host))
    throw new SameServerError(
      `source and target are both ${target.host}:${target.port}; every change would come back to its own table: give the job another target`,
    )
}

/** @throws SameServerError when the server that wrote the frames is the target itself under another address */
export function checkSource(source: SourceServer, facts: TargetFacts): void {
  if (source.serverUuid === '' || source.serverUuid.toLowerCase() !== facts.serverUuid.toLowerCase()) return
  throw new SameServerError(
    `source and target ${facts.where} are one server (server_uuid ${facts.serverUuid}); every change would come back to its own table: give the job another target`,
  )
}

function plainHost(host: string): string {
  const name = host.toLowerCase()
  return name === 'localhost' || name === '::1' ? '127.0.0.1' : name
}
