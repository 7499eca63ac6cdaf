/**
 * Sessions that write to the target, in a state in which every value arrives as it is or not at all.
 *
 * Easy to get wrong: strict mode stays on for all statements of ours. It is what makes a stale checkpoint statement fail
 * (see checkpoint-store.ts) and a value that does not fit an error instead of another value.
 */
import { createHash } from 'node:crypto'
import type { Clock } from '../../core/clock.ts'
import { openSession, type Session, type SessionServer } from '../../mysql/session.ts'
import { LeftSessionError } from './errors.ts'
import { quoteText } from './sql-text.ts'

/** Zero and impossible dates and 0 in AUTO_INCREMENT columns pass; everything else that does not fit is refused. */
export const strictSqlMode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'
/** The same without strictness: for ENUM's member 0, which strict mode takes for a mistake. */
export const lenientSqlMode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'

const applyState = [
  `SET SESSION sql_mode = '${strictSqlMode}', time_zone = '+00:00', character_set_client = binary`,
  'character_set_connection = binary',
  'character_set_results = utf8',
  'foreign_key_checks = 0',
  'unique_checks = 1',
  'sql_notes = 0',
  'wait_timeout = 86400',
  'net_read_timeout = 600',
  'net_write_timeout = 600',
].join(', ')

/** Opens a session for applying; `localInfile`: it may run LOAD DATA LOCAL. @throws as `openSession` */
export async function openApplySession(
  server: SessionServer,
  logsStatements: boolean,
  localInfile = false,
): Promise<Session> {
  const session = await openSession(server, { multipleStatements: true, localInfile })
  try {
    await session.execute(applyState)
    // InnoDB refuses READ COMMITTED under statement-based logging (error 1665).
    if (!logsStatements) await session.execute('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
    return session
  } catch (error) {
    session.destroy()
    throw error
  }
}

/** Opens a session for statements of ours and for reading definitions. @throws as `openSession` */
export async function openPlainSession(server: SessionServer): Promise<Session> {
  const session = await openSession(server, { multipleStatements: true })
  try {
    await session.execute(
      `SET SESSION sql_mode = '${strictSqlMode}', time_zone = '+00:00', foreign_key_checks = 0, wait_timeout = 86400`,
    )
    return session
  } catch (error) {
    session.destroy()
    throw error
  }
}

/** What an earlier run may have left: more lanes and copiers than any run opens. */
const allPlaces = ['main', 'ddl', ...numbered('lane', 16), ...numbered('copy', 64), ...numbered('key', 4)]
const endWithinMs = 5_000
const endPauseMs = 50

/** The name of the server's user lock by which a session says what it works on; a server tells who holds one. */
export function sessionPlaceName(jobId: string, place: string): string {
  return `millrace:${createHash('sha1').update(jobId).digest('hex').slice(0, 32)}:${place}`
}

/**
 * Ends what earlier runs of the job left behind at the server, on this node or on another: a session whose process was
 * stopped, or whose machine is gone, holds its row locks for hours. Only the owner of the checkpoint may do this.
 *
 * @throws LeftSessionError when one does not end in time
 */
export async function endLeftSessions(session: Session, jobId: string, clock: Clock): Promise<void> {
  const names = allPlaces.map(
    (place, index) => `IS_USED_LOCK(${quoteText(sessionPlaceName(jobId, place))}) AS p${index}`,
  )
  const deadlineMs = clock.monotonicMs() + endWithinMs
  for (;;) {
    const [row] = await session.query(`SELECT ${names.join(', ')}`)
    const holders = [...new Set(Object.values(row ?? {}).filter((id) => id !== null))]
    if (holders.length === 0) return
    if (clock.monotonicMs() > deadlineMs) throw new LeftSessionError(session.where, holders)
    // One may be gone by now (error 1094), or belong to another account (error 1095), which the next look tells.
    for (const id of holders) await session.execute(`KILL ${id}`).catch(() => {})
    await clock.sleep(endPauseMs)
  }
}

/**
 * Marks the session as one that works for this job, and ends what an earlier run of the job left behind under the same
 * mark: a connection that its client lost may hold row locks for hours.
 */
export async function takeSessionPlace(session: Session, jobId: string, place: string): Promise<void> {
  const name = quoteText(sessionPlaceName(jobId, place))
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const [row] = await session.query(`SELECT GET_LOCK(${name}, ${attempt === 0 ? 0 : 1}) AS is_held`)
    if (row?.['is_held'] === '1') return
    const [holder] = await session.query(`SELECT IS_USED_LOCK(${name}) AS id`)
    const id = holder?.['id'] ?? null
    // The holder may be gone by now: error 1094, unknown thread.
    if (id !== null) await session.execute(`KILL ${id}`).catch(() => {})
  }
}

function numbered(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${name} ${index}`)
}
