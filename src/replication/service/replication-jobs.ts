/**
 * The replication jobs: finding, storing, pausing and removing them.
 *
 * Easy to get wrong: a name is unique in the whole cluster although jobs are keyed by id. Each name is claimed by a record
 * of its own before its job is written, and confirmed afterwards: of two nodes that want one name at the same moment, one
 * undoes what it did.
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../core/clock.ts'
import { ConflictError, InvalidError, type Issue, NotFoundError } from '../../core/errors.ts'
import type { Versioned } from '../../model/bucket.ts'
import type { ReplicationJob } from '../../model/replication-job.ts'
import type { BucketView } from './bucket-view.ts'
import { checkJob } from './check-job.ts'
import type { JobDraft } from './job-draft.ts'
import type { HeldName, NameClaims } from './name-claims.ts'
import type { SecretSealer } from './ports.ts'
import { buildJob } from './stored-job.ts'

export type StoredJob = Versioned<ReplicationJob>

/** `job` is the very `stored` one when a save would change nothing. The id of one that is not stored yet is empty. */
export interface JobPreview {
  readonly stored: ReplicationJob | null
  readonly job: ReplicationJob
}

export interface ReplicationJobsParts {
  readonly jobs: BucketView<ReplicationJob>
  readonly names: NameClaims
  readonly secrets: SecretSealer
  /** True for every node that is or ever was a member. */
  isKnownNode(nodeId: string): boolean
  readonly clock: Clock
  /** Told after a job was removed, with the job as it last was. Must not throw. */
  onRemoved?(job: ReplicationJob): void
}

/** What is stored around a draft. */
interface Surroundings {
  /** What the draft would replace. */
  readonly stored: StoredJob | null
  /** The claim of the draft's name, perhaps left by a job that is not there or has another name by now. */
  readonly claim: HeldName | null
  /** The job that really has that name. */
  readonly holder: StoredJob | null
}

const mostTries = 8

export class ReplicationJobs {
  readonly #parts: ReplicationJobsParts

  constructor(parts: ReplicationJobsParts) {
    this.#parts = parts
  }

  /** Every job, by name. */
  async list(): Promise<readonly StoredJob[]> {
    await this.#parts.jobs.whenReady()
    return this.#parts.jobs.list().toSorted((a, b) => compare(a.value.name, b.value.name))
  }

  /**
   * By id or name; an id wins. Only a job that this node has not heard of yet is asked for, so that what is known can be
   * looked at while the store is away.
   *
   * @throws NotFoundError
   */
  async get(idOrName: string): Promise<StoredJob> {
    const found = this.#known(idOrName) ?? (await this.#byId(idOrName)) ?? (await this.#byName(idOrName))
    if (found === null) throw new NotFoundError(`there is no replication job with the id or name "${idOrName}"`)
    return found
  }

  /** Everything that would keep `draft` from being stored now. Fields are paths in the draft. */
  async check(draft: JobDraft): Promise<readonly Issue[]> {
    return this.#issuesOf(draft, await this.#lookAround(draft))
  }

  /**
   * Creates a job or replaces its definition: by id when the draft has one, else by name. Saving what is stored already
   * changes nothing. The tasks of a running job are restarted with a new definition and go on where the target stands.
   *
   * @throws InvalidError with paths in the draft; ConflictError when others keep changing the same job
   */
  save(draft: JobDraft): Promise<StoredJob> {
    return this.#retrying(`job "${draft.name}"`, () => this.#saveOnce(draft))
  }

