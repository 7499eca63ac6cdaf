/**
 * The fires of one job: its schedule, zone and anchor put together.
 *
 * Easy to get wrong: `@every` counts from the whole second in which the job was created, so that all fires but those
 * of an `@at` with a fraction fall on whole seconds.
 */
import type { Schedule } from '../model/schedule.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'
import { type FireContext, firesBetween, nextFire } from './grammar/next-fire.ts'
import { parseSchedule } from './grammar/parse-schedule.ts'
import { requireKnownZone } from './grammar/zone.ts'

export interface NewestFires {
  /** Oldest first. */
  readonly fires: readonly number[]
  /** The very first fire of the span when it is not in `fires`, else null. */
  readonly firstLeftOut: number | null
}

export class FireTimes {
  readonly #schedule: Schedule
  readonly #context: FireContext

  /** @throws InvalidScheduleError, UnknownZoneError */
  constructor(job: Pick<ScheduledJob, 'schedule' | 'timezone' | 'createdAt'>, agentZone: string) {
    this.#schedule = parseSchedule(job.schedule)
    this.#context = fireContext(job, agentZone)
    requireKnownZone(this.#context.zone)
  }

  /** The first fire strictly after `afterMs`, or null. */
  next(afterMs: number): number | null {
    return nextFire(this.#schedule, afterMs, this.#context)
  }

  /** The last `limit` fires in the time after `afterMs` up to and including `throughMs`. */
  newest(afterMs: number, throughMs: number, limit: number): NewestFires {
    const first = this.next(afterMs)
    if (first === null || first > throughMs) return { fires: [], firstLeftOut: null }
    // Fires are at least a second apart: the first window holds no more than asked for. It grows until it has enough.
    for (let windowMs = limit * 1_000; ; windowMs *= 2) {
      const fromMs = Math.max(afterMs, throughMs - windowMs)
      const found = [...firesBetween(this.#schedule, fromMs, throughMs, this.#context)]
      if (found.length < limit && fromMs > afterMs) continue
      const fires = found.slice(-limit)
      return { fires, firstLeftOut: fires[0] === first ? null : first }
    }
  }

  /** The last fire in the time after `afterMs` up to and including `throughMs`, or null. */
  last(afterMs: number, throughMs: number): number | null {
    return this.newest(afterMs, throughMs, 1).fires[0] ?? null
  }
}

/** The zone and anchor that the grammar needs. */
export function fireContext(job: Pick<ScheduledJob, 'timezone' | 'createdAt'>, agentZone: string): FireContext {
  return { zone: job.timezone ?? agentZone, anchorMs: Math.floor(job.createdAt / 1_000) * 1_000 }
}
