/**
 * Scheduled jobs as the APIs use them: list, read, save, delete, run now.
 *
 * Easy to get wrong: a save is a compare-and-set. When somebody else was faster the patch is laid over what they
 * stored, so two saves of different fields both count.
 */
import type { Clock } from '../core/clock.ts'
import { ConflictError, InvalidError, type Issue, NotFoundError } from '../core/errors.ts'
import { SharedQuestion } from '../core/shared-question.ts'
import { sortedInSlices } from '../core/sorted-in-slices.ts'
import { TimeSlice } from '../core/time-slice.ts'
import type { Bucket, Versioned } from '../model/bucket.ts'
import type { Execution } from '../model/execution.ts'
import { type JobCounters, type ScheduledJob, slugOf } from '../model/scheduled-job.ts'
import { checkJob, type JobChecks, longestName } from './check-job.ts'
import { FireTimesTable } from './fire-times-table.ts'
import { applyPatch, type JobPatch } from './job-patch.ts'
import type { JobView } from './job-view.ts'
import type { Placer } from './placer.ts'
import type { Dispatcher, ExecutionLog, FireLog } from './ports.ts'
import { RunGroups } from './run-groups.ts'
import { runJob } from './run-now.ts'
import { groupTimeMs } from './start-order.ts'

/** How long a list waits for what the store has and this node has not heard of. */
const catchUpMs = 1_000

/** A job with what others know about it. */
export interface JobDetails {
  readonly job: ScheduledJob
  readonly counters: JobCounters
  /** The next fire, or null: disabled, manual, or over. */
  readonly nextAt: number | null
}

export interface SavedJob extends JobDetails {
  readonly isNew: boolean
}

/** What a save would do. */
export interface JobPreview {
  readonly stored: JobDetails | null
  readonly next: JobDetails
}

export interface JobServiceParts {
  readonly bucket: Bucket<ScheduledJob>
  readonly view: JobView
  readonly checks: JobChecks
  readonly counters: { of(job: Pick<ScheduledJob, 'name' | 'createdAt'>): JobCounters; forget(jobName: string): void }
  readonly history: Pick<ExecutionLog, 'append' | 'list' | 'purge'>
  readonly fireLog: Pick<FireLog, 'createRun'>
  readonly dispatcher: Dispatcher
  readonly placer: Placer
  /** Has the leader run a job that forbids overlap. @throws UnavailableError when there is none */
  readonly runAlone: (jobName: string, group: string) => Promise<void>
  readonly clock: Clock
  /** By default a table of its own. */
  readonly times?: FireTimesTable
}

/** A job is shown as it is known here when the store needs longer. */
const answerWithinMs = 1_000
/** Saves that lose more races than this in a row give up. */
const mostTries = 50

