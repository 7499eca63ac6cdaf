/**
 * What a target must be and allow before anything is written, and what a job there would have to do without.
 *
 * Easy to get wrong: the privileges depend on what the job does. A schema that is named can be looked at before it is
 * there; of a pattern only the privileges that are granted somewhere tell something.
 */
import type { SchemaFilter } from '../../model/replication-job.ts'
import { isVendorAtLeast } from '../../mysql/server-version.ts'
import { bookkeepingSchema, isPlainName } from '../filter.ts'
import { hasGlobally, mayReplayBinlog, type TargetFacts } from '../target/target-facts.ts'
import type { Finding } from './finding.ts'
import { grant, lacking } from './source-privileges.ts'

/** One mebibyte: a frame's smallest pieces and a chunk's rows have to fit into a statement. */
const smallestPacketBytes = 1024 * 1024
/** Servers' own default, of MySQL 8 and later. */
const goodPacketBytes = 64 * 1024 * 1024
const roomyPacketBytes = 16 * 1024 * 1024

const rowPrivileges = ['SELECT', 'INSERT', 'UPDATE', 'DELETE']
const tablePrivileges = [...rowPrivileges, 'CREATE', 'DROP', 'ALTER', 'INDEX', 'REFERENCES']
const bookkeepingPrivileges = [...rowPrivileges, 'CREATE', 'DROP']

/** What the job does at the target, as far as it decides which privileges are needed. */
export interface TargetUse {
  /** What the source replicates; schemas that are named can be looked at before they are there. */
  readonly include: readonly SchemaFilter[]
  readonly skipsCreation: boolean
}

/** What a task stops at. */
export function targetErrors(facts: TargetFacts, use: TargetUse): readonly Finding[] {
  return [...writeErrors(facts), ...packetErrors(facts), ...privilegeErrors(facts, use)]
}

function writeErrors({ where, privileges, account, isReadOnly, isSuperReadOnly }: TargetFacts): readonly Finding[] {
  if (isSuperReadOnly)
    return [
      setting('error', {
        text: `the target ${where} has super_read_only = ON`,
        advice: 'run SET GLOBAL super_read_only = OFF there, or choose another target',
        cureSql: 'SET GLOBAL super_read_only = OFF',
        cureConfig: 'super_read_only=OFF',
      }),
    ]
  if (!isReadOnly || hasGlobally(privileges, 'SUPER', 'CONNECTION_ADMIN', 'READ_ONLY ADMIN', 'READ ONLY ADMIN'))
    return []
  return [
    setting('error', {
      text: `the target ${where} has read_only = ON and user ${account} is not exempt from it`,
      advice: 'run SET GLOBAL read_only = OFF there, or choose another target',
      cureSql: 'SET GLOBAL read_only = OFF',
      cureConfig: 'read_only=OFF',
    }),
  ]
}

function packetErrors({ where, maxAllowedPacket }: TargetFacts): readonly Finding[] {
  if (maxAllowedPacket >= smallestPacketBytes) return []
  return [
    setting('error', {
      text: `the target ${where} has max_allowed_packet = ${maxAllowedPacket}`,
      advice: `set it to at least ${smallestPacketBytes}, better to the source's value`,
      ...packetCure,
    }),
  ]
}

const packetCure = {
  cureSql: `SET GLOBAL max_allowed_packet = ${goodPacketBytes}`,
  cureConfig: `max_allowed_packet=${goodPacketBytes}`,
}

/** One for each place, with the GRANT that gives everything that is missing there. */
function privilegeErrors(facts: TargetFacts, { include, skipsCreation }: TargetUse): readonly Finding[] {
  const needed = skipsCreation ? rowPrivileges : tablePrivileges
  const findings = [missingOnSchema(facts, bookkeepingSchema, bookkeepingPrivileges)]
  for (const { schema, tables } of include)
    if (isPlainName(schema) && !areOnTables(facts, schema, tables, needed))
      findings.push(missingOnSchema(facts, schema, needed))
  if (include.length === 0 || !include.every(({ schema }) => isPlainName(schema)))
    findings.push(missingSomewhere(facts, needed))
  return findings.filter((finding) => finding !== null)
}

function missingOnSchema(facts: TargetFacts, schema: string, needed: readonly string[]): Finding | null {
  const name = facts.lowerCaseTableNames === 0 ? schema : schema.toLowerCase()
  const missing = needed.filter((privilege) => !facts.grants.hasOn(privilege, name, null))
  return missing.length === 0 ? null : missingAt(facts, missing, needed, facts.grants.placeOf(name))
}

