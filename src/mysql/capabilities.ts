/**
 * What a server is and how it is set, as far as replication asks.
 */
import { type Grants, readGrants } from './grants.ts'
import { isVendorAtLeast, type ServerVersion } from './server-version.ts'
import type { Session } from './session.ts'

export interface ServerCapabilities {
  readonly vendor: 'mysql' | 'mariadb'
  readonly version: ServerVersion
  /** `host:port` */
  readonly where: string
  readonly serverId: number
  /** Empty on MariaDB. */
  readonly serverUuid: string
  readonly hasBinaryLog: boolean
  /** `ROW`, `MIXED` or `STATEMENT`. */
  readonly binlogFormat: string
  /** `FULL`, `MINIMAL`, `NOBLOB`, and on MariaDB `FULL_NODUP`. */
  readonly binlogRowImage: string
  /** True when the log's positions are GTIDs: always on MariaDB, with gtid_mode ON on MySQL. */
  readonly hasGtids: boolean
  /**
   * True when a transaction counts as executed only once its engine has committed it, so that a snapshot opened later sees
   * it. MySQL 5.6 counts it when it is logged (Gtid_state::update_on_flush in its sql/rpl_gtid_state.cc).
   */
  readonly tellsCommits: boolean
  /** `ON`, `OFF`, `ON_PERMISSIVE`, `OFF_PERMISSIVE`; empty on MariaDB. */
  readonly gtidMode: string
  readonly isReadOnly: boolean
  readonly maxAllowedPacketBytes: number
  readonly isLocalInfileAllowed: boolean
  readonly lowerCaseTableNames: number
  readonly characterSetServer: string
  readonly collationServer: string
  readonly grants: Grants
  /** Any other global variable asked for below, by name. */
  readonly variables: ReadonlyMap<string, string>
}

const names = [
  'server_id',
  'server_uuid',
  'log_bin',
  'binlog_format',
  'binlog_row_image',
  'gtid_mode',
  'read_only',
  'super_read_only',
  'max_allowed_packet',
  'local_infile',
  'lower_case_table_names',
  'character_set_server',
  'collation_server',
  'log_slave_updates',
  'log_replica_updates',
  'binlog_row_value_options',
  'slave_exec_mode',
  'replica_exec_mode',
  'sql_require_primary_key',
  'default_storage_engine',
  'enforce_gtid_consistency',
  'binlog_expire_logs_seconds',
  'expire_logs_days',
]

/** Reads them. @throws as `Session.query` */
export async function readCapabilities(session: Session): Promise<ServerCapabilities> {
  const list = names.map((name) => `'${name}'`).join(', ')
  const rows = await session.query(`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${list})`)
  const variables = new Map(rows.map((row) => [row.Variable_name ?? '', row.Value ?? '']))
  const text = (name: string) => variables.get(name) ?? ''
  const isOn = (name: string) => ['ON', '1', 'YES'].includes(text(name).toUpperCase())
  const isMariadb = session.vendor === 'mariadb'
  return {
    vendor: session.vendor,
    version: session.version,
    where: session.where,
    serverId: Number(text('server_id')),
    serverUuid: isMariadb ? '' : text('server_uuid'),
    hasBinaryLog: isOn('log_bin'),
    // MySQL may drop the variable, which has had one value since it was deprecated.
    binlogFormat: text('binlog_format') || 'ROW',
    binlogRowImage: text('binlog_row_image') || 'FULL',
    hasGtids: isMariadb || text('gtid_mode') === 'ON',
    tellsCommits: isMariadb || (text('gtid_mode') === 'ON' && isVendorAtLeast(session.version, 'mysql', [5, 7])),
    gtidMode: text('gtid_mode'),
    isReadOnly: isOn('read_only') || isOn('super_read_only'),
    maxAllowedPacketBytes: Number(text('max_allowed_packet')),
    isLocalInfileAllowed: isOn('local_infile'),
    lowerCaseTableNames: Number(text('lower_case_table_names')),
    characterSetServer: text('character_set_server'),
    collationServer: text('collation_server'),
    grants: await readGrants(session),
    variables,
  }
}
