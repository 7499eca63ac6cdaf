/**
 * Reads a stream from some place on and never stops at faults: the one way in which Millrace reads streams.
 *
 * Each time a session ends, the next one begins after the last message that was handed out, so nothing is told twice
 * or left out. Easy to get wrong: a stream kept in memory, or one that was deleted and made again, starts counting anew;
 * then `reset` is told, and everything it holds. In a cluster the messages come from any server that has a copy, which may
 * lag behind: whether all was told, and whether a reader hangs, only the stream's leader can say.
 */
import { randomUUID } from 'node:crypto'
import { AckPolicy, type ConsumerConfig, DeliverPolicy, ReplayPolicy, type StreamInfo } from '@nats-io/jetstream'
import { nanos } from '@nats-io/nats-core'
import { backoffMs } from '../core/backoff.ts'
import { NotFoundError } from '../core/errors.ts'
import type { Connection } from './connection.ts'
import { type PulledMessage, PullSession } from './pull-session.ts'

const reopenBackoff = { firstMs: 20, maxMs: 2_000 }
const inactiveMs = 60_000
/** How long a stream that ends before what was read may be one whose new leader has not caught up with its own log. */
const catchUpMs = 10_000
const askLeaderEveryMs = 5_000
const defaultPrefetchBytes = 32 * 1024 * 1024
const defaultBatch = 2_000

export interface ReadOptions {
  readonly stream: string
  /** Only messages of subjects that match. */
  readonly filter?: string
  /** The first sequence wanted; 0 or 1: everything still held. */
  readonly fromSequence: number
  readonly signal: AbortSignal
  readonly prefetchBytes?: number
  readonly batch?: number
  /** Makes the stream again when it is missing; without it the reader waits for it. */
  readonly remake?: () => Promise<unknown>
}

export type ReaderEvent =
  | { readonly kind: 'message'; readonly message: PulledMessage }
  /** All that was held when reading began (or began anew) has been told. */
  | { readonly kind: 'caught-up' }
  /** The stream is not the one read before; all it holds follows, then `caught-up`. */
  | { readonly kind: 'reset' }

/** Tells events until `signal` aborts; then it returns. @throws what cannot heal, such as a missing permission */
export async function* readStream(connection: Connection, options: ReadOptions): AsyncGenerator<ReaderEvent, void> {
  const reader = new Reader(connection, options)
  try {
    yield* reader.run()
  } catch (error) {
    if (!options.signal.aborted) throw error
  }
}

class Reader {
  readonly #connection: Connection
  readonly #options: ReadOptions
  #nextSequence: number
  #createdAt: string | null = null
  #hasCaughtUp = false
  #failures = 0
  /** The stream's end when reading began. */
  #heldSequence = 0
  #shortSinceMs: number | null = null
  /** When the leader was asked last, and what it had then that had not come. */
  #asked: { readonly atMs: number; readonly missing: number | null } = { atMs: 0, missing: null }

  constructor(connection: Connection, options: ReadOptions) {
    this.#connection = connection
    this.#options = options
    this.#nextSequence = Math.max(1, options.fromSequence)
  }

  async *run(): AsyncGenerator<ReaderEvent, void> {
    const { signal } = this.#options
    while (!signal.aborted) {
      const opened = await this.#open()
      if (opened === null) continue
      try {
        if (opened.isReset) yield { kind: 'reset' }
        yield* this.#drain(opened.session, opened.pending)
      } finally {
        opened.session.close()
        void this.#forget(opened.consumer)
      }
      if (signal.aborted) return
      this.#connection.log.debug({ stream: this.#options.stream, reason: opened.session.endReason }, 'reading resumes')
      await this.#pause()
    }
  }

