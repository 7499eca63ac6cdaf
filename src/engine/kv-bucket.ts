/**
 * Named records in JetStream's key-value form, each write a compare-and-set.
 *
 * Streams and subjects are laid out as the NATS tools expect them (nats-server's ADR-8), so `nats kv` can look inside.
 * Easy to get wrong: reads ask the stream's leader (no direct get), because a follower may not know yet what a
 * compare-and-set just wrote.
 */
import { DiscardPolicy, RetentionPolicy, StorageType, type StoredMsg } from '@nats-io/jetstream'
import { headers, nanos } from '@nats-io/nats-core'
import { ConflictError, UnavailableError } from '../core/errors.ts'
import type { Bucket, BucketChange, Versioned } from '../model/bucket.ts'
import { watchBucket } from './bucket-watch.ts'
import type { Connection } from './connection.ts'
import { isStreamMissing } from './nats-errors.ts'
import { isVersionAtLeast } from './server-version.ts'
import { publish } from './stream-publish.ts'
import { ensureStream, type StreamPlan } from './stream-setup.ts'
import { encodeToken } from './subject-token.ts'

/** What is kept of a deleted key, so that every watch hears of it, is dropped after this (servers from 2.11 on). */
const tombstoneLifetime = '1h'
const operationHeader = 'KV-Operation'
/** Within it, a write that is sent twice counts once. */
const duplicateWindowMs = 120_000
const listTimeoutMs = 30_000

export interface BucketOptions<Value> {
  /** Letters, digits, `_` and `-`. */
  readonly name: string
  /** `memory` does not survive a restart of a lone server; whoever owns the records writes them again. */
  readonly storage: 'file' | 'memory'
  /** Reads what JSON gave; throws when it is not acceptable. By default trusted as it is. */
  readonly decode?: (stored: unknown) => Value
  /** What to store, as something JSON can spell. By default the value. */
  readonly encode?: (value: Value) => unknown
  /** How long a read or write may wait for NATS to come back, in milliseconds; by default 15 s. */
  readonly patienceMs?: number
  /** A record that nobody writes for so long is dropped; by default never. */
  readonly maxAgeMs?: number
}

/** Opens the bucket, making it where it is missing. */
export async function openBucket<Value>(connection: Connection, options: BucketOptions<Value>): Promise<Bucket<Value>> {
  const bucket = new KvBucket(connection, options)
  await bucket.ensure()
  return bucket
}

class KvBucket<Value> implements Bucket<Value> {
  readonly #connection: Connection
  readonly #options: BucketOptions<Value>
  readonly #stream: string
  readonly #prefix: string
  readonly #decode: (stored: unknown) => Value
  readonly #encode: (value: Value) => unknown
  readonly #canExpire: boolean

  constructor(connection: Connection, options: BucketOptions<Value>) {
    this.#connection = connection
    this.#options = options
    this.#stream = `KV_${options.name}`
    this.#prefix = `$KV.${options.name}.`
    this.#decode = options.decode ?? ((stored) => stored as Value)
    this.#encode = options.encode ?? ((value) => value)
    this.#canExpire = isVersionAtLeast(connection.serverVersion, '2.11.0')
  }

