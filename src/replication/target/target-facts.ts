/**
 * What kind of server the target is and what the user may do there: read once at each start.
 *
 * Easy to get wrong: SHOW GRANTS does not list what a role gives. Where the user has roles, nothing is concluded from a
 * privilege that is not listed; the first statement that needs it tells.
 */

import { type Grants, readAccount, readGrants } from '../../mysql/grants.ts'
import { isVendorAtLeast, type ServerVersion } from '../../mysql/server-version.ts'
import type { Row, Session } from '../../mysql/session.ts'

export interface TargetFacts {
  readonly version: ServerVersion
  /** `host:port` for messages. */
  readonly where: string
  readonly serverUuid: string
  readonly serverId: number
  readonly maxAllowedPacket: number
  readonly isReadOnly: boolean
  /** MySQL's super_read_only: not even the privileged may write. */
  readonly isSuperReadOnly: boolean
  readonly hasGtids: boolean
  readonly lowerCaseTableNames: number
  /** `slave_exec_mode`; row images without a session's own mode depend on it. */
  readonly execMode: string
  readonly logsStatements: boolean
  readonly privileges: Privileges
  /** With those of active roles. */
  readonly grants: Grants
  /** The user's account, quoted as GRANT wants it. */
  readonly account: string
}

export interface Privileges {
  /** Upper case names granted on `*.*`. */
  readonly everywhere: ReadonlySet<string>
  /** Upper case names granted on something smaller. */
  readonly somewhere: ReadonlySet<string>
  readonly hasRoles: boolean
}

const variableNames = [
  'server_uuid',
  'server_id',
  'max_allowed_packet',
  'read_only',
  'super_read_only',
  'gtid_mode',
  'lower_case_table_names',
  'slave_exec_mode',
  'replica_exec_mode',
  'log_bin',
  'binlog_format',
]

/** Reads them. @throws what `Session.query` throws */
export async function readTargetFacts(session: Session): Promise<TargetFacts> {
  const names = variableNames.map((name) => `'${name}'`).join(',')
  const variables = new Map<string, string>()
  for (const row of await session.query(`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names})`))
    variables.set((row['Variable_name'] ?? '').toLowerCase(), row['Value'] ?? '')
  const value = (name: string) => variables.get(name) ?? ''
  return {
    version: session.version,
    where: session.where,
    serverUuid: value('server_uuid'),
    serverId: Number(value('server_id')),
    maxAllowedPacket: Number(value('max_allowed_packet')),
    // MariaDB 12 has further words for read_only than ON.
    isReadOnly: !['', '0', 'OFF'].includes(value('read_only').toUpperCase()),
    isSuperReadOnly: isOn(value('super_read_only')),
    hasGtids: session.vendor === 'mysql' && value('gtid_mode').toUpperCase() === 'ON',
    lowerCaseTableNames: Number(value('lower_case_table_names')),
    execMode: (value('replica_exec_mode') || value('slave_exec_mode')).toUpperCase(),
    logsStatements: isOn(value('log_bin')) && value('binlog_format').toUpperCase() === 'STATEMENT',
    privileges: readPrivileges(await session.query('SHOW GRANTS')),
    grants: await readGrants(session),
    account: await readAccount(session),
  }
}

function isOn(value: string): boolean {
  return value === '1' || value.toUpperCase() === 'ON'
}

/** Reads the lines of SHOW GRANTS. */
export function readPrivileges(lines: readonly Row[]): Privileges {
  const everywhere = new Set<string>()
  const somewhere = new Set<string>()
  let hasRoles = false
  for (const line of lines) {
    const text = Object.values(line)[0] ?? ''
    const match = /^GRANT (.+?) ON (\S+(?: \S+)*?) TO /s.exec(text)
    if (match === null) {
      hasRoles ||= /^GRANT .+ TO /s.test(text)
      continue
    }
    const into = match[2] === '*.*' ? everywhere : somewhere
    for (const name of (match[1] ?? '').split(',')) into.add(name.trim().toUpperCase())
  }
  return { everywhere, somewhere, hasRoles }
}

/** True when the user has it on all schemas. */
export function hasGlobally(privileges: Privileges, ...names: readonly string[]): boolean {
  if (privileges.everywhere.has('ALL PRIVILEGES')) return true
  return names.some((name) => privileges.everywhere.has(name))
}

/** Each lets a session of MySQL 8 and later set gtid_next, which a session that ran BINLOG has to set back. */
const gtidNextPrivileges = [
  'REPLICATION_APPLIER',
  'SESSION_VARIABLES_ADMIN',
  'SYSTEM_VARIABLES_ADMIN',
  'SUPER',
] as const

/** True when the user may run BINLOG: SUPER, or the vendor's own privileges for it. */
export function mayReplayBinlog({ version, privileges }: TargetFacts): boolean {
  if (version.vendor === 'mariadb')
    return isVendorAtLeast(version, 'mariadb', [10, 5])
      ? hasGlobally(privileges, 'BINLOG REPLAY')
      : hasGlobally(privileges, 'SUPER')
  if (!isVendorAtLeast(version, 'mysql', [8])) return hasGlobally(privileges, 'SUPER')
  return hasGlobally(privileges, 'BINLOG_ADMIN', 'SUPER') && hasGlobally(privileges, ...gtidNextPrivileges)
}

/** True when the user may give a transaction a GTID of our choice. */
export function mayChooseGtid({ version, hasGtids, privileges }: TargetFacts): boolean {
  if (!hasGtids) return false
  return isVendorAtLeast(version, 'mysql', [8])
    ? hasGlobally(privileges, ...gtidNextPrivileges)
    : hasGlobally(privileges, 'SUPER')
}
