/**
 * Where a server's binary log stands now, asked in an ordinary session.
 *
 * Easy to get wrong: an event is in the log, and its GTID in MariaDB's gtid_binlog_pos, before the engine has committed
 * it. Only the gtid_executed of MySQL 5.7 and later and MariaDB's binlog_snapshot_* say what a snapshot can see.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Position } from '../binlog/position.ts'
import { ServerSettingError } from './errors.ts'
import { quoteText } from './identifier.ts'
import { isVendorAtLeast } from './server-version.ts'
import type { Row, Session } from './session.ts'

const mostReadings = 20
const readingPauseMs = 50

export interface LogPlace {
  readonly file: string
  readonly offset: number
}

/** The end of the log as written, which is never before what any snapshot opened earlier can see. */
export async function readLogEnd(session: Session): Promise<LogPlace> {
  const isRenamed = isVendorAtLeast(session.version, 'mysql', [8, 2])
  const [row] = await session.query(isRenamed ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS')
  if (row === undefined)
    throw new ServerSettingError(
      `log_bin is OFF on ${session.where}; add log_bin and binlog_format=ROW to its configuration and restart it`,
    )
  return { file: row.File ?? '', offset: Number(row.Position ?? 0) }
}

/**
 * The server's position of which every transaction is committed, so that a snapshot opened later sees them all; except
 * on MySQL without GTIDs, where only a lock on the tables makes sure.
 */
export async function readCommittedPosition(session: Session, hasGtids: boolean): Promise<Position> {
  if (session.vendor === 'mariadb') return readSnapshotPosition(session)
  const place = await readLogEnd(session)
  if (!hasGtids) return { kind: 'file', ...place }
  const [row] = await session.query('SELECT @@GLOBAL.gtid_executed AS executed')
  return { kind: 'mysql-gtid', executed: (row?.executed ?? '').replaceAll(/\s/g, ''), ...place }
}

/** MariaDB. The log is not read again, up to a GiB of it, where the server could not read it. */
async function readSnapshotPosition(session: Session): Promise<Position> {
  let place: LogPlace = { file: '', offset: 0 }
  for (let tries = 0; tries < mostReadings; tries += 1) {
    if (tries > 0) await sleep(readingPauseMs)
    const unreadableFile = place.file
    await session.execute('START TRANSACTION WITH CONSISTENT SNAPSHOT')
    place = await readSnapshotPlace(session)
    await session.execute('COMMIT')
    const isReadable = tries === 0 || place.file !== unreadableFile
    const gtid = isReadable ? await readGtidsBefore(session, place) : await readGtidsAtRest(session, place)
    if (gtid !== null) return { kind: 'mariadb-gtid', gtid, ...place }
  }
  throw unreadableLogError(session, place)
}

/** For when `readGtidsBefore` has answered null often enough. */
export function unreadableLogError({ where }: Session, { file, offset }: LogPlace): ServerSettingError {
  return new ServerSettingError(
    `${where} cannot tell the GTIDs before ${file}:${offset}: that log has an event larger than max_allowed_packet, and ` +
      'the server is written to all the time; run FLUSH BINARY LOGS there, or raise max_allowed_packet',
  )
}

/**
 * MariaDB: the GTIDs in the log before `place`. The server answers NULL for every place of a log that holds an event
 * larger than the session's max_allowed_packet; then its own last GTIDs are taken if nothing is being written.
 *
 * @returns null when that is not so
 */
export async function readGtidsBefore(session: Session, place: LogPlace): Promise<string | null> {
  const [row] = await session.query(`SELECT BINLOG_GTID_POS(${quoteText(place.file)}, ${place.offset}) AS gtid`)
  return row?.gtid ?? readGtidsAtRest(session, place)
}

/**
 * Sound because the end of the log is told under the lock that writers of the log hold, and only ever grows: with
 * nothing written after `place` before and after, the last GTIDs in the log are the last ones before `place`.
 *
 * @returns null when the log has grown
 */
async function readGtidsAtRest(session: Session, place: LogPlace): Promise<string | null> {
  const isEnd = ({ file, offset }: LogPlace) => file === place.file && offset === place.offset
  if (!isEnd(await readLogEnd(session))) return null
  const [row] = await session.query('SELECT @@GLOBAL.gtid_binlog_pos AS gtid')
  return isEnd(await readLogEnd(session)) ? (row?.gtid ?? null) : null
}

/** MariaDB: exactly where in the log the session's open consistent snapshot stands. */
export async function readSnapshotPlace(session: Session): Promise<LogPlace> {
  const rows = await session.query("SHOW STATUS LIKE 'binlog_snapshot_%'")
  const value = (name: string) => rows.find((row: Row) => row.Variable_name?.toLowerCase() === name)?.Value ?? ''
  return { file: value('binlog_snapshot_file'), offset: Number(value('binlog_snapshot_position')) }
}

/** MySQL: true when everything in the GTID set is committed, so that a snapshot opened from now on sees it. */
export async function isCommitted(session: Session, executed: string): Promise<boolean> {
  const [row] = await session.query(`SELECT GTID_SUBSET(${quoteText(executed)}, @@GLOBAL.gtid_executed) AS done`)
  return row?.done === '1'
}
