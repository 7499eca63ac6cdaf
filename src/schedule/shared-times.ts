/**
 * The next fires of very many jobs: worked out once for all jobs that have the same schedule, and kept until they pass.
 *
 * Easy to get wrong: 100,000 parsed schedules are tens of megabytes. A schedule that rests for long is forgotten but for
 * its next fire, and parsed again when that has passed.
 */
import type { ScheduledJob } from '../model/scheduled-job.ts'
import { FireTimes, fireContext, isInterval, type Timed } from './fire-times.ts'
import { parseSchedule } from './grammar/parse-schedule.ts'

/** What some jobs have in common: when they fire. */
export class SharedTimes {
  readonly key: string
  /** Jobs that have it, and of these the ones that are not disabled. */
  jobCount = 0
  enabledCount = 0
  readonly #job: Timed
  readonly #agentZone: string
  /** Null for the schedule of a version that this is not. */
  #times: FireTimes | null | undefined

  /** @param job any of them */
  constructor(key: string, job: Timed, agentZone: string) {
    this.key = key
    this.#job = job
    this.#agentZone = agentZone
  }

  /** The first fire strictly after `nowMs`; null when there is none, or the schedule is of a version that this is not. */
  next(nowMs: number): number | null {
    return attempt(() => this.#known()?.next(nowMs) ?? null)
  }

  /** Every fire in the time after `fromMs` up to and including `toMs`, in order. */
  *between(fromMs: number, toMs: number): Generator<number, void, undefined> {
    const times = this.#known()
    if (times !== null) yield* times.between(fromMs, toMs)
  }

  #known(): FireTimes | null {
    if (this.#times === undefined) this.#times = attempt(() => new FireTimes(this.#job, this.#agentZone))
    return this.#times
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
    const zone = job.timezone ?? this.#agentZone
    const anchorMs = anchorOf(job, this.#agentZone)
    const key = `${zone}\n${anchorMs}\n${job.schedule}`
    let times = this.#byKey.get(key)
    if (times === undefined) {
      times = new SharedTimes(key, { schedule: job.schedule, timezone: zone, createdAt: anchorMs }, zone)
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
}

/** Only an interval counts from its job's creation, and only by where in the interval that was. */
function anchorOf(job: Timed, agentZone: string): number {
  if (!isInterval(job.schedule)) return 0
  const { anchorMs } = fireContext(job, agentZone)
  const schedule = attempt(() => parseSchedule(job.schedule))
  return schedule?.kind === 'every' ? anchorMs % schedule.intervalMs : anchorMs
}

/** A job stored by another version may have a schedule or a zone that this one does not know. */
function attempt<Value>(read: () => Value): Value | null {
  try {
    return read()
  } catch {
    return null
  }
}