export class JobService {
  readonly #parts: JobServiceParts
  readonly #groups = new RunGroups()
  readonly #times: FireTimesTable
  readonly #freshness = new SharedQuestion(() => this.#lookHowFresh())
  /** Saves and deletes of one name on this node go one after another. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(parts: JobServiceParts) {
    this.#parts = parts
    this.#times = parts.times ?? new FireTimesTable(parts.checks.agentZone)
  }

  /** Every job, by name; those too that another node has just stored, unless the store is away. */
  async list(): Promise<readonly JobDetails[]> {
    const limit = AbortSignal.timeout(catchUpMs)
    const isOver = new Promise<void>((resolve) => limit.addEventListener('abort', () => resolve(), { once: true }))
    await Promise.race([this.#parts.view.caughtUp(limit).catch(() => {}), isOver])
    const slice = new TimeSlice()
    const jobs = await sortedInSlices(await this.#parts.view.list(), (a, b) => (a.name < b.name ? -1 : 1), slice)
    const listed: JobDetails[] = []
    for (const [count, job] of jobs.entries()) {
      if (count % 64 === 0 && slice.isOver) await slice.rest()
      listed.push(this.#details(job))
    }
    return listed
  }

  /** @param name in any spelling that gives the job's slug @throws NotFoundError */
  async get(name: string): Promise<JobDetails> {
    return this.#details((await this.#find(name)).value)
  }

  /**
   * Creates a job or changes the fields that the patch names.
   *
   * @param known problems that the caller has already found, as issues with domain names; then nothing is stored and
   *   all problems are reported together
   * @throws InvalidError with every problem
   * @throws ConflictError when others kept changing the job
   */
  save(patch: JobPatch, known: readonly Issue[] = []): Promise<SavedJob> {
    const name = slugOf(patch.name)
    return this.#inTurn(name, () => this.#save(name, patch, known))
  }

  /** What `save` would make of the patch now; nothing is stored. @throws InvalidError with every problem */
  async preview(patch: JobPatch, known: readonly Issue[] = []): Promise<JobPreview> {
    const name = slugOf(patch.name)
    const stored = isStorable(name) ? ((await this.#current(name))?.value ?? null) : null
    const job = applyPatch(name, patch, stored, this.#parts.clock.now())
    const issues = this.#issuesOf(job, stored, known)
    if (issues.length > 0) throw new InvalidError(issues)
    return { stored: stored === null ? null : this.#details(stored), next: this.#details(job) }
  }

  /** Deletes the job, its history and its counters. @returns the job as it was @throws NotFoundError */
  async delete(name: string): Promise<JobDetails> {
    return this.#inTurn(slugOf(name), async () => {
      const details = await this.#deleteNewest(name)
      this.#parts.counters.forget(details.job.name)
      await this.#parts.history.purge(details.job.name)
      return details
    })
  }

  /** Starts the job now, disabled or not, on the nodes it belongs to. Resolves when the order is durable. */
  async runNow(name: string): Promise<JobDetails> {
    const { value: job } = await this.#find(name)
    // A clock behind the one that created the job must not make the run look older than the job.
    const group = this.#groups.next(Math.max(this.#parts.clock.now(), job.createdAt))
    if (job.concurrency === 'forbid') await this.#parts.runAlone(job.name, group)
    else await runJob(this.#parts, job, group)
    return this.#details(job)
  }

  /** What has ended, oldest first; nothing of an earlier job of the same name. @throws NotFoundError */
  async executions(name: string): Promise<readonly Execution[]> {
    const { value: job } = await this.#find(name)
    const executions = await this.#parts.history.list(job.name)
    return executions.filter(({ group }) => groupTimeMs(group) >= Math.floor(job.createdAt))
  }

  async #save(name: string, patch: JobPatch, known: readonly Issue[]): Promise<SavedJob> {
    let stored = this.#parts.view.peek(name)
    let hasAsked = stored !== null || !isStorable(name)
    for (let attempt = 1; attempt <= mostTries; attempt += 1) {
      const job = applyPatch(name, patch, stored?.value ?? null, this.#parts.clock.now())
      const issues = this.#issuesOf(job, stored?.value ?? null, known)
      if (issues.length > 0) {
        if (hasAsked) throw new InvalidError(issues)
        // It may change a job that only the store knows. A whole job meets that one when it is created.
        hasAsked = true
        stored = await this.#parts.view.findNewest(name)
        continue
      }
      try {
        const revision = await this.#store(job, stored)
        this.#parts.view.noteSaved(job, revision)
        return { ...this.#details(job), isNew: stored === null }
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        await this.#parts.clock.sleep(Math.random() * Math.min(attempt, 10))
        stored = await this.#newest(name, stored)
      }
    }
    throw new ConflictError(`job "${name}" is being changed by others all the time, try again`)
  }

  #store(job: ScheduledJob, stored: Versioned<ScheduledJob> | null): Promise<number> {
    const { bucket } = this.#parts
    return stored === null ? bucket.create(job.name, job) : bucket.update(job.name, job, stored.revision)
  }

  /** What the bucket holds now; the view may still show what is gone. */
  async #newest(name: string, seen: Versioned<ScheduledJob> | null): Promise<Versioned<ScheduledJob> | null> {
    const newest = await this.#parts.view.findNewest(name)
    if (newest === null && seen !== null) this.#parts.view.noteDeleted(name, seen.revision)
    return newest
  }

  #issuesOf(job: ScheduledJob, stored: ScheduledJob | null, known: readonly Issue[]): readonly Issue[] {
    const reported = new Set(known.map((issue) => issue.field))
    const found = checkJob({ job, stored, nowMs: this.#parts.clock.now() }, this.#parts.checks)
    return [...known, ...found.filter((issue) => !reported.has(issue.field))]
  }

  async #deleteNewest(name: string): Promise<JobDetails> {
    let stored = await this.#find(name)
    for (let attempt = 1; attempt <= mostTries; attempt += 1) {
      try {
        await this.#parts.bucket.delete(stored.key, stored.revision)
        const details = this.#details(stored.value)
        this.#parts.view.noteDeleted(stored.key, stored.revision)
        return details
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        stored = this.#assertFound(name, await this.#newest(stored.key, stored))
      }
    }
    throw new ConflictError(`job "${stored.key}" is being changed by others all the time, try again`)
  }

  async #find(name: string): Promise<Versioned<ScheduledJob>> {
    const slug = slugOf(name)
    return this.#assertFound(name, isStorable(slug) ? await this.#current(slug) : null)
  }

  /**
   * What the store holds now; what is known here when it does not answer soon.
   *
   * Usually the watch has told this node everything, and then one question to the store does for all who read meanwhile.
   */
  async #current(slug: string): Promise<Versioned<ScheduledJob> | null> {
    const { view } = this.#parts
    const freshness = await this.#freshness.ask()
    const known = view.peek(slug)
    if (freshness === 'fresh' || (freshness === 'unknown' && known !== null)) return known
    const asked = this.#newest(slug, known)
    return known === null ? asked : this.#soon(asked, () => view.peek(slug))
  }

  /** Whether this node knows what the store holds. */
  async #lookHowFresh(): Promise<'fresh' | 'behind' | 'unknown'> {
    const asked = this.#parts.view.isCaughtUp().then((isCaughtUp) => (isCaughtUp ? 'fresh' : 'behind'))
    return this.#soon<'fresh' | 'behind' | 'unknown'>(asked, () => 'unknown')
  }

  /** The answer, or `otherwise` when it does not come soon, or not at all. */
  async #soon<Answer>(answer: Promise<Answer>, otherwise: () => Answer): Promise<Answer> {
    const waiting = new AbortController()
    const limit = this.#parts.clock.sleep(answerWithinMs, waiting.signal).then(otherwise, otherwise)
    try {
      return await Promise.race([answer.catch(() => limit), limit])
    } finally {
      // A reason of its own: making the usual one costs more than all the rest of this.
      waiting.abort('answered')
    }
  }

  #assertFound(name: string, found: Versioned<ScheduledJob> | null): Versioned<ScheduledJob> {
    if (found !== null) return found
    throw new NotFoundError(`there is no job ${JSON.stringify(slugOf(name).slice(0, longestName))}`)
  }

  #details(job: ScheduledJob): JobDetails {
    const nextAt = job.isDisabled ? null : this.#nextOf(job)
    return { job, counters: this.#parts.counters.of(job), nextAt }
  }

  /** A job stored by another version may have a schedule or a zone that this one does not know. */
  #nextOf(job: ScheduledJob): number | null {
    try {
      return this.#times.of(job).next(this.#parts.clock.now())
    } catch {
      return null
    }
  }

  async #inTurn<Result>(name: string, act: () => Promise<Result>): Promise<Result> {
    const before = this.#turns.get(name) ?? Promise.resolve()
    const mine = before.then(act, act)
    const settled = mine.catch(() => {})
    this.#turns.set(name, settled)
    try {
      return await mine
    } finally {
      if (this.#turns.get(name) === settled) this.#turns.delete(name)
    }
  }
}

function isStorable(slug: string): boolean {
  return slug !== '' && slug.length <= longestName
}
