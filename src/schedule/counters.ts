/**
 * What the executions of each job add up to, on every node, exact and at most moments old.
 *
 * Easy to get wrong: the history keeps only the last executions of a job, so counting must not fall behind by more. The
 * counters are therefore stored with the sequence they reach to, and stored again before half of what the history keeps
 * of any job is counted in memory only. Every node counts for its own reading; the leader stores (`keeper`).
 */
import { backoffMs } from '../core/backoff.ts'
import type { Clock } from '../core/clock.ts'
import { ConflictError, LeadershipLostError, messageOf, UnavailableError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Bucket, BucketChange } from '../model/bucket.ts'
import type { Execution } from '../model/execution.ts'
import type { LeaderDuty } from '../model/member.ts'
import type { JobCounters, ScheduledJob } from '../model/scheduled-job.ts'
import { CountersShard } from './counters-shard.ts'
import type { JobView } from './job-view.ts'
import type { CountersRecord, ExecutionLog } from './ports.ts'
import { groupTimeMs } from './start-order.ts'

export interface CountersParts {
  readonly bucket: Bucket<CountersRecord>
  readonly history: Pick<ExecutionLog, 'follow' | 'purge'>
  readonly jobs: Pick<JobView, 'find' | 'ready' | 'subscribe'>
  readonly clock: Clock
  readonly log: Log
  /** Executions kept of each job. */
  readonly historyLimit: number
}

export type CountersChange =
  | { readonly kind: 'counted'; readonly execution: Execution; readonly sequence: number }
  /** What another node had stored was taken over: the counters of any job may differ. */
  | { readonly kind: 'adopted' }

const shardCount = 64
/** The record that tells up to where all shards together are stored; its list of jobs is empty. */
const wholeKey = 'whole'
const saveEveryMs = 5_000
const retryPolicy = { firstMs: 50, maxMs: 5_000 }

export class ExecutionCounters {
  readonly #parts: CountersParts
  readonly #shards = Array.from({ length: shardCount }, () => new CountersShard())
  readonly #revisions = new Map<string, number>()
  #wholeSaved = 0
  /** Every execution up to here was counted or belongs to no job. */
  #followedThrough = 0
  #isKeeping = false
  #mustSaveSoon = false
  #wakeKeeper: () => void = () => {}
  readonly #listeners = new Set<(change: CountersChange) => void>()

  constructor(parts: CountersParts) {
    this.#parts = parts
  }

  /** The counters of a job; all zero for one that has not run. */
  of(job: Pick<ScheduledJob, 'name' | 'createdAt'>): JobCounters {
    const { successCount, errorCount, lastSuccessAt, lastErrorAt } = this.#shardOf(job.name).of(job.name, job.createdAt)
    return { successCount, errorCount, lastSuccessAt, lastErrorAt }
  }

