/**
 * Where a server's binary log stands now, asked in an ordinary session.
 *
 * Easy to get wrong: an event is in the log, and its GTID in MariaDB's gtid_binlog_pos, before the engine has committed
 * it. Only the gtid_executed of MySQL 5.7 and later and MariaDB's binlog_snapshot_* say what a snapshot can see.
 */
import type { Position } from '../binlog/position.ts'
import { LostConnectionError, ServerSettingError } from './errors.ts'
import { quoteText } from './identifier.ts'
import { isVendorAtLeast } from './server-version.ts'
import type { Row, Session } from './session.ts'

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

async function readSnapshotPosition(session: Session): Promise<Position> {
  await session.execute('START TRANSACTION WITH CONSISTENT SNAPSHOT')
  const place = await readSnapshotPlace(session)
  await session.execute('COMMIT')
  const [row] = await session.query(`SELECT BINLOG_GTID_POS(${quoteText(place.file)}, ${place.offset}) AS gtid`)
  if (row?.gtid === null || row?.gtid === undefined)
    throw new LostConnectionError(`${session.where} does not know the GTIDs before ${place.file}:${place.offset} now`)
  return { kind: 'mariadb-gtid', gtid: row.gtid, ...place }
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