function missingSomewhere(facts: TargetFacts, needed: readonly string[]): Finding | null {
  const missing = needed.filter((name) => !isGrantedSomewhere(facts, name))
  return missing.length === 0 ? null : missingAt(facts, missing, needed, '*.*')
}

/** Privileges on each table that is named are enough for these. */
function areOnTables({ grants }: TargetFacts, schema: string, tables: readonly string[], needed: readonly string[]) {
  if (tables.length === 0 || !tables.every(isPlainName)) return false
  return tables.every((table) => needed.every((privilege) => grants.hasOn(privilege, schema, table)))
}

function missingAt(
  { account, where }: TargetFacts,
  missing: readonly string[],
  needed: readonly string[],
  place: string,
): Finding {
  return lacking(
    `user ${account} lacks ${missing.join(', ')} on ${place} of the target ${where}`,
    grant(needed.join(', '), place, account),
  )
}

function isGrantedSomewhere({ privileges, grants }: TargetFacts, name: string): boolean {
  return grants.hasGlobal(name) || privileges.somewhere.has('ALL PRIVILEGES') || privileges.somewhere.has(name)
}

/** What a job can do without, at a price. */
export function targetDrawbacks(facts: TargetFacts, use: TargetUse, requiresPrimaryKeys: boolean): readonly Finding[] {
  return [
    rowImages(facts),
    views(facts, use),
    requiresPrimaryKeys && !use.skipsCreation ? primaryKeys(facts) : null,
    smallPackets(facts),
  ].filter((finding) => finding !== null)
}

function rowImages(facts: TargetFacts): Finding | null {
  if (mayReplayBinlog(facts)) return null
  const { account, where } = facts
  const cure = grant(replayPrivileges(facts), '*.*', account)
  return {
    ...lacking(`user ${account} may not run BINLOG on ${where}: changes are applied as SQL, which is slower`, cure),
    severity: 'note',
    advice: `for row images run ${cure}`,
  }
}

function replayPrivileges({ version }: TargetFacts): string {
  if (isVendorAtLeast(version, 'mariadb', [10, 5])) return 'BINLOG REPLAY'
  return isVendorAtLeast(version, 'mysql', [8]) ? 'BINLOG_ADMIN, REPLICATION_APPLIER' : 'SUPER'
}

function views(facts: TargetFacts, { include, skipsCreation }: TargetUse): Finding | null {
  const { grants, account, where } = facts
  if (skipsCreation || grants.hasGlobal('CREATE VIEW')) return null
  const schemas = include.map(({ schema }) => schema)
  const lacked = schemas.filter((schema) => isPlainName(schema) && !grants.hasOn('CREATE VIEW', schema, null))
  const places = schemas.every(isPlainName) && schemas.length > 0 ? lacked.map((name) => grants.placeOf(name)) : ['*.*']
  if (places.length === 0) return null
  const cure = [...new Set(places)].map((place) => grant('CREATE VIEW', place, account)).join(';\n')
  return {
    ...lacking(`user ${account} lacks CREATE VIEW on ${where}: a job that meets a view stops there`, cure),
    severity: 'warning',
    advice: 'run the GRANT if there are views; views of other definers need the privilege to name them besides',
  }
}

function primaryKeys({ where }: TargetFacts): Finding {
  return setting('warning', {
    text: `the target ${where} has sql_require_primary_key = ON: tables without one can't be made there`,
    advice: 'run SET GLOBAL sql_require_primary_key = OFF there, or give the tables a primary key',
    cureSql: 'SET GLOBAL sql_require_primary_key = OFF',
    cureConfig: 'sql_require_primary_key=OFF',
  })
}

function smallPackets({ where, maxAllowedPacket }: TargetFacts): Finding | null {
  if (maxAllowedPacket < smallestPacketBytes || maxAllowedPacket >= roomyPacketBytes) return null
  return setting('note', {
    text: `the target ${where} has max_allowed_packet = ${maxAllowedPacket}: a longer row can't be written`,
    advice: "set it to the source's value where rows are long",
    ...packetCure,
  })
}

function setting(severity: Finding['severity'], facts: Omit<Finding, 'severity' | 'kind'>): Finding {
  return { severity, kind: 'setting', ...facts }
}
