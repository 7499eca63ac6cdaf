/**
 * The next fires of very many jobs: worked out once for all jobs that have the same schedule, and kept until they pass.
 *
 * Easy to get wrong: 100,000 parsed schedules are tens of megabytes. A schedule that rests for long is forgotten but for
 * its next fire, and parsed again when that has passed.
 */
import type { Schedule } from '../model/schedule.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'
import { fireContext } from './fire-times.ts'
import { type FireContext, firesBetween, nextFire } from './grammar/next-fire.ts'
import { parseSchedule } from './grammar/parse-schedule.ts'

/** Parsed schedules that fire less often than this are not kept. */
const keptForMs = 3_600_000
const everyWord = /^\s*(?:(?:CRON_)?TZ=\S*\s+)?@every/i

type Timed = Pick<ScheduledJob, 'schedule' | 'timezone' | 'createdAt'>

/** What some jobs have in common: when they fire. */
export class SharedTimes {
  readonly key: string
  /** Jobs that have it, and of these the ones that are not disabled. */
  jobCount = 0
  enabledCount = 0
  readonly #spec: string
  readonly #context: FireContext
  #schedule: Schedule | null = null
  #nextAt: number | null = null
  /** `#nextAt` is the first fire after any instant from here on that is before it. */
  #knownFromMs = Number.POSITIVE_INFINITY

  constructor(key: string, spec: string, context: FireContext) {
    this.key = key
    this.#spec = spec
    this.#context = context
  }

  /** The first fire strictly after `nowMs`; null when there is none, or the schedule is of a version that this is not. */
  next(nowMs: number): number | null {
    if (nowMs >= this.#knownFromMs && (this.#nextAt === null || nowMs < this.#nextAt)) return this.#nextAt
    const schedule = this.#parsed()
    this.#nextAt = schedule === null ? null : attempt(() => nextFire(schedule, nowMs, this.#context))
    this.#knownFromMs = nowMs
    if (this.#nextAt === null || this.#nextAt - nowMs > keptForMs) this.#schedule = null
    return this.#nextAt
  }

  /** Every fire in the time after `fromMs` up to and including `toMs`, in order. */
  *between(fromMs: number, toMs: number): Generator<number, void, undefined> {
    const schedule = this.#parsed()
    if (schedule !== null) yield* firesBetween(schedule, fromMs, toMs, this.#context)
  }

  #parsed(): Schedule | null {
    this.#schedule ??= attempt(() => parseSchedule(this.#spec))
    return this.#schedule
  }
}

export class SharedTimesTable {
  readonly #agentZone: string
  readonly #byKey = new Map<string, SharedTimes>()

  /** @param agentZone for jobs that name no zone */
  constructor(agentZone: string) {
    this.#agentZone = agentZone
  }

  /** The times of a job, which counts from now on until `release`. */
  take(job: Timed & Pick<ScheduledJob, 'isDisabled'>): SharedTimes {
    const context = this.#contextOf(job)
    const key = `${context.zone}\n${context.anchorMs}\n${job.schedule}`
    let times = this.#byKey.get(key)
    if (times === undefined) {
      times = new SharedTimes(key, job.schedule, context)
      this.#byKey.set(key, times)
    }
    times.jobCount += 1
    if (!job.isDisabled) times.enabledCount += 1
    return times
  }

  /** @param job as it was when it was taken */
  release(times: SharedTimes, job: Pick<ScheduledJob, 'isDisabled'>): void {
    times.jobCount -= 1
    if (!job.isDisabled) times.enabledCount -= 1
    if (times.jobCount === 0) this.#byKey.delete(times.key)
  }

  all(): readonly SharedTimes[] {
    return [...this.#byKey.values()]
  }

  /** Only an interval counts from its job's creation, and only by where in the interval that was. */
  #contextOf(job: Timed): FireContext {
    const context = fireContext(job, this.#agentZone)
    if (!everyWord.test(job.schedule)) return { ...context, anchorMs: 0 }
    const schedule = attempt(() => parseSchedule(job.schedule))
    if (schedule?.kind !== 'every') return context
    return { ...context, anchorMs: context.anchorMs % schedule.intervalMs }
  }
}

/** A job stored by another version may have a schedule or a zone that this one does not know. */
function attempt<Value>(read: () => Value): Value | null {
  try {
    return read()
  } catch {
    return null
  }
}
