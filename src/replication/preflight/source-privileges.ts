/** What the account of a source lacks, each with the GRANT that gives it. */
import type { SchemaFilter } from '../../model/replication-job.ts'
import type { ServerCapabilities } from '../../mysql/capabilities.ts'
import { quoteTable } from '../../mysql/identifier.ts'
import type { TableName } from '../../mysql/table-definition.ts'
import { type Finding, listed } from './finding.ts'
import { hiddenScope } from './scope-privileges.ts'

/** Each may be had under any of its names. */
const globalPrivileges = [
  ['REPLICATION SLAVE', 'REPLICATION REPLICA'],
  ['REPLICATION CLIENT', 'BINLOG MONITOR', 'SUPER'],
] as const

export interface AccountAt {
  readonly server: Pick<ServerCapabilities, 'where' | 'grants' | 'hasGtids' | 'tellsCommits'>
  /** Quoted as GRANT wants it. */
  readonly account: string
}

/** To read the log at all. */
export function logPrivilegeFindings({ server, account }: AccountAt): readonly Finding[] {
  return globalPrivileges
    .filter((oneOf) => !oneOf.some((privilege) => server.grants.hasGlobal(privilege)))
    .map(([privilege]) =>
      lacking(`user ${account} lacks ${privilege} on ${server.where}`, grant(privilege, '*.*', account)),
    )
}

/**
 * What is hidden from the account would be left out of the copy without a word.
 *
 * @param seen the schemas in scope that the server shows
 */
export function scopeFindings(
  { server, account }: AccountAt,
  include: readonly SchemaFilter[],
  seen: readonly string[],
): readonly Finding[] {
  return hiddenScope(include, seen, server.grants).map((place) =>
    lacking(
      `user ${account} lacks SELECT on what the job replicates from ${server.where}`,
      grant('SELECT', place, account),
    ),
  )
}

/** Without a filter a job means what its account may read, which may be less than is meant. */
export function readAllFinding({ server, account }: AccountAt, seen: readonly string[]): readonly Finding[] {
  if (seen.length === 0 || server.grants.hasGlobal('SELECT')) return []
  const cure = grant('SELECT', '*.*', account)
  const text = `user ${account} may not read all of ${server.where}: a job of all schemas replicates only ${listed(seen)}`
  return [{ ...lacking(text, cure), severity: 'note', advice: `to replicate all run ${cure}` }]
}

/** A privilege that is needed on each of these tables or views. */
export function tablePrivilegeFindings(
  at: AccountAt,
  privilege: string,
  tables: readonly TableName[],
): readonly Finding[] {
  const { server, account } = at
  const missing = tables.filter((table) => !server.grants.hasOn(privilege, table.schema, table.name))
  return bySchema(missing).map(({ schema, tables: lacked }) => {
    const whole = server.grants.placeOf(schema)
    const [first] = lacked
    const isOne = lacked.length === 1 && first !== undefined
    const cure = grant(privilege, isOne ? quoteTable(schema, first.name) : whole, account)
    return {
      ...lacking(`user ${account} lacks ${privilege} for ${listed(lacked.map(nameOf))} on ${server.where}`, cure),
      advice: isOne ? `run ${cure}, or on ${whole}` : `run ${cure}`,
    }
  })
}

/** @param tables to lock for milliseconds: those that have no usable key, or all where the server does not tell what is committed */
export function lockFindings({ server, account }: AccountAt, tables: readonly TableName[]): readonly Finding[] {
  const unlocked = tables.filter(({ schema }) => !server.grants.hasOn('LOCK TABLES', schema, null))
  return bySchema(unlocked).map(({ schema, tables: [first] }) => {
    const name = first === undefined ? schema : nameOf(first)
    const reason = reasonToLock(server, name)
    return lacking(
      `user ${account} lacks LOCK TABLES on ${server.where}, needed for milliseconds because ${reason}`,
      grant('LOCK TABLES', server.grants.placeOf(schema), account),
    )
  })
}

function reasonToLock({ hasGtids, tellsCommits }: AccountAt['server'], name: string): string {
  if (tellsCommits) return `${name} has no usable primary or unique key`
  return hasGtids ? 'MySQL 5.6 does not tell what is committed' : 'GTIDs are off'
}

export function grant(privileges: string, place: string, account: string): string {
  return `GRANT ${privileges} ON ${place} TO ${account}`
}

export function lacking(text: string, cureSql: string): Finding {
  return { severity: 'error', kind: 'privilege', text, advice: `run ${cureSql}`, cureSql, cureConfig: null }
}

function bySchema(tables: readonly TableName[]): readonly { schema: string; tables: readonly TableName[] }[] {
  const groups = Map.groupBy(tables, ({ schema }) => schema)
  return [...groups].map(([schema, grouped]) => ({ schema, tables: grouped }))
}

function nameOf({ schema, name }: TableName): string {
  return `${schema}.${name}`
}
