/**
 * When a schedule fires next, as an instant.
 *
 * Easy to get wrong: daylight saving. A fixed time fires at the first instant at which the clock shows that time *or
 * more*: so a time that the clock skips fires when the gap ends, several such times in one gap fire once, and a time
 * that comes twice fires the first time only. An interval (`*` or a step in hour or minute) fires at every instant at
 * which the clock shows a matching time. Source: api-dkron.md, Schedules; Vixie cron does the same in cron.c.
 */
import { dayMs, dayNumber, hourMs, secondMs } from '../../core/calendar.ts'
import type { CronSchedule, EverySchedule, Schedule } from '../../model/schedule.ts'
import { ScheduleNeverFiresError } from './errors.ts'
import { nextLocalMatch, searchYears } from './local-search.ts'
import { historyOf } from './zone.ts'
import type { ZoneHistory } from './zone-history.ts'

/** What a schedule needs to know about its job. */
export interface FireContext {
  /** The zone when the schedule names none: the job's, else the agent's. */
  readonly zone: string
  /** Where `@every` counts from, epoch ms: the creation of the job. */
  readonly anchorMs: number
}

/** More than any two offsets of one zone have ever differed. */
const widestShiftMs = 48 * hourMs
const longestSearchMs = searchYears * 366 * dayMs
/** Local times of every zone are still in the year 9999. */
const lastFireMs = dayNumber(9999, 12, 31) * dayMs - 1

/**
 * The first fire strictly after `afterMs` (epoch ms). Cron schedules fire on whole seconds.
 *
 * @returns epoch ms, or null when it never fires again
 * @throws UnknownZoneError
 */
export function nextFire(schedule: Schedule, afterMs: number, context: FireContext): number | null {
  const fireMs = nextOfKind(schedule, afterMs, context)
  return fireMs === null || fireMs > lastFireMs ? null : fireMs
}

function nextOfKind(schedule: Schedule, afterMs: number, context: FireContext): number | null {
  switch (schedule.kind) {
    case 'cron':
      return nextCron(schedule, afterMs, context.zone)
    case 'every':
      return nextMultiple(schedule, afterMs, context.anchorMs)
    case 'at':
      return schedule.atMs > afterMs ? schedule.atMs : null
    case 'manual':
      return null
  }
}

/**
 * Every fire in the time after `fromMs` up to and including `toMs`, in order, at most `limit`.
 *
 * @throws UnknownZoneError
 */
export function* firesBetween(
  schedule: Schedule,
  fromMs: number,
  toMs: number,
  context: FireContext,
  limit = Number.POSITIVE_INFINITY,
): Generator<number, void, undefined> {
  let fireMs = nextFire(schedule, fromMs, context)
  for (let count = 0; count < limit && fireMs !== null && fireMs <= toMs; count += 1) {
    yield fireMs
    fireMs = nextFire(schedule, fireMs, context)
  }
}

/** True when the schedule fires at least once after `nowMs`. */
export function canEverFire(schedule: Schedule, context: FireContext, nowMs: number): boolean {
  return nextFire(schedule, nowMs, context) !== null
}

/**
 * Refuses a schedule that would never fire by itself; `@manually` says so on purpose and is fine.
 *
 * An `@at` in the past is refused too: whoever updates other fields of a job that has had its only fire does not ask.
 *
 * @throws ScheduleNeverFiresError
 * @throws UnknownZoneError
 */
export function assertFires(schedule: Schedule, context: FireContext, nowMs: number): void {
  if (schedule.kind === 'manual' || canEverFire(schedule, context, nowMs)) return
  throw new ScheduleNeverFiresError(
    schedule.kind === 'at'
      ? 'schedule never fires: its @at time has passed, give a time to come or use @manually'
      : 'schedule never fires: no date to come matches all its fields, correct them or use @manually',
  )
}

/** The first multiple is one interval after the anchor, also for a clock that shows less than the anchor. */
function nextMultiple(schedule: EverySchedule, afterMs: number, anchorMs: number): number {
  const passed = Math.floor((afterMs - anchorMs) / schedule.intervalMs)
  return anchorMs + (Math.max(passed, 0) + 1) * schedule.intervalMs
}

function nextCron(schedule: CronSchedule, afterMs: number, contextZone: string): number | null {
  const firstMs = (Math.floor(afterMs / secondMs) + 1) * secondMs
  const history = historyOf(schedule.zone ?? contextZone)
  return schedule.followsWallClock
    ? nextOnWallClock(schedule, history, firstMs)
    : nextFixedTime(schedule, history, firstMs)
}

/** The first instant from `firstMs` on whose local time matches. */
function nextOnWallClock(cron: CronSchedule, history: ZoneHistory, firstMs: number): number | null {
  let span = history.spanAt(firstMs)
  let atMs = firstMs
  // No local time in [searchedMs, foundMs) matches, and foundMs does.
  let searchedMs = Number.POSITIVE_INFINITY
  let foundMs = Number.NEGATIVE_INFINITY
  // A schedule whose every match falls into a gap finds one each year and never fires.
  while (atMs < firstMs + longestSearchMs) {
    const localMs = atMs + span.offsetMs
    if (localMs < searchedMs || localMs > foundMs) {
      const match = nextLocalMatch(cron, localMs)
      if (match === null) return null
      searchedMs = localMs
      foundMs = match
    }
    if (foundMs - span.offsetMs < span.endMs) return foundMs - span.offsetMs
    atMs = span.endMs
    span = history.spanAt(atMs)
  }
  return null
}

/** The first instant at which the clock has reached the next local time that it had not reached before `firstMs`. */
function nextFixedTime(cron: CronSchedule, history: ZoneHistory, firstMs: number): number | null {
  const localMs = nextLocalMatch(cron, reachedBefore(history, firstMs))
  if (localMs === null) return null
  // Before that no clock of any zone shows it, so a far date needs no walk over all the years.
  let span = history.spanAt(Math.max(firstMs - secondMs, localMs - widestShiftMs))
  while (localMs - span.offsetMs >= span.endMs) span = history.spanAt(span.endMs)
  return Math.max(localMs - span.offsetMs, span.startMs)
}

/** The least local time that the clock has not shown or skipped before `firstMs`. */
function reachedBefore(history: ZoneHistory, firstMs: number): number {
  let span = history.spanAt(firstMs - secondMs)
  let reachedMs = firstMs + span.offsetMs
  // After the clock was set back, it had shown more before than it shows now.
  while (span.startMs > firstMs - widestShiftMs) {
    span = history.spanAt(span.startMs - secondMs)
    reachedMs = Math.max(reachedMs, span.endMs + span.offsetMs)
  }
  return reachedMs
}
