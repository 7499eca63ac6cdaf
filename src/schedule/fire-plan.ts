/**
 * All jobs that can fire, each with its next fire: what the leader keeps in memory.
 *
 * Easy to get wrong: `handledThroughMs` is kept per job. After an error, a stall or a clock step the plan is made again
 * from there, so that no job loses a fire because another one was further on.
 */
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'
import { planOverdue } from './catch-up.ts'
import { DueQueue } from './due-queue.ts'
import { FireTimes } from './fire-times.ts'
import type { MissedFires } from './missed-backlog.ts'

export interface PlannedJob {
  readonly job: ScheduledJob
  readonly times: FireTimes
  /** Every fire at or before this instant was recorded, or decided to be missed. */
  handledThroughMs: number
  /** The next fire to start, epoch ms. */
  nextAt: number | null
}

export interface FirePlanParts {
  readonly agentZone: string
  readonly log: Log
  /** Takes what `planOverdue` decided not to start. */
  onMissed(missed: Omit<MissedFires, 'isRecorded'>): void
}

export class FirePlan {
  readonly #parts: FirePlanParts
  readonly #jobs = new Map<string, PlannedJob>()
  readonly #queue = new DueQueue()

  constructor(parts: FirePlanParts) {
    this.#parts = parts
  }

  /** The earliest second with something to start, or null. */
  get firstSecond(): number | null {
    return this.#queue.firstSecond
  }

  /**
   * Adds a job, takes over its new definition, or decides anew what becomes of its fires whose time has passed.
   *
   * @param floorMs for a job not known yet: fires up to here were dealt with by earlier leaders
   */
  put(job: ScheduledJob, floorMs: number, nowMs: number): void {
    const known = this.#jobs.get(job.name)
    const times = job.isDisabled ? null : this.#timesOf(job, known)
    if (times === null) {
      this.remove(job.name)
      return
    }
    // An earlier job of this name may have had its fires; the new one begins with its own.
    const isSameJob = known !== undefined && known.job.createdAt === job.createdAt
    const handledMs = isSameJob ? known.handledThroughMs : floorMs
    const planned = { job, times, handledThroughMs: Math.max(handledMs, job.scheduledSince), nextAt: null }
    this.#jobs.set(job.name, planned)
    this.#planFrom(planned, nowMs)
  }

  remove(name: string): void {
    this.#jobs.delete(name)
    this.#queue.remove(name)
  }

  /** Drops every job that `isThere` denies. */
  keepOnly(isThere: (name: string) => boolean): void {
    for (const name of [...this.#jobs.keys()]) if (!isThere(name)) this.remove(name)
  }

  /** Forgets all jobs. */
  clear(): void {
    this.#jobs.clear()
    this.#queue.clear()
  }

  /** The wall clock was set back by far: what was dealt with in the future that never came does not count. */
  forgetAfter(nowMs: number): void {
    for (const planned of this.#jobs.values()) planned.handledThroughMs = Math.min(planned.handledThroughMs, nowMs)
  }

  /** Takes what is due in `second` or before; it counts as handled until `putBack`. */
  take(second: number): readonly PlannedJob[] {
    const taken = this.#queue.takeThrough(second).flatMap((name) => this.#jobs.get(name) ?? [])
    for (const planned of taken) planned.handledThroughMs = Math.max(planned.handledThroughMs, planned.nextAt ?? 0)
    return taken
  }

  /** What was taken was started: each waits for its next fire. A job that was edited meanwhile already does. */
  advance(taken: readonly PlannedJob[]): void {
    for (const planned of taken)
      if (this.#isCurrent(planned)) this.#setNext(planned, planned.times.next(planned.handledThroughMs))
  }

  /** What was taken could not be started: it is due again, also when the job was edited meanwhile. */
  putBack(taken: readonly PlannedJob[]): void {
    for (const { job, nextAt } of taken) {
      const current = this.#jobs.get(job.name)
      if (current?.job.createdAt !== job.createdAt || nextAt === null || nextAt <= current.job.scheduledSince) continue
      current.handledThroughMs = Math.min(current.handledThroughMs, nextAt - 1)
      this.#setNext(current, nextAt)
    }
  }

  #isCurrent(planned: PlannedJob): boolean {
    return this.#jobs.get(planned.job.name) === planned
  }

  #planFrom(planned: PlannedJob, nowMs: number): void {
    const { job, times } = planned
    const { catchup, lateLimitMs } = job
    const plan = planOverdue({ times, handledThroughMs: planned.handledThroughMs, nowMs, catchup, lateLimitMs })
    for (const span of plan.missed)
      this.#parts.onMissed({ jobName: job.name, times, lateLimitMs, span, decidedAt: nowMs })
    const lastMissedMs = plan.missed.at(-1)?.throughMs
    if (lastMissedMs !== undefined) planned.handledThroughMs = Math.max(planned.handledThroughMs, lastMissedMs)
    this.#setNext(planned, plan.resumeAt)
  }

  #setNext(planned: PlannedJob, nextAt: number | null): void {
    planned.nextAt = nextAt
    // A fire between two seconds (an `@at` with a fraction) is due when its second has ended, never early.
    if (nextAt === null) this.#queue.remove(planned.job.name)
    else this.#queue.set(planned.job.name, Math.ceil(nextAt / 1_000))
  }

  #timesOf(job: ScheduledJob, known: PlannedJob | undefined): FireTimes | null {
    if (known?.job === job) return known.times
    try {
      return new FireTimes(job, this.#parts.agentZone)
    } catch (error) {
      this.#parts.log.error(
        { jobName: job.name, error: messageOf(error) },
        'job cannot fire: its schedule is not valid',
      )
      return null
    }
  }
}