  async *#drain(session: PullSession, pending: number): AsyncGenerator<ReaderEvent, void> {
    let delivered = 0
    this.#asked = { atMs: this.#nowMs, missing: null }
    if (pending === 0 && (await this.#becomesCaughtUp())) yield { kind: 'caught-up' }
    for (;;) {
      const pulled = await session.next(this.#options.signal)
      if (pulled === null) return
      if (pulled.kind === 'idle') {
        if (await this.#becomesCaughtUp()) yield { kind: 'caught-up' }
        if (await this.#hangs()) return
        continue
      }
      this.#failures = 0
      this.#nextSequence = pulled.message.sequence + 1
      yield pulled
      delivered += 1
      const mayBeAll = pulled.message.pending === 0 || delivered >= pending
      if (mayBeAll && (await this.#becomesCaughtUp())) yield { kind: 'caught-up' }
    }
  }

  /** @returns null when there is nothing to read from yet; it has waited then */
  async #open(): Promise<{ session: PullSession; consumer: string; pending: number; isReset: boolean } | null> {
    const { stream, signal, prefetchBytes = defaultPrefetchBytes, batch = defaultBatch } = this.#options
    const what = `stream ${stream} cannot be read`
    const manager = await this.#connection.manager()
    try {
      await this.#connection.whenConnected(signal)
      const info = await this.#connection.call(what, () => manager.streams.info(stream))
      if (this.#isShort(info)) {
        await this.#pause()
        return null
      }
      const isReset = this.#noteIdentity(info)
      const consumer = `reader-${randomUUID()}`
      const made = await this.#connection.call(what, () => manager.consumers.add(stream, this.#plan(consumer)))
      const session = new PullSession(this.#connection, { stream, consumer, prefetchBytes, batch, isGapless: true })
      return { session, consumer, pending: made.num_pending, isReset }
    } catch (error) {
      signal.throwIfAborted()
      await this.#cope(error)
      return null
    }
  }

  async #cope(error: unknown): Promise<void> {
    const { remake } = this.#options
    const isRetryable = error instanceof Error && 'remedy' in error && error.remedy === 'retry'
    if (!(error instanceof NotFoundError) && !isRetryable) throw error
    if (error instanceof NotFoundError && remake !== undefined)
      await remake().catch((err: unknown) => this.#connection.log.debug({ err }, 'stream cannot be made again yet'))
    await this.#pause()
  }

  /** True while a stream that seems to have lost its end may only need a moment. */
  #isShort(info: StreamInfo): boolean {
    const isOther = this.#createdAt !== null && this.#createdAt !== info.created
    if (isOther || this.#nextSequence <= info.state.last_seq + 1) {
      this.#shortSinceMs = null
      return false
    }
    this.#shortSinceMs ??= this.#nowMs
    return this.#nowMs - this.#shortSinceMs < catchUpMs
  }

  /** @returns true when the stream is another one than before */
  #noteIdentity(info: StreamInfo): boolean {
    const isOther = this.#createdAt !== null && this.#createdAt !== info.created
    const wentBack = this.#nextSequence > info.state.last_seq + 1
    const isReset = isOther || (this.#createdAt !== null && wentBack)
    if (isReset || wentBack) {
      this.#nextSequence = 1
      this.#hasCaughtUp = false
    }
    this.#createdAt = info.created
    this.#heldSequence = info.state.last_seq
    return isReset
  }

  #plan(name: string): Partial<ConsumerConfig> {
    const { filter } = this.#options
    return {
      name,
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#nextSequence,
      inactive_threshold: nanos(inactiveMs),
      mem_storage: true,
      num_replicas: 1,
      ...(filter === undefined ? {} : { filter_subject: filter }),
    }
  }

  async #becomesCaughtUp(): Promise<boolean> {
    if (this.#hasCaughtUp) return false
    if (this.#nextSequence <= this.#heldSequence) {
      const next = await this.#nextAtLeader()
      if (next === undefined || (next !== null && next <= this.#heldSequence)) return false
    }
    this.#hasCaughtUp = true
    return true
  }

  /** True when the leader has had a message for a while that does not come: whoever sends to us is cut off from it. */
  async #hangs(): Promise<boolean> {
    if (this.#nowMs - this.#asked.atMs < askLeaderEveryMs) return false
    const missing = (await this.#nextAtLeader()) ?? null
    const hangs = missing !== null && missing === this.#asked.missing
    this.#asked = { atMs: this.#nowMs, missing }
    return hangs
  }

  /** The next message that the stream's leader has for us; null for none, undefined when it does not answer. */
  async #nextAtLeader(): Promise<number | null | undefined> {
    const { stream, filter = '>' } = this.#options
    try {
      const manager = await this.#connection.manager()
      const query = { seq: this.#nextSequence, next_by_subj: filter }
      const message = await this.#connection.call(`stream ${stream} cannot be read`, () =>
        manager.streams.getMessage(stream, query),
      )
      return message?.seq ?? null
    } catch (error) {
      return error instanceof NotFoundError ? null : undefined
    }
  }

  get #nowMs(): number {
    return this.#connection.clock.monotonicMs()
  }

  async #pause(): Promise<void> {
    this.#failures += 1
    const { clock } = this.#connection
    await clock.sleep(backoffMs(reopenBackoff, this.#failures, Math.random), this.#options.signal)
  }

  /** The server would forget it by itself, later. */
  async #forget(consumer: string): Promise<void> {
    if (!this.#connection.isConnected) return
    const manager = await this.#connection.manager()
    await manager.consumers.delete(this.#options.stream, consumer).catch(() => {})
  }
}
