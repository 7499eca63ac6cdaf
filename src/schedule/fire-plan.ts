/**
 * All jobs that can fire, each with its next fire: what the leader keeps in memory.
 *
 * Easy to get wrong: `handledThroughMs` is kept per job. After an error, a stall or a clock step the plan is made again
 * from there, so that no job loses a fire because another one was further on. And a change owes what was due before it:
 * as long as that has not been dealt with, the job stays what it was, and what it becomes waits.
 */
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'
import { planOverdue } from './catch-up.ts'
import { DueQueue } from './due-queue.ts'
import type { FireTimes } from './fire-times.ts'
import type { FireTimesTable } from './fire-times-table.ts'
import type { MissedFires } from './missed-backlog.ts'

export interface PlannedJob {
  readonly job: ScheduledJob
  readonly times: FireTimes
  /** Every fire at or before this instant was recorded, or decided to be missed. */
  handledThroughMs: number
  /** The next fire to start, epoch ms. */
  nextAt: number | null
}

/** What a job becomes once everything due up to `atMs` has been dealt with. */
interface Successor {
  readonly job: ScheduledJob
  readonly atMs: number
}

export interface FirePlanParts {
  readonly times: Pick<FireTimesTable, 'of'>
  readonly log: Log
  /** Takes what `planOverdue` decided not to start. */
  onMissed(missed: Omit<MissedFires, 'isRecorded'>): void
}

