/**
 * The one lease by which the cluster agrees on its leader: a key that its holder renews. Implements `LeaderLease` of
 * cluster/ports.ts.
 *
 * Easy to get wrong: a renewal whose answer is lost may have been stored, so the holder's own revision can be older than
 * the key's; it looks before it believes that another node took over.
 */
import { randomUUID } from 'node:crypto'
import { ConflictError } from '../core/errors.ts'
import type { Bucket } from '../model/bucket.ts'
import type { Term } from '../model/member.ts'
import type { Connection } from './connection.ts'
import { lastFireTerm } from './fire-record.ts'
import { openBucket } from './kv-bucket.ts'
import { decideAcquire, type LeaseRecord, type SeenLease } from './lease-decision.ts'

const key = 'leader'
const defaultLeaseMs = 2_000
/** Candidates try at different moments; this and the lease are well within the three seconds that a new leader may take. */
const longestJitterMs = 200
/** So many terms may have passed since the last one that recorded a fire. */
const lostTerms = 1_000

export interface LeaseOptions {
  readonly nodeId: string
  readonly nodeName: string
  /** By default 2 s; the same on every node. */
  readonly leaseMs?: number
}

interface Held {
  readonly term: Term
  /** By the monotonic clock: whoever holds it stops before. */
  readonly expiresAtMs: number
}

/** Opens the lease and begins to observe it; `close` ends that. */
export async function openLease(connection: Connection, options: LeaseOptions): Promise<Lease> {
  const leaseMs = options.leaseMs ?? defaultLeaseMs
  const bucket = await openBucket<LeaseRecord>(connection, {
    name: 'cluster',
    storage: 'file',
    // A renewal that takes longer is worthless: the next one is due.
    patienceMs: leaseMs / 4,
  })
  return new Lease(connection, bucket, options, leaseMs)
}

export class Lease {
  readonly leaseMs: number
  readonly #connection: Connection
  readonly #bucket: Bucket<LeaseRecord>
  readonly #node: LeaseOptions
  readonly #owner = randomUUID()
  readonly #closing = new AbortController()
  readonly #observing: Promise<void>
  #seen: SeenLease | null = null
  #firstRevision: number | null = null
  #jitterMs = 0
  #revision = 0

  constructor(connection: Connection, bucket: Bucket<LeaseRecord>, node: LeaseOptions, leaseMs: number) {
    this.#connection = connection
    this.#bucket = bucket
    this.#node = node
    this.leaseMs = leaseMs
    this.#observing = this.#observe()
  }

  /** Who leads as far as we know; null when its lease has run out, or nobody holds it. */
  observed(): Term | null {
    if (this.#seen === null || this.#seen.record.isReleased) return null
    if (this.#connection.clock.monotonicMs() - this.#seen.seenAtMs > this.leaseMs) return null
    return termOf(this.#seen.record)
  }

  /**
   * Tries once. What an earlier process of this node left is taken at once.
   *
   * @returns null while another node holds it
   * @throws UnavailableError
   */
  async tryAcquire(): Promise<Held | null> {
    const { clock } = this.#connection
    if (this.#seen === null) await this.#look()
    const seen = this.#seen
    const decision = decideAcquire({
      seen,
      isUntouched: seen !== null && seen.revision === this.#firstRevision,
      nodeId: this.#node.nodeId,
      owner: this.#owner,
      nowMs: clock.monotonicMs(),
      leaseMs: this.leaseMs,
      jitterMs: this.#jitterMs,
    })
    if (decision.kind === 'wait') return null
    const sentAtMs = clock.monotonicMs()
    const record = this.#record((seen?.record.term ?? (await this.#lostTerm())) + 1, false)
    try {
      this.#revision =
        seen === null ? await this.#bucket.create(key, record) : await this.#bucket.update(key, record, seen.revision)
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      // Somebody was faster, or renewed unseen by us.
      await this.#look()
      return null
    }
    this.#note(record, this.#revision)
    this.#connection.log.info({ term: record.term, reason: decision.reason }, 'leader lease taken')
    return { term: termOf(record), expiresAtMs: sentAtMs + this.leaseMs }
  }

  /** Extends what is held. @returns null when another node has it @throws UnavailableError: may be tried again */
  async renew(held: Held): Promise<Held | null> {
    const record = this.#record(held.term.number, false)
    for (const isLastTry of [false, true]) {
      const sentAtMs = this.#connection.clock.monotonicMs()
      try {
        this.#revision = await this.#bucket.update(key, record, this.#revision)
        this.#note(record, this.#revision)
        return { term: held.term, expiresAtMs: sentAtMs + this.leaseMs }
      } catch (error) {
        if (!(error instanceof ConflictError) || isLastTry) throw error
        const current = await this.#bucket.get(key)
        if (current === null || !this.#isOurs(current.value, held)) return null
        this.#revision = current.revision
      }
    }
    return null
  }

  /** Gives it back, so that another node need not wait; does nothing when that is not possible. */
  async release(held: Held): Promise<void> {
    const record = this.#record(held.term.number, true)
    try {
      await this.#bucket.update(key, record, this.#revision).catch(async (error: unknown) => {
        const current = error instanceof ConflictError ? await this.#bucket.get(key) : null
        if (current === null || !this.#isOurs(current.value, held)) throw error
        // The last renewal was stored, and its answer lost.
        await this.#bucket.update(key, record, current.revision)
      })
    } catch (err) {
      this.#connection.log.debug({ err }, 'lease not given back, it runs out')
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('closing'))
    await this.#observing
  }

  /** A lease that is lost while records are not must not begin below their terms, or no leader could write them. */
  async #lostTerm(): Promise<number> {
    const recorded = await lastFireTerm(this.#connection)
    return recorded === 0 ? 0 : recorded + lostTerms
  }

  async #observe(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        for await (const change of this.#bucket.watch(signal))
          if (change.kind === 'put' && change.key === key) this.#note(change.value, change.revision)
      } catch (err) {
        this.#connection.log.warn({ err }, 'observing the leader lease failed, trying again')
        await this.#connection.clock.sleep(1_000, signal).catch(() => {})
      }
    }
  }

  async #look(): Promise<void> {
    const current = await this.#bucket.get(key)
    if (current !== null) this.#note(current.value, current.revision)
  }

  /** A revision counts from when we saw it first. */
  #note(record: LeaseRecord, revision: number): void {
    if (this.#seen !== null && revision <= this.#seen.revision) return
    this.#firstRevision ??= revision
    this.#jitterMs = Math.random() * longestJitterMs
    this.#seen = { record, revision, seenAtMs: this.#connection.clock.monotonicMs() }
  }

  #isOurs(record: LeaseRecord, held: Held): boolean {
    return record.owner === this.#owner && record.term === held.term.number && !record.isReleased
  }

  #record(term: number, isReleased: boolean): LeaseRecord {
    const { nodeId, nodeName } = this.#node
    return { nodeId, nodeName, owner: this.#owner, term, isReleased }
  }
}

function termOf(record: LeaseRecord): Term {
  return { number: record.term, leaderName: record.nodeName }
}