  /** Tells every execution that is counted from now on. @returns ends it */
  subscribe(listener: (change: CountersChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The job was deleted. */
  forget(jobName: string): void {
    this.#shardOf(jobName).forget(jobName)
  }

  /** Loads what is stored and counts what follows until `signal` aborts; goes on by itself after an error. */
  async run(signal: AbortSignal): Promise<void> {
    const { jobs, clock, log } = this.#parts
    const unsubscribe = jobs.subscribe((change) => {
      if (change.kind === 'delete') this.forget(change.name)
    })
    for (let failures = 0; !signal.aborted; ) {
      const round = new AbortController()
      const ended = AbortSignal.any([signal, round.signal])
      try {
        await jobs.ready(signal)
        await this.#load()
        const onProgress = () => {
          failures = 0
        }
        await Promise.all([this.#followStored(ended), this.#followHistory(ended, onProgress)])
        if (!signal.aborted) throw new UnavailableError('the execution log has ended')
      } catch (error) {
        if (signal.aborted) break
        failures += 1
        log.warn({ error: messageOf(error), failures }, 'counting executions failed, trying again')
        await clock.sleep(backoffMs(retryPolicy, failures, Math.random), signal).catch(() => {})
      } finally {
        round.abort()
      }
    }
    unsubscribe()
  }

  /** Stores the counters while this node leads. */
  keeper(): LeaderDuty {
    return { name: 'counters', lead: (term, signal) => this.#keep(term.number, signal) }
  }

  async #load(): Promise<void> {
    for (const { key, value, revision } of await this.#parts.bucket.list())
      this.#apply({ kind: 'put', key, value, revision })
    this.#followedThrough = Math.max(this.#followedThrough, this.#wholeSaved)
  }

  async #followStored(signal: AbortSignal): Promise<void> {
    for await (const change of this.#parts.bucket.watch(signal)) this.#apply(change)
  }

  async #followHistory(signal: AbortSignal, onProgress: () => void): Promise<void> {
    for await (const { sequence, execution } of this.#parts.history.follow(this.#followedThrough, signal)) {
      await this.#count(execution, sequence)
      this.#followedThrough = Math.max(this.#followedThrough, sequence)
      onProgress()
    }
  }

  #apply(change: BucketChange<CountersRecord>): void {
    if (change.kind !== 'put' || change.revision < (this.#revisions.get(change.key) ?? 0)) return
    this.#revisions.set(change.key, change.revision)
    if (change.key === wholeKey) this.#wholeSaved = Math.max(this.#wholeSaved, change.value.throughSequence)
    else if (this.#shards[Number(change.key)]?.adopt(change.value) === true) this.#tell({ kind: 'adopted' })
  }

  async #count(execution: Execution, sequence: number): Promise<void> {
    const job = (await this.#parts.jobs.find(execution.jobName))?.value
    if (job === undefined) return this.#dropOrphan(execution.jobName)
    // The end of a run of an earlier job of this name, which was deleted while it ran.
    if (groupTimeMs(execution.group) < Math.floor(job.createdAt)) return
    const unsaved = this.#shardOf(job.name).count(execution, job.createdAt, sequence)
    this.#tell({ kind: 'counted', execution, sequence })
    if (unsaved < Math.max(1, Math.floor(this.#parts.historyLimit / 2))) return
    this.#mustSaveSoon = true
    this.#wakeKeeper()
  }

  /** A run of a deleted job ended after the deletion; the leader clears that away. */
  async #dropOrphan(jobName: string): Promise<void> {
    if (this.#isKeeping) await this.#parts.history.purge(jobName)
  }

  async #keep(term: number, signal: AbortSignal): Promise<void> {
    const { log } = this.#parts
    this.#isKeeping = true
    let failures = 0
    while (!signal.aborted) {
      const delayMs = failures > 0 ? backoffMs(retryPolicy, failures, Math.random) : saveEveryMs
      if (!this.#mustSaveSoon || failures > 0) await this.#waitToKeep(delayMs, signal)
      this.#mustSaveSoon = false
      try {
        await this.#save(term)
        failures = 0
      } catch (error) {
        if (error instanceof LeadershipLostError) break
        failures += 1
        log.warn({ error: messageOf(error), failures }, 'storing the counters failed, trying again')
      }
    }
    this.#isKeeping = false
  }

  async #waitToKeep(ms: number, signal: AbortSignal): Promise<void> {
    const waiting = new AbortController()
    const wake = () => waiting.abort()
    this.#wakeKeeper = wake
    signal.addEventListener('abort', wake)
    await this.#parts.clock.sleep(ms, waiting.signal).catch(() => {})
    signal.removeEventListener('abort', wake)
  }

  /** Stores every shard that changed, then up to where the whole reaches. */
  async #save(term: number): Promise<void> {
    const throughSequence = this.#followedThrough
    const dirty = [...this.#shards.entries()].filter(([, shard]) => shard.isDirty)
    await Promise.all(dirty.map(([index, shard]) => this.#saveShard(term, String(index), shard)))
    if (throughSequence <= this.#wholeSaved) return
    await this.#store(wholeKey, { throughSequence, jobs: [], term })
    this.#wholeSaved = Math.max(this.#wholeSaved, throughSequence)
  }

  async #saveShard(term: number, key: string, shard: CountersShard): Promise<void> {
    try {
      await this.#store(key, { ...shard.take(), term })
    } catch (error) {
      shard.failed()
      throw error
    }
  }

  /**
   * Writes a record unless another node has stored one that reaches further.
   *
   * @throws LeadershipLostError when a higher term has stored one
   */
  async #store(key: string, record: CountersRecord & { readonly term: number }): Promise<void> {
    const { bucket } = this.#parts
    for (;;) {
      const revision = this.#revisions.get(key)
      try {
        const stored = await (revision === undefined
          ? bucket.create(key, record)
          : bucket.update(key, record, revision))
        this.#revisions.set(key, Math.max(stored, this.#revisions.get(key) ?? 0))
        return
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        const newest = await bucket.get(key)
        if (newest === null) this.#revisions.delete(key)
        else this.#apply({ kind: 'put', ...newest })
        const foundTerm = newest?.value.term ?? 0
        if (foundTerm > record.term) throw new LeadershipLostError(record.term, foundTerm)
        if (newest !== null && newest.value.throughSequence > record.throughSequence) return
      }
    }
  }

  #tell(change: CountersChange): void {
    for (const listener of this.#listeners) listener(change)
  }

  #shardOf(jobName: string): CountersShard {
    const shard = this.#shards[shardIndex(jobName)]
    if (shard === undefined) throw new RangeError(`no shard for ${jobName}`)
    return shard
  }
}

/** FNV-1a over the UTF-16 units: the same on every node, for ever. */
function shardIndex(jobName: string): number {
  let hash = 2_166_136_261
  for (let index = 0; index < jobName.length; index += 1)
    hash = Math.imul(hash ^ jobName.charCodeAt(index), 16_777_619) >>> 0
  return hash % shardCount
}