export class FirePlan {
  readonly #parts: FirePlanParts
  readonly #jobs = new Map<string, PlannedJob>()
  readonly #queue = new DueQueue()
  /** Oldest first; never empty. */
  readonly #successors = new Map<string, readonly Successor[]>()
  /** Jobs that were switched off. */
  readonly #off = new Map<string, ScheduledJob>()

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
    // An earlier job of this name may have had its fires; the new one begins with its own.
    const isSameJob = known !== undefined && known.job.createdAt === job.createdAt
    if (!isSameJob) this.#successors.delete(job.name)
    else if (this.#mustSettle(known, job, nowMs)) {
      // A copy, for what is being started of the known one keeps its instant.
      const settling = { ...known }
      this.#jobs.set(job.name, settling)
      this.#planFrom(settling, nowMs)
      return
    }
    this.#install(job, known, isSameJob ? known.handledThroughMs : floorMs, nowMs)
  }

  remove(name: string): void {
    this.#jobs.delete(name)
    this.#queue.remove(name)
    this.#successors.delete(name)
    this.#off.delete(name)
  }

  /** Drops every job that `isThere` denies. */
  keepOnly(isThere: (name: string) => boolean): void {
    for (const name of [...this.#jobs.keys()]) if (!isThere(name)) this.remove(name)
  }

  /** Forgets all jobs. */
  clear(): void {
    this.#jobs.clear()
    this.#queue.clear()
    this.#successors.clear()
    this.#off.clear()
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
    for (const planned of taken) {
      const { job, nextAt } = planned
      const current = this.#jobs.get(job.name)
      const becomes = current?.job ?? this.#off.get(job.name)
      if (nextAt === null || becomes?.createdAt !== job.createdAt) continue
      if (current !== undefined && nextAt > current.job.scheduledSince) {
        current.handledThroughMs = Math.min(current.handledThroughMs, nextAt - 1)
        this.#setNext(current, nextAt)
      } else this.#putBackChanged({ ...planned, handledThroughMs: nextAt - 1 }, { job: becomes, atMs: nextAt })
    }
  }

  /** It was due before the job was changed. */
  #putBackChanged(planned: PlannedJob, successor: Successor): void {
    const { name } = planned.job
    this.#successors.set(name, [successor, ...(this.#successors.get(name) ?? [])])
    this.#off.delete(name)
    this.#jobs.set(name, planned)
    this.#setNext(planned, planned.nextAt)
  }

  /** True while a job has fires due that it would owe no more after a change: they come first. */
  #mustSettle(known: PlannedJob, job: ScheduledJob, nowMs: number): boolean {
    const waiting = this.#successors.get(job.name) ?? []
    const last = waiting.at(-1)
    if ((last?.job ?? known.job) !== job) {
      const sinceMs = job.isDisabled ? nowMs : Math.min(job.scheduledSince, nowMs)
      const isOwed = known.nextAt !== null && known.nextAt <= sinceMs
      const isNewPlan = job.isDisabled || job.scheduledSince !== known.job.scheduledSince
      if (last !== undefined || (isOwed && isNewPlan))
        this.#successors.set(job.name, [...waiting, { job, atMs: Math.max(sinceMs, last?.atMs ?? 0) }])
    }
    return this.#successors.has(job.name)
  }

  /** @param nowMs null: what is overdue is looked at later */
  #install(job: ScheduledJob, known: PlannedJob | undefined, handledMs: number, nowMs: number | null): void {
    const times = job.isDisabled ? null : this.#timesOf(job, known)
    if (times === null) {
      this.remove(job.name)
      this.#off.set(job.name, job)
      return
    }
    this.#off.delete(job.name)
    const planned = { job, times, handledThroughMs: Math.max(handledMs, job.scheduledSince), nextAt: null }
    this.#jobs.set(job.name, planned)
    if (nowMs === null) this.#setNext(planned, times.next(planned.handledThroughMs), nowMs)
    else this.#planFrom(planned, nowMs)
  }

  #isCurrent(planned: PlannedJob): boolean {
    return this.#jobs.get(planned.job.name) === planned
  }

  #planFrom(planned: PlannedJob, nowMs: number): void {
    const { job } = planned
    const { catchup, lateLimitMs } = job
    const untilMs = this.#successors.get(job.name)?.[0]?.atMs ?? Number.POSITIVE_INFINITY
    const times = timesUntil(planned.times, untilMs)
    const plan = planOverdue({ times, handledThroughMs: planned.handledThroughMs, nowMs, catchup, lateLimitMs })
    for (const { afterMs, throughMs, cause } of plan.missed) {
      const span = { afterMs, throughMs: Math.min(throughMs, untilMs), cause }
      this.#parts.onMissed({ jobName: job.name, times: planned.times, lateLimitMs, span, decidedAt: nowMs })
      planned.handledThroughMs = Math.max(planned.handledThroughMs, span.throughMs)
    }
    this.#setNext(planned, plan.resumeAt, nowMs)
  }

  #setNext(planned: PlannedJob, nextAt: number | null, nowMs: number | null = null): void {
    const { name } = planned.job
    const untilMs = this.#successors.get(name)?.[0]?.atMs
    if (untilMs !== undefined && (nextAt === null || nextAt > untilMs)) {
      this.#succeed(planned, nowMs)
      return
    }
    planned.nextAt = nextAt
    // A fire between two seconds (an `@at` with a fraction) is due when its second has ended, never early.
    if (nextAt === null) this.#queue.remove(name)
    else this.#queue.set(name, Math.ceil(nextAt / 1_000))
  }

  /** Nothing is owed any more from before the change. */
  #succeed(planned: PlannedJob, nowMs: number | null): void {
    const { name } = planned.job
    const [successor, ...later] = this.#successors.get(name) ?? []
    this.#successors.delete(name)
    if (successor === undefined) return
    this.#install(successor.job, planned, Math.max(planned.handledThroughMs, successor.atMs), nowMs)
    const last = later.at(-1)
    if (last === undefined) return
    // Switched off in between: it begins with what it is now, which owes nothing for that time.
    if (!this.#jobs.has(name)) this.#install(last.job, planned, last.atMs, nowMs)
    else {
      this.#successors.set(name, later)
      const current = this.#jobs.get(name)
      if (current !== undefined) this.#setNext(current, current.nextAt, nowMs)
    }
  }

  #timesOf(job: ScheduledJob, known: PlannedJob | undefined): FireTimes | null {
    if (known?.job === job) return known.times
    try {
      return this.#parts.times.of(job)
    } catch (error) {
      this.#parts.log.error(
        { jobName: job.name, error: messageOf(error) },
        'job cannot fire: its schedule is not valid',
      )
      return null
    }
  }
}

/** The fires of `times` up to and including `untilMs`. */
function timesUntil(times: FireTimes, untilMs: number): Pick<FireTimes, 'next' | 'last'> {
  if (untilMs === Number.POSITIVE_INFINITY) return times
  return {
    next: (afterMs) => {
      const next = times.next(afterMs)
      return next !== null && next <= untilMs ? next : null
    },
    last: (afterMs, throughMs) => times.last(afterMs, Math.min(throughMs, untilMs)),
  }
}
