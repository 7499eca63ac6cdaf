/**
 * Opens snapshots that see everything that the stream has passed on.
 *
 * Easy to get wrong: an event reaches us before its engine commits it, so a snapshot opened too early would lack rows
 * whose events are behind us already. MySQL 5.7 and later tell by gtid_executed, MariaDB by
 * binlog_snapshot_*; without GTIDs, and on MySQL 5.6, only a read lock waits for the commits that are under way.
 */
import { MariadbGtidPosition } from '../../../binlog/mariadb-gtid.ts'
import { compareFilePlaces, type Position } from '../../../binlog/position.ts'
import type { Clock } from '../../../core/clock.ts'
import {
  isCommitted,
  type LogPlace,
  readGtidsBefore,
  readSnapshotPlace,
  unreadableLogError,
} from '../../../mysql/binlog-place.ts'
import { LockConflictError } from '../../../mysql/errors.ts'
import type { Session } from '../../../mysql/session.ts'

/** Where the stream stands when a gate opens. */
export interface GatePlace {
  readonly position: Position
  /** Where the last transaction that was passed on in this run ended; null before the first. */
  readonly lastCommit: LogPlace | null
}

const snapshot = 'START TRANSACTION WITH CONSISTENT SNAPSHOT'
const longestWaitMs = 30_000

/**
 * Opens a snapshot in each session that sees everything up to the gate's place.
 *
 * @throws LockConflictError to try again when the server does not commit what it has logged; ServerSettingError for a
 * person when MariaDB cannot tell what it has committed
 */
export async function openSnapshots(
  sessions: readonly Session[],
  control: Session,
  gate: GatePlace,
  clock: Clock,
): Promise<void> {
  if (control.vendor === 'mariadb') {
    await Promise.all(sessions.map((session) => openExactSnapshot(session, gate, clock)))
    return
  }
  const { position } = gate
  if (position.kind === 'mysql-gtid')
    await waitUntil(() => isCommitted(control, position.executed), control, gate, clock)
  await Promise.all(sessions.map((session) => session.execute(snapshot)))
}

async function openExactSnapshot(session: Session, gate: GatePlace, clock: Clock): Promise<void> {
  let place: LogPlace = { file: '', offset: 0 }
  let sees: boolean | null = null
  const isLateEnough = async () => {
    await session.execute(snapshot)
    place = await readSnapshotPlace(session)
    sees = await seesGate(session, place, gate)
    return sees === true
  }
  await waitUntil(isLateEnough, session, gate, clock).catch((error: unknown) => {
    throw sees === null && error instanceof LockConflictError ? unreadableLogError(session, place) : error
  })
}

/** @returns null when the server cannot tell */
async function seesGate(session: Session, place: LogPlace, gate: GatePlace): Promise<boolean | null> {
  if (gate.lastCommit !== null) return compareFilePlaces(place, gate.lastCommit) >= 0
  if (gate.position.kind !== 'mariadb-gtid') return true
  // The place may be of another server; what was committed is the same everywhere.
  const seen = await readGtidsBefore(session, place)
  if (seen === null) return null
  return MariadbGtidPosition.parse(seen).isAtOrAfter(MariadbGtidPosition.parse(gate.position.gtid))
}

async function waitUntil(
  check: () => Promise<boolean>,
  session: Session,
  gate: GatePlace,
  clock: Clock,
): Promise<void> {
  const deadlineMs = clock.monotonicMs() + longestWaitMs
  for (let pauseMs = 1; !(await check()); pauseMs = Math.min(pauseMs * 2, 100)) {
    if (clock.monotonicMs() > deadlineMs)
      throw new LockConflictError(
        `${session.where} has logged ${gate.position.file}:${gate.position.offset} but does not commit it`,
        0,
      )
    await clock.sleep(pauseMs)
  }
}
