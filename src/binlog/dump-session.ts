/**
 * Prepares an ordinary session for becoming a replica's: looks at the server, checks the start position, sets what the
 * dump thread reads from the session.
 *
 * Easy to get wrong: the session's net_write_timeout is what ends a dump whose reader pauses, so it is set to its
 * largest value. And the server drops an older replica with the same UUID, or the same id where there is none.
 */
import { createHash } from 'node:crypto'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { systemClock } from '../core/clock.ts'
import type { DumpOptions } from './dump-options.ts'
import { BinlogDivergedError, BinlogDumpError, BinlogPurgedError, InvalidPositionError } from './errors.ts'
import { GtidSet } from './gtid-set.ts'
import { compareFilePlaces } from './position.ts'

export interface DumpSession {
  readonly vendor: 'mysql' | 'mariadb'
  readonly serverVersion: string
  /** What the server's new events carry. */
  readonly checksum: 'crc32' | 'none'
}

/** A year: the largest value of net_write_timeout that all servers take. */
const longestTimeoutSeconds = 31_536_000
const defaultCommitWithinMs = 15_000
const lookAgainMs = 100

/**
 * Sets up the session.
 *
 * @throws BinlogPurgedError, BinlogDivergedError, BinlogDumpError, InvalidPositionError, or what the driver throws
 */
export async function prepareSession(
  connection: Connection,
  options: DumpOptions,
  heartbeatMs: number,
): Promise<DumpSession> {
  const server = await ask(connection, 'SELECT VERSION() AS version, @@global.binlog_checksum AS checksum')
  const serverVersion = String(server.version)
  const vendor = /mariadb/i.test(serverVersion) ? 'mariadb' : 'mysql'
  await checkStart(connection, options, vendor, serverVersion)
  const checksum = server.checksum === 'CRC32' ? 'crc32' : 'none'
  const settings = sessionSettings(options, vendor, heartbeatMs, checksum)
  await connection.query(`SET ${settings.join(', ')}`)
  return { vendor, serverVersion, checksum }
}

function sessionSettings(
  options: DumpOptions,
  vendor: 'mysql' | 'mariadb',
  heartbeatMs: number,
  checksum: 'crc32' | 'none',
): string[] {
  const heartbeat = BigInt(heartbeatMs) * 1_000_000n
  const uuid = replicaUuid(options.serverId)
  const settings = [
    `SESSION net_write_timeout = ${longestTimeoutSeconds}`,
    `SESSION net_read_timeout = ${longestTimeoutSeconds}`,
    `SESSION wait_timeout = ${longestTimeoutSeconds}`,
  ]
  // Servers up to 8.0.25 and MariaDB read the first name of each, later ones the second.
  for (const role of ['master', 'source'])
    settings.push(`@${role}_heartbeat_period = ${heartbeat}`, `@${role}_binlog_checksum = '${checksum.toUpperCase()}'`)
  for (const role of ['slave', 'replica']) settings.push(`@${role}_uuid = '${uuid}'`)
  if (vendor === 'mariadb') settings.push('@mariadb_slave_capability = 4')
  if (options.start.kind === 'mariadb-gtid')
    settings.push(
      `@slave_connect_state = '${options.start.gtid}'`,
      '@slave_gtid_strict_mode = 1',
      '@slave_gtid_ignore_duplicates = 0',
    )
  return settings
}

