/**
 * A bucket's records at hand, kept up to date by a watch.
 *
 * Easy to get wrong: the watch may tell of an older state than what this node itself wrote a moment ago. `noteWrite` and
 * `noteDelete` make a writer read its own writes; what the watch says of the key before that is ignored.
 */
import { backoffMs } from '../../core/backoff.ts'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Bucket, BucketChange, Versioned } from '../../model/bucket.ts'

const retryPolicy = { firstMs: 250, maxMs: 5_000 }

export class BucketView<Value> {
  readonly bucket: Bucket<Value>
  readonly #records = new Map<string, Versioned<Value>>()
  /** The least revision worth hearing, for keys that this node wrote and the watch has not told yet. */
  readonly #awaited = new Map<string, number>()
  /** When each key was last told of, by this node's monotonic clock. */
  readonly #heardAtMs = new Map<string, number>()
  readonly #clock: Clock
  readonly #isStale: (record: Value, held: Value) => boolean
  readonly #listeners = new Set<(key: string | null) => void>()
  readonly #ready = Promise.withResolvers<void>()
  #isReady = false

  /**
   * @param isStale true for a record that somebody wrote who should not have any more: the one that is there stays, until a
   * newer one comes
   */
  constructor(bucket: Bucket<Value>, clock: Clock, isStale: (record: Value, held: Value) => boolean = () => false) {
    this.bucket = bucket
    this.#clock = clock
    this.#isStale = isStale
  }

  /** Follows the bucket until `signal` aborts; a broken watch begins anew. */
  async run(signal: AbortSignal, log: Log): Promise<void> {
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        await this.#follow(signal)
        if (signal.aborted) return
      } catch (error) {
        if (signal.aborted) return
        log.warn({ err: error, attempt }, 'watch broke, it begins anew')
      }
      await this.#clock.sleep(backoffMs(retryPolicy, attempt, Math.random), signal).catch(() => undefined)
    }
  }

  /** Resolves when everything that was there at the start is here. */
  whenReady(): Promise<void> {
    return this.#ready.promise
  }

  get isReady(): boolean {
    return this.#isReady
  }

  get(key: string): Versioned<Value> | undefined {
    return this.#records.get(key)
  }

  list(): readonly Versioned<Value>[] {
    return [...this.#records.values()]
  }

  /** Milliseconds since this node last heard of the key: the only age of a record that no other clock has a part in. */
  silenceMs(key: string): number {
    return this.#clock.monotonicMs() - (this.#heardAtMs.get(key) ?? Number.NEGATIVE_INFINITY)
  }

  /** @param listener is told the key that changed, or null when it may be any @returns what ends the subscription */
  onChange(listener: (key: string | null) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** This node has written `record`. */
  noteWrite(record: Versioned<Value>): void {
    if ((this.#records.get(record.key)?.revision ?? 0) >= record.revision) return
    this.#keep(record)
    this.#awaited.set(record.key, record.revision)
    this.#tell(record.key)
  }

  /** This node has deleted the record that had `revision`. */
  noteDelete(key: string, revision: number): void {
    if ((this.#records.get(key)?.revision ?? 0) > revision) return
    this.#drop(key)
    this.#awaited.set(key, revision + 1)
    this.#tell(key)
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const leftBehind = new Set(this.#records.keys())
    for await (const change of this.bucket.watch(signal)) {
      if (change.kind !== 'ready') {
        leftBehind.delete(change.key)
        this.#apply(change)
        continue
      }
      // What was deleted while no watch was there may have no trace any more.
      for (const key of leftBehind) if (!this.#awaited.has(key)) this.#drop(key)
      leftBehind.clear()
      this.#isReady = true
      this.#ready.resolve()
      this.#tell(null)
    }
  }

  #apply(change: Exclude<BucketChange<Value>, { kind: 'ready' }>): void {
    const awaited = this.#awaited.get(change.key)
    if (awaited !== undefined && change.revision < awaited) return
    this.#awaited.delete(change.key)
    const held = this.#records.get(change.key)
    if (change.kind === 'put' && held !== undefined && this.#isStale(change.value, held.value)) return
    if (change.kind === 'delete') this.#drop(change.key)
    else this.#keep({ key: change.key, value: change.value, revision: change.revision })
    this.#tell(change.key)
  }

  #keep(record: Versioned<Value>): void {
    this.#records.set(record.key, record)
    this.#heardAtMs.set(record.key, this.#clock.monotonicMs())
  }

  #drop(key: string): void {
    this.#records.delete(key)
    this.#heardAtMs.delete(key)
  }

  #tell(key: string | null): void {
    for (const listener of this.#listeners) listener(key)
  }
}
