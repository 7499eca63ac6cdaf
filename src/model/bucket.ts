/**
 * What the domain needs from replicated state: named records, each write a compare-and-set.
 *
 * Easy to get wrong: a revision belongs to one key of one bucket; it is not a version of the whole bucket.
 */

/** A record and the revision that a later compare-and-set must name. */
export interface Versioned<Value> {
  readonly key: string
  readonly value: Value
  readonly revision: number
}

export type BucketChange<Value> =
  | { readonly kind: 'put'; readonly key: string; readonly value: Value; readonly revision: number }
  | { readonly kind: 'delete'; readonly key: string; readonly revision: number }
  /** Everything that was there when the watch began has been told. */
  | { readonly kind: 'ready' }

/** Keys are any non-empty text of at most 200 characters; the engine encodes what its store cannot spell. */
export interface Bucket<Value> {
  /** Asks the leader of the store, so any node reads what any node wrote. */
  get(key: string): Promise<Versioned<Value> | null>
  /** @returns the new revision @throws ConflictError when the key exists */
  create(key: string, value: Value): Promise<number>
  /** @returns the new revision @throws ConflictError when `revision` is no longer the newest */
  update(key: string, value: Value, revision: number): Promise<number>
  /** Last writer wins; only for records with a single owner. */
  put(key: string, value: Value): Promise<number>
  /** Deleting what is not there is no error. @throws ConflictError when a given `revision` is not the newest */
  delete(key: string, revision?: number): Promise<void>
  /** The revision of the last write to any record; 0 when there was none. Asks the leader of the store. */
  lastRevision(): Promise<number>
  list(): Promise<readonly Versioned<Value>[]>
  /** Tells every record, then `ready`, then every change, until `signal` aborts; survives reconnects without a gap. */
  watch(signal: AbortSignal): AsyncIterable<BucketChange<Value>>
}