/** Always the same UUID for one replica id, so that a reconnect ends the thread that the lost connection left behind. */
function replicaUuid(serverId: number): string {
  const hex = createHash('sha1').update(`millrace replica ${serverId}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

async function checkStart(
  connection: Connection,
  options: DumpOptions,
  vendor: 'mysql' | 'mariadb',
  serverVersion: string,
): Promise<void> {
  const { start } = options
  if (start.kind !== 'file' && !start.kind.startsWith(vendor))
    throw new InvalidPositionError(`a ${start.kind} position can't be looked up on ${vendor} ${serverVersion}`)
  if (start.kind === 'mysql-gtid') await checkGtidStart(connection, GtidSet.parse(start.executed), options)
  if (start.kind === 'mariadb-gtid' && !/^[\d,-]*$/.test(start.gtid))
    throw new InvalidPositionError(`"${start.gtid}" is not a MariaDB GTID position`)
  if (start.kind === 'file' && start.file !== '') await checkFileStart(connection, start)
}

/** The server's own answers are poorer: 5.6 does not say what is missing, nor notice that it lost transactions. */
async function checkGtidStart(connection: Connection, wanted: GtidSet, options: DumpOptions): Promise<void> {
  const server = await ask(
    connection,
    'SELECT @@global.gtid_mode AS mode, @@global.gtid_purged AS purged, @@global.server_uuid AS uuid',
  )
  if (!String(server.mode).startsWith('ON'))
    throw new BinlogDumpError(`gtid_mode is ${server.mode} on the source: switch it on, or start at a file and offset`)
  const missing = GtidSet.parse(String(server.purged)).subtract(wanted)
  if (!missing.isEmpty)
    throw new BinlogPurgedError(
      `the source purged the logs of ${missing}, which are still needed: only a new copy helps`,
      {
        details: { missing: missing.toString(), wanted: wanted.toString() },
      },
    )
  await checkExecuted(connection, wanted, String(server.uuid), options)
}

/** A transaction is sent once it is in the log, which is before it is executed. @throws BinlogDivergedError */
async function checkExecuted(
  connection: Connection,
  wanted: GtidSet,
  serverUuid: string,
  { commitWithinMs = defaultCommitWithinMs, signal }: DumpOptions,
): Promise<void> {
  const startedMs = systemClock.monotonicMs()
  for (;;) {
    const { executed } = await ask(connection, 'SELECT @@global.gtid_executed AS executed')
    const missing = [...wanted.subtract(GtidSet.parse(String(executed))).entries()]
    const lost = missing.find(({ uuid }) => uuid === serverUuid)
    if (lost === undefined) return
    if (systemClock.monotonicMs() - startedMs > commitWithinMs)
      throw new BinlogDivergedError(
        `the source ${lost.uuid} never executed its transaction ${lost.ranges[0]?.first}, which has been read before: ` +
          'it was reset or lost data, so only a new copy helps',
      )
    await systemClock.sleep(lookAgainMs, signal)
  }
}

/** Without the privilege for SHOW BINARY LOGS the dump itself tells, in fewer words. */
async function checkFileStart(connection: Connection, start: { file: string; offset: number }): Promise<void> {
  const logs = await connection.query<RowDataPacket[]>('SHOW BINARY LOGS').then(
    ([rows]) => rows.map((row) => ({ file: String(row.Log_name), offset: Number(row.File_size) })),
    (error: unknown) => {
      if (isNoBinaryLogging(error)) throw new BinlogDumpError('the source writes no binary log: start it with log_bin')
      return []
    },
  )
  const first = logs[0]
  if (first === undefined || logs.some((log) => log.file === start.file)) return
  if (compareFilePlaces(start, { file: first.file, offset: 0 }) < 0)
    throw new BinlogPurgedError(
      `the source purged its log ${start.file}; the oldest it has is ${first.file}: only a new copy helps`,
      { details: { wanted: start.file, oldest: first.file } },
    )
  throw new BinlogDivergedError(`the source has no log ${start.file}; its newest is ${logs.at(-1)?.file}`)
}

function isNoBinaryLogging(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errno' in error && error.errno === 1381
}

async function ask(connection: Connection, sql: string): Promise<RowDataPacket> {
  const [rows] = await connection.query<RowDataPacket[]>(sql)
  const [row] = rows
  if (row === undefined) throw new BinlogDumpError('the source answered nothing about itself')
  return row
}
