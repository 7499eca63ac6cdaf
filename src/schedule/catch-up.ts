/**
 * What becomes of fires whose time has passed: made up, or recorded as missed. Pure.
 *
 * Easy to get wrong: the plan speaks of spans of time, not of fires, because a job of every second that nobody led for
 * days has too many of them to list.
 */
import type { Catchup } from '../model/scheduled-job.ts'
import type { FireTimes } from './fire-times.ts'

export interface OverdueFacts {
  readonly times: Pick<FireTimes, 'next' | 'last'>
  /** Every fire at or before this instant has been dealt with. */
  readonly handledThroughMs: number
  readonly nowMs: number
  readonly catchup: Catchup
  readonly lateLimitMs: number
}

/** Why the fires of a span are not started. */
export type MissedCause = 'too-late' | 'newer-one-made-up' | 'no-catchup'

/** All fires after `afterMs` up to and including `throughMs`. */
export interface MissedSpan {
  readonly afterMs: number
  readonly throughMs: number
  readonly cause: MissedCause
}

export interface OverduePlan {
  readonly missed: readonly MissedSpan[]
  /** The next fire to start, in the past when it is to be made up; null: none any more. */
  readonly resumeAt: number | null
}

/** A fire that starts no later than this counts as in time, whatever `catchup` says. */
export const graceMs = 2_000

export function planOverdue(facts: OverdueFacts): OverduePlan {
  const { times, handledThroughMs, nowMs } = facts
  const first = times.next(handledThroughMs)
  if (first === null || first > nowMs) return { missed: [], resumeAt: first }
  switch (facts.catchup) {
    case 'all':
      return resumeFrom(facts, first, nowMs - facts.lateLimitMs, 'too-late')
    case 'none':
      return resumeFrom(facts, first, nowMs - Math.min(facts.lateLimitMs, graceMs), 'no-catchup')
    case 'last':
      return resumeAtLast(facts, first)
  }
}

/** Starts every fire from `fromMs` on; those before are missed. */
function resumeFrom(facts: OverdueFacts, first: number, fromMs: number, cause: MissedCause): OverduePlan {
  if (first >= fromMs) return { missed: [], resumeAt: first }
  const throughMs = Math.ceil(fromMs) - 1
  return {
    missed: [{ afterMs: facts.handledThroughMs, throughMs, cause }],
    resumeAt: facts.times.next(throughMs),
  }
}

function resumeAtLast({ times, handledThroughMs, nowMs, lateLimitMs }: OverdueFacts, first: number): OverduePlan {
  const last = times.last(handledThroughMs, nowMs) ?? first
  if (last < nowMs - lateLimitMs)
    return {
      missed: [{ afterMs: handledThroughMs, throughMs: nowMs, cause: 'too-late' }],
      resumeAt: times.next(nowMs),
    }
  if (last === first) return { missed: [], resumeAt: last }
  return { missed: [{ afterMs: handledThroughMs, throughMs: last - 1, cause: 'newer-one-made-up' }], resumeAt: last }
}
