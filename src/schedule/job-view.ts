/**
 * This node's view of all jobs, kept by a watch, so that listing and firing ask nobody.
 *
 * Easy to get wrong: the watch is a little behind. What this node itself wrote is noted at once, older news that come
 * later are ignored by their revision, and a name that is not here is asked of the bucket before anybody says 404.
 */
import type { Bucket, BucketChange, Versioned } from '../model/bucket.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'

export type JobChange =
  | { readonly kind: 'put'; readonly job: ScheduledJob }
  | { readonly kind: 'delete'; readonly name: string }

export class JobView {
  readonly #bucket: Bucket<ScheduledJob>
  readonly #jobs = new Map<string, Versioned<ScheduledJob>>()
  /** The last revision of what was deleted here, until the watch has told so too. */
  readonly #deleted = new Map<string, number>()
  readonly #listeners = new Set<(change: JobChange) => void>()
  #isReady = false
  #waiting: (() => void)[] = []
  /** The last revision that the watch has told. */
  #toldRevision = 0
  readonly #toldListeners = new Set<() => void>()

  constructor(bucket: Bucket<ScheduledJob>) {
    this.#bucket = bucket
  }

  /** Follows the bucket until `signal` aborts. Call it once. */
  async follow(signal: AbortSignal): Promise<void> {
    for await (const change of this.#bucket.watch(signal)) this.#apply(change)
  }

  /** Resolves when every stored job is here. @throws the signal's reason when it aborts first */
  async ready(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#isReady) return
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push(resolve)
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  }

  /**
   * Resolves when everything that was stored before the call is here: the watch may be behind by seconds.
   *
   * @throws UnavailableError, or the signal's reason when it aborts first
   */
  async caughtUp(signal: AbortSignal): Promise<void> {
    const revision = await this.#bucket.lastRevision()
    signal.throwIfAborted()
    if (this.#toldRevision >= revision) return
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (this.#toldRevision < revision && !signal.aborted) return
        this.#toldListeners.delete(look)
        signal.removeEventListener('abort', look)
        if (this.#toldRevision >= revision) resolve()
        else reject(signal.reason)
      }
      this.#toldListeners.add(look)
      signal.addEventListener('abort', look)
    })
  }

  /** Whether everything that is stored now is here. @throws UnavailableError */
  async isCaughtUp(): Promise<boolean> {
    return this.#isReady && this.#toldRevision >= (await this.#bucket.lastRevision())
  }

  /** What is known here, at once. */
  peek(name: string): Versioned<ScheduledJob> | null {
    return this.#jobs.get(name) ?? null
  }

  /** What is known here, else what the bucket says. */
  async find(name: string): Promise<Versioned<ScheduledJob> | null> {
    return this.peek(name) ?? this.findNewest(name)
  }

  /** Asks the bucket. */
  async findNewest(name: string): Promise<Versioned<ScheduledJob> | null> {
    const found = await this.#bucket.get(name)
    if (found !== null) this.noteSaved(found.value, found.revision)
    return found
  }

  /** All jobs as known here; complete once `ready`. */
  *all(): IterableIterator<ScheduledJob> {
    for (const { value } of this.#jobs.values()) yield value
  }

  /** All jobs, from the bucket when the view is not complete yet. */
  async list(): Promise<readonly ScheduledJob[]> {
    if (this.#isReady) return [...this.all()]
    return (await this.#bucket.list()).map(({ value }) => value)
  }

  /** Tells every later change. @returns ends it */
  subscribe(listener: (change: JobChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** This node stored or read `job` under `revision`. */
  noteSaved(job: ScheduledJob, revision: number): void {
    const known = this.#jobs.get(job.name)
    if (revision <= (known?.revision ?? this.#deleted.get(job.name) ?? 0)) return
    this.#deleted.delete(job.name)
    this.#jobs.set(job.name, { key: job.name, value: job, revision })
    this.#tell({ kind: 'put', job })
  }

  /** This node deleted the job whose last revision was `revision`. */
  noteDeleted(name: string, revision: number): void {
    const known = this.#jobs.get(name)
    if (known !== undefined && known.revision > revision) return
    this.#deleted.set(name, revision)
    if (this.#jobs.delete(name)) this.#tell({ kind: 'delete', name })
  }

  #apply(change: BucketChange<ScheduledJob>): void {
    this.#note(change)
    if (change.kind === 'ready') return
    this.#toldRevision = Math.max(this.#toldRevision, change.revision)
    for (const look of this.#toldListeners) look()
  }

  #note(change: BucketChange<ScheduledJob>): void {
    switch (change.kind) {
      case 'put':
        this.noteSaved(change.value, change.revision)
        return
      case 'delete':
        this.noteDeleted(change.key, change.revision)
        this.#deleted.delete(change.key)
        return
      case 'ready':
        this.#isReady = true
        for (const resolve of this.#waiting) resolve()
        this.#waiting = []
    }
  }

  #tell(change: JobChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}