  /** What `save` would make of the draft now; nothing is stored. @throws InvalidError with paths in the draft */
  async preview(draft: JobDraft): Promise<JobPreview> {
    const around = await this.#lookAround(draft)
    return { stored: around.stored?.value ?? null, job: this.#build(draft, around, () => '') }
  }

  /** Idempotent. @throws NotFoundError */
  pause(idOrName: string): Promise<StoredJob> {
    return this.#setPaused(idOrName, true)
  }

  /** Idempotent. @throws NotFoundError */
  resume(idOrName: string): Promise<StoredJob> {
    return this.#setPaused(idOrName, false)
  }

  /** Its tasks stop and its bookkeeping goes, soon afterwards; the rows at the target stay. @throws NotFoundError */
  async remove(idOrName: string): Promise<StoredJob> {
    const removed = await this.#retrying(`job "${idOrName}"`, async () => {
      const { key } = await this.get(idOrName)
      const newest = await this.#newest(key)
      await this.#parts.jobs.bucket.delete(key, newest.revision)
      this.#parts.jobs.noteDelete(key, newest.revision)
      return newest
    })
    this.#parts.onRemoved?.(removed.value)
    await this.#parts.names.release(removed.value.name, removed.key)
    return removed
  }

  async #saveOnce(draft: JobDraft): Promise<StoredJob> {
    const around = await this.#lookAround(draft)
    const { names } = this.#parts
    const before = around.stored?.value ?? null
    const job = this.#build(draft, around, randomUUID)
    if (around.stored !== null && job === before) return around.stored
    if (before?.name === job.name) return this.#write(job, around.stored?.revision ?? null)
    const claim = await names.claim(job.name, job.id, around.claim)
    const saved = await this.#write(job, around.stored?.revision ?? null)
    try {
      await names.confirm(claim)
    } catch (error) {
      await this.#undo(saved, before)
      throw error
    }
    if (before !== null) await names.release(before.name, job.id)
    return saved
  }

  /** @throws InvalidError */
  #build(draft: JobDraft, around: Surroundings, newId: () => string): ReplicationJob {
    const issues = this.#issuesOf(draft, around)
    if (issues.length > 0) throw new InvalidError(issues)
    const { clock, secrets } = this.#parts
    return buildJob(draft, { stored: around.stored?.value ?? null, newId, nowMs: clock.now(), secrets })
  }

  async #undo(saved: StoredJob, before: ReplicationJob | null): Promise<void> {
    if (before !== null) {
      await this.#write({ ...before, updatedAt: saved.value.updatedAt + 1 }, saved.revision)
      return
    }
    await this.#parts.jobs.bucket.delete(saved.key, saved.revision)
    this.#parts.jobs.noteDelete(saved.key, saved.revision)
  }

  #setPaused(idOrName: string, isPaused: boolean): Promise<StoredJob> {
    return this.#retrying(`job "${idOrName}"`, async () => {
      const newest = await this.#newest((await this.get(idOrName)).key)
      return newest.value.isPaused === isPaused ? newest : this.#write({ ...newest.value, isPaused }, newest.revision)
    })
  }

  async #write(job: ReplicationJob, revision: number | null): Promise<StoredJob> {
    const { bucket } = this.#parts.jobs
    const written = revision === null ? await bucket.create(job.id, job) : await bucket.update(job.id, job, revision)
    const saved = { key: job.id, value: job, revision: written }
    this.#parts.jobs.noteWrite(saved)
    return saved
  }

  #issuesOf(draft: JobDraft, { stored, holder }: Surroundings): readonly Issue[] {
    return checkJob(draft, {
      stored: stored?.value ?? null,
      nameHolderId: holder === null || holder.key === stored?.key ? null : holder.key,
      isKnownNode: (nodeId) => this.#parts.isKnownNode(nodeId),
    })
  }

  /** As new as it gets, for a compare-and-set follows. The claim is read before its job: see `NameClaims`. */
  async #lookAround({ id, name }: JobDraft): Promise<Surroundings> {
    const claim = isKey(name) ? await this.#parts.names.read(name) : null
    const claimer = claim === null ? null : await this.#parts.jobs.bucket.get(claim.value.jobId)
    const holder = claimer?.value.name === name ? claimer : null
    if (id === null) return { claim, holder, stored: holder }
    return { claim, holder, stored: isKey(id) ? await this.#parts.jobs.bucket.get(id) : null }
  }

  async #newest(id: string): Promise<StoredJob> {
    const newest = await this.#parts.jobs.bucket.get(id)
    if (newest === null) throw new NotFoundError(`there is no replication job with the id "${id}"`)
    return newest
  }

  #known(idOrName: string): StoredJob | undefined {
    const { jobs } = this.#parts
    return jobs.get(idOrName) ?? jobs.list().find((job) => job.value.name === idOrName)
  }

  async #byId(id: string): Promise<StoredJob | null> {
    return isKey(id) ? this.#parts.jobs.bucket.get(id) : null
  }

  async #byName(name: string): Promise<StoredJob | null> {
    if (!isKey(name)) return null
    const claim = await this.#parts.names.read(name)
    const held = claim === null ? null : await this.#parts.jobs.bucket.get(claim.value.jobId)
    return held?.value.name === name ? held : null
  }

  async #retrying(what: string, act: () => Promise<StoredJob>): Promise<StoredJob> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await act()
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        if (tries === mostTries)
          throw new ConflictError(`${what} is being changed by others at the same time, try again`, { cause: error })
      }
    }
  }
}

/** What a bucket can look up; see `Bucket`. */
function isKey(text: string): boolean {
  return text !== '' && text.length <= 200
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
