/**
 * The fires of all jobs that have the same schedule, zone and anchor.
 *
 * Easy to get wrong: `@every` counts from the whole second in which the job was created, so that all fires but those
 * of an `@at` with a fraction fall on whole seconds. And 100,000 parsed schedules are tens of megabytes: one that rests
 * for long is forgotten but for its next fire, and parsed again when that has passed.
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

/** What the fires of a job depend on. */
export type Timed = Pick<ScheduledJob, 'schedule' | 'timezone' | 'createdAt'>

/** Parsed schedules that fire less often than this are not kept. */
const keptForMs = 3_600_000
const everyWord = /^\s*(?:(?:CRON_)?TZ=\S*\s+)?@every/i

export class FireTimes {
  readonly #spec: string
  readonly #context: FireContext
  #schedule: Schedule | null
  #nextAt: number | null = null
  /** `#nextAt` is the first fire after any instant from here on that is before it. */
  #knownFromMs = Number.POSITIVE_INFINITY

  /** @throws InvalidScheduleError, UnknownZoneError */
  constructor(job: Timed, agentZone: string) {
    this.#spec = job.schedule
    this.#schedule = parseSchedule(job.schedule)
    this.#context = fireContext(job, agentZone)
    requireKnownZone(this.#context.zone)
  }

  /** The first fire strictly after `afterMs`, or null. */
  next(afterMs: number): number | null {
    if (afterMs >= this.#knownFromMs && (this.#nextAt === null || afterMs < this.#nextAt)) return this.#nextAt
    this.#nextAt = nextFire(this.#parsed(), afterMs, this.#context)
    this.#knownFromMs = afterMs
    if (this.#nextAt === null || this.#nextAt - afterMs > keptForMs) this.#schedule = null
    return this.#nextAt
  }

  /** Every fire in the time after `afterMs` up to and including `throughMs`, in order. */
  between(afterMs: number, throughMs: number): Generator<number, void, undefined> {
    return firesBetween(this.#parsed(), afterMs, throughMs, this.#context)
  }

  /** The last `limit` fires in the time after `afterMs` up to and including `throughMs`. */
  newest(afterMs: number, throughMs: number, limit: number): NewestFires {
    const first = this.next(afterMs)
    if (first === null || first > throughMs) return { fires: [], firstLeftOut: null }
    // Fires are at least a second apart: the first window holds no more than asked for. It grows until it has enough.
    for (let windowMs = limit * 1_000; ; windowMs *= 2) {
      const fromMs = Math.max(afterMs, throughMs - windowMs)
      const found = [...this.between(fromMs, throughMs)]
      if (found.length < limit && fromMs > afterMs) continue
      const fires = found.slice(-limit)
      return { fires, firstLeftOut: fires[0] === first ? null : first }
    }
  }

  /** The last fire in the time after `afterMs` up to and including `throughMs`, or null. */
  last(afterMs: number, throughMs: number): number | null {
    return this.newest(afterMs, throughMs, 1).fires[0] ?? null
  }

  #parsed(): Schedule {
    this.#schedule ??= parseSchedule(this.#spec)
    return this.#schedule
  }
}

/** The zone and anchor that the grammar needs. */
export function fireContext(job: Pick<Timed, 'timezone' | 'createdAt'>, agentZone: string): FireContext {
  return { zone: job.timezone ?? agentZone, anchorMs: Math.floor(job.createdAt / 1_000) * 1_000 }
}

/** Whether a specification is one of those that count from their job's creation; true too for one that is not valid. */
export function isInterval(spec: string): boolean {
  return everyWord.test(spec)
}