  async ensure(): Promise<void> {
    await ensureStream(this.#connection, this.#plan())
  }

  async get(key: string): Promise<Versioned<Value> | null> {
    const stored = await this.#read(key)
    if (stored === null || isTombstone(stored)) return null
    return { key, value: this.#parse(key, stored.data), revision: stored.seq }
  }

  async create(key: string, value: Value): Promise<number> {
    const payload = this.#payload(value)
    try {
      return await this.#write(key, payload, 0)
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      // A deleted key leaves a tombstone, which may expire at any moment.
      const stored = await this.#read(key)
      if (stored !== null && !isTombstone(stored))
        throw new ConflictError(`${this.#label(key)} exists already`, { cause: error })
      return this.#write(key, payload, stored?.seq ?? 0)
    }
  }

  update(key: string, value: Value, revision: number): Promise<number> {
    return this.#write(key, this.#payload(value), revision)
  }

  put(key: string, value: Value): Promise<number> {
    return this.#write(key, this.#payload(value))
  }

  async delete(key: string, revision?: number): Promise<void> {
    const stored = await this.#read(key)
    const isGone = stored === null || isTombstone(stored)
    if (isGone && revision === undefined) return
    if (isGone || (revision !== undefined && revision !== stored.seq))
      throw new ConflictError(`${this.#label(key)} was changed meanwhile; read it again`)
    try {
      await this.#bury(key, stored.seq)
    } catch (error) {
      if (!(error instanceof ConflictError) || revision !== undefined) throw error
      await this.#bury(key)
    }
  }

  /** Of what is still there: a watch can tell of nothing else. */
  async lastRevision(): Promise<number> {
    // Not the prefix, which has the server look at every key: all that is in the stream is ours.
    return (await this.#readSubject('>', `the last record of ${this.#options.name}`))?.seq ?? 0
  }

  /** @throws UnavailableError when not all records could be read in time */
  async list(): Promise<readonly Versioned<Value>[]> {
    const records = new Map<string, Versioned<Value>>()
    const done = new AbortController()
    try {
      const limit = AbortSignal.any([done.signal, AbortSignal.timeout(listTimeoutMs)])
      for await (const change of this.watch(limit)) {
        if (change.kind === 'ready') return [...records.values()]
        if (change.kind === 'delete') records.delete(change.key)
        else records.set(change.key, { key: change.key, value: change.value, revision: change.revision })
      }
      throw new UnavailableError(`the records of ${this.#options.name} cannot be read: NATS does not answer`)
    } finally {
      done.abort()
    }
  }

  watch(signal: AbortSignal): AsyncIterable<BucketChange<Value>> {
    return watchBucket(this.#connection, {
      stream: this.#stream,
      prefix: this.#prefix,
      signal,
      decode: (key, bytes) => this.#parse(key, bytes),
      remake: () => this.ensure(),
    })
  }

  #plan(): StreamPlan {
    return {
      name: this.#stream,
      subjects: [`${this.#prefix}>`],
      storage: this.#options.storage === 'file' ? StorageType.File : StorageType.Memory,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      max_msgs_per_subject: 1,
      allow_rollup_hdrs: true,
      deny_delete: true,
      allow_direct: false,
      duplicate_window: nanos(duplicateWindowMs),
      ...(this.#canExpire ? { allow_msg_ttl: true } : {}),
      ...(this.#options.maxAgeMs === undefined ? {} : { max_age: nanos(this.#options.maxAgeMs) }),
    }
  }

  #read(key: string): Promise<StoredMsg | null> {
    return this.#readSubject(this.#subject(key), this.#label(key))
  }

  /** The last message of a subject, or of all that a wildcard names. */
  async #readSubject(subject: string, label: string): Promise<StoredMsg | null> {
    const manager = await this.#connection.manager()
    return this.#remaking(() =>
      this.#connection.retry(
        `${label} cannot be read`,
        () => manager.streams.getMessage(this.#stream, { last_by_subj: subject }),
        this.#patience(),
      ),
    )
  }

  async #write(key: string, payload: string, expected?: number): Promise<number> {
    return publish(this.#connection, `${this.#label(key)} cannot be written`, this.#subject(key), payload, {
      ...this.#patience(),
      ...this.#remake(),
      ...(expected === undefined ? {} : { expected: { stream: this.#stream, lastSubjectSequence: expected } }),
    })
  }

  async #bury(key: string, expected?: number): Promise<void> {
    const tombstone = headers()
    tombstone.set(operationHeader, 'DEL')
    await publish(this.#connection, `${this.#label(key)} cannot be deleted`, this.#subject(key), '', {
      ...this.#patience(),
      headers: tombstone,
      ...(this.#canExpire ? { ttl: tombstoneLifetime } : {}),
      ...(expected === undefined ? {} : { expected: { stream: this.#stream, lastSubjectSequence: expected } }),
    })
  }

  /** A bucket in memory is gone after its server's restart. */
  async #remaking<Answer>(run: () => Promise<Answer>): Promise<Answer> {
    try {
      return await run()
    } catch (error) {
      if (!isStreamMissing(error) || this.#options.storage === 'file') throw error
      await this.ensure()
      return run()
    }
  }

  #patience(): { readonly withinMs?: number } {
    return this.#options.patienceMs === undefined ? {} : { withinMs: this.#options.patienceMs }
  }

  #remake(): { readonly remake?: () => Promise<void> } {
    return this.#options.storage === 'memory' ? { remake: () => this.ensure() } : {}
  }

  #subject(key: string): string {
    return this.#prefix + encodeToken(key)
  }

  #label(key: string): string {
    return `record "${key}" of ${this.#options.name}`
  }

  #payload(value: Value): string {
    return JSON.stringify(this.#encode(value))
  }

  #parse(_key: string, bytes: Uint8Array): Value {
    return this.#decode(JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')))
  }
}

function isTombstone(stored: StoredMsg): boolean {
  return stored.header.has(operationHeader)
}
