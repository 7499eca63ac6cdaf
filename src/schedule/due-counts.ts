/**
 * How many fires are to come, and when, of very many jobs.
 *
 * Easy to get wrong: jobs of every second make thousands of fires an hour each. Jobs with the same schedule are counted
 * together, the work rests now and then, and it ends at some number of fires however many there are.
 */
import { TimeSlice } from '../core/time-slice.ts'
import type { SharedTimes } from './shared-times.ts'

export interface DueQuestion {
  readonly nowMs: number
  /** Fires after this instant, or after now if that is later, up to and including `toMs`. */
  readonly fromMs: number
  readonly toMs: number
  /** Fires are counted by spans of this length, counted from the epoch. */
  readonly stepMs: number
  /** So many fires are worked out at most, of all schedules together. */
  readonly mostFires: number
}

export interface DueCounts {
  /** By number of the span since the epoch. */
  readonly bySpan: ReadonlyMap<number, number>
  /** False when there were more fires than were to be worked out. */
  readonly isComplete: boolean
}

export async function countDue(schedules: readonly SharedTimes[], question: DueQuestion): Promise<DueCounts> {
  const { nowMs, toMs, stepMs, mostFires } = question
  const fromMs = Math.max(nowMs, question.fromMs)
  const bySpan = new Map<number, number>()
  const slice = new TimeSlice()
  let found = 0
  for (const [count, times] of schedules.entries()) {
    if (count % 32 === 0 && slice.isOver) await slice.rest()
    if (times.enabledCount === 0) continue
    const next = times.next(nowMs)
    if (next === null || next > toMs) continue
    for (const atMs of times.between(fromMs, toMs)) {
      if (found >= mostFires) return { bySpan, isComplete: false }
      const span = Math.floor(atMs / stepMs)
      bySpan.set(span, (bySpan.get(span) ?? 0) + times.enabledCount)
      found += 1
      if (found % 64 === 0 && slice.isOver) await slice.rest()
    }
  }
  return { bySpan, isComplete: true }
}
