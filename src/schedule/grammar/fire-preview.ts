/**
 * The next fires of a schedule as people want to see them before they save it: in local time, with a word about each that
 * a change of the clock has to do with.
 *
 * Easy to get wrong: two neighbouring spans of a zone may have the same offset; only a different one is a change.
 */
import { dayMs, secondMs } from '../../core/calendar.ts'
import type { CronSchedule, Schedule } from '../../model/schedule.ts'
import { nextLocalMatch } from './local-search.ts'
import { type FireContext, firesBetween } from './next-fire.ts'
import { historyOf } from './zone.ts'
import type { ZoneHistory } from './zone-history.ts'

const recentMs = 8 * dayMs

/** The clock jumped, at `atMs`, from one local time to another; both epoch ms of a clock without zone. */
export interface ClockJump {
  readonly atMs: number
  readonly fromLocalMs: number
  readonly toLocalMs: number
}

/**
 * What a change of the clock has to do with a fire.
 * - `skipped`: the clock skips the time it is due at, so it fires when the clock has jumped.
 * - `left-out`: times before it, which the clock skipped, were left out.
 * - `once`: the clock shows this time twice, and it fires the first time only.
 * - `repeated`: the clock shows this time a second time, and it fires again.
 * - `forward`, `back`: the clock was changed since the fire before, in the days before this one.
 */
export type ClockChangeKind = 'skipped' | 'left-out' | 'once' | 'repeated' | 'forward' | 'back'

export interface PreviewedFire {
  readonly atMs: number
  /** How far the clock is ahead of UTC then. */
  readonly offsetMs: number
  readonly change: { readonly kind: ClockChangeKind; readonly jump: ClockJump } | null
}

/**
 * @param fromMs the fires are strictly after it
 * @throws UnknownZoneError
 */
export function previewFires(
  schedule: Schedule,
  context: FireContext,
  fromMs: number,
  count: number,
): readonly PreviewedFire[] {
  const history = historyOf(schedule.zone ?? context.zone)
  let beforeMs = fromMs
  return [...firesBetween(schedule, fromMs, Number.POSITIVE_INFINITY, context, count)].map((atMs) => {
    const change = changeOf(schedule, history, beforeMs, atMs)
    beforeMs = atMs
    return { atMs, offsetMs: history.spanAt(atMs).offsetMs, change }
  })
}

function changeOf(schedule: Schedule, history: ZoneHistory, beforeMs: number, atMs: number): PreviewedFire['change'] {
  const before = jumpThrough(history, beforeMs, atMs)
  const cronChange = schedule.kind === 'cron' ? cronChangeOf(schedule, history, atMs, before) : null
  if (cronChange !== null || before === null || atMs - before.atMs > recentMs) return cronChange
  return { kind: before.toLocalMs > before.fromLocalMs ? 'forward' : 'back', jump: before }
}

function cronChangeOf(
  cron: CronSchedule,
  history: ZoneHistory,
  atMs: number,
  before: ClockJump | null,
): PreviewedFire['change'] {
  if (before !== null && hasMatchIn(cron, before.fromLocalMs, before.toLocalMs)) {
    if (cron.followsWallClock) return { kind: 'left-out', jump: before }
    if (before.atMs === atMs) return { kind: 'skipped', jump: before }
  }
  const localMs = atMs + history.spanAt(atMs).offsetMs
  const isShownTwice = (jump: ClockJump) => localMs >= jump.toLocalMs && localMs < jump.fromLocalMs
  const earlier = jumpThrough(history, atMs - dayMs, atMs)
  if (earlier !== null && isShownTwice(earlier)) return { kind: 'repeated', jump: earlier }
  const later = jumpThrough(history, atMs, atMs + dayMs)
  if (later !== null && isShownTwice(later) && !cron.followsWallClock) return { kind: 'once', jump: later }
  return null
}

/** Only a clock that jumps forward skips times. */
function hasMatchIn(cron: CronSchedule, fromLocalMs: number, toLocalMs: number): boolean {
  if (toLocalMs <= fromLocalMs) return false
  const match = nextLocalMatch(cron, Math.ceil(fromLocalMs / secondMs) * secondMs)
  return match !== null && match < toLocalMs
}

/** The last time the clock was changed after `fromMs`, up to and including `throughMs`. */
function jumpThrough(history: ZoneHistory, fromMs: number, throughMs: number): ClockJump | null {
  let found: ClockJump | null = null
  let span = history.spanAt(fromMs)
  // A rare fire may be many years away; then only what was changed last, before it, is of interest.
  if (throughMs - span.endMs > 400 * dayMs) span = history.spanAt(throughMs - 400 * dayMs)
  while (span.endMs <= throughMs) {
    const next = history.spanAt(span.endMs)
    if (next.offsetMs !== span.offsetMs)
      found = { atMs: span.endMs, fromLocalMs: span.endMs + span.offsetMs, toLocalMs: span.endMs + next.offsetMs }
    span = next
  }
  return found
}
