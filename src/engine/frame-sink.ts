/**
 * The writing end of a job's frame stream.
 *
 * Several messages are under way at once, and each expects the sequence of the one before it. Any refusal empties the
 * window and looks at what the stream has stored since.
 *
 * Easy to get wrong: a predicted sequence alone is no proof. When another writer's message takes the place of our first
 * one, our second one finds the sequence that it expects. To expect the first one's id too is no way out: servers of a
 * cluster check that only when they apply what they have agreed on, and a stream in which it fails is broken on all of
 * them (seen on nats-server 2.15.1). So every message bears its writer's generation: a greater one than ours says that we
 * are no longer the writer, a smaller one is what an earlier writer had under way, which readers know by its epoch.
 * And a refusal proves little: the message may be stored and only its answer lost.
 */
import { randomUUID } from 'node:crypto'
import { headers } from '@nats-io/nats-core'
import { backoffMs } from '../core/backoff.ts'
import { ConflictError, MillraceError, UnavailableError } from '../core/errors.ts'
import type { Connection } from './connection.ts'
import { FramesLostError, PayloadTooLargeError, StaleWriterError, StreamFullError } from './errors.ts'
import { type FramePart, formatPart, splitFrame } from './frame-parts.ts'
import {
  ensureFrameStream,
  type FrameStreamLimits,
  frameStreamInfo,
  frameSubject,
  generationHeader,
  partHeader,
  writerHeader,
} from './frame-stream.ts'
import { readEntries, readStreamEnd, type StreamEntry, takeOver } from './frame-takeover.ts'

const headerRoomBytes = 1_024
/** More than any writer has under way: so far behind a takeover its predicted sequences may still come true. */
const uncertainMessages = 32
const publishTimeoutMs = 5_000
const fullBackoff = { firstMs: 20, maxMs: 500 }
const faultBackoff = { firstMs: 20, maxMs: 2_000 }

export interface FrameSinkOptions extends FrameStreamLimits {
  readonly connection: Connection
  readonly jobId: string
  /** For people; what tells writers apart is made anew at each opening. */
  readonly writerId: string
  /** Messages under way at once; by default 16. */
  readonly windowMessages?: number
  /** Bytes under way at once; by default 32 MB. */
  readonly windowBytes?: number
  /** True: what earlier writers left in the stream is thrown away first. */
  readonly discardsOld?: boolean
}

/**
 * Takes the stream over: from now on every earlier writer is refused.
 *
 * @throws UnavailableError when NATS does not answer, StreamFullError when not even the takeover fits
 */
export async function openFrameSink(options: FrameSinkOptions): Promise<FrameSink> {
  const { connection, jobId } = options
  await ensureFrameStream(connection, jobId, options)
  const writer = `${options.writerId}/${randomUUID()}`
  const base = await takeOver(connection, jobId, writer, options.discardsOld ?? false)
  return new FrameSink(options, writer, base)
}

interface Pending extends FramePart {
  readonly id: string
  readonly resolve: (() => void) | null
  readonly reject: (error: unknown) => void
  isStored: boolean
  /** Settles when the server has answered, whatever it said. */
  answer: Promise<void>
}

const notSent = Promise.resolve()

/** Implements `FrameSink` of replication/ports.ts. */
export class FrameSink {
  /** See replication/ports.ts: the client has copied what it sends long before the server's answer. */
  readonly givesFramesBack = true
  readonly #connection: Connection
  readonly #jobId: string
  readonly #writer: string
  readonly #generation: number
  readonly #windowMessages: number
  readonly #windowBytes: number
  readonly #maxBytes: number
  readonly #maxMessages: number
  readonly #closing = new AbortController()
  #waiting: Pending[] = []
  #underWay: Pending[] = []
  /** Sequence of the last message known to be stored; those under way follow it. */
  #base: number
  #isRecovering = false
  /** While the stream is full only one message knocks. */
  #fullTimes = 0
  #faults = 0
  #failure: unknown = null
  #count = 0

  constructor(options: FrameSinkOptions, writer: string, base: number) {
    this.#connection = options.connection
    this.#jobId = options.jobId
    this.#writer = writer
    this.#windowMessages = options.windowMessages ?? 16
    this.#windowBytes = options.windowBytes ?? 32 * 1024 * 1024
    this.#maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY
    this.#maxMessages = options.maxMessages ?? Number.POSITIVE_INFINITY
    this.#generation = base
    this.#base = base
  }

  /** True while the stream takes nothing because it is full. */
  get isFull(): boolean {
    return this.#fullTimes > 0
  }

  /** See replication/ports.ts. */
  get largestFrameBytes(): number {
    // The one released last stays until the next is released, with the headers of all their messages.
    const mostShare = 1 - headerRoomBytes / this.#connection.maxPayloadBytes
    return (this.#maxBytes / 2) * mostShare - headerRoomBytes
  }

  /** See replication/ports.ts. @throws StaleWriterError, FramesLostError, PayloadTooLargeError; UnavailableError once closed */
  append(frame: Uint8Array): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (frame.length > this.largestFrameBytes)
      return Promise.reject(
        new PayloadTooLargeError(
          `a frame of ${frame.length} bytes does not fit the stream of job ${this.#jobId}, which holds ${this.#maxBytes}; raise --stream-limit`,
        ),
      )
    const parts = splitFrame(frame, this.#connection.maxPayloadBytes - headerRoomBytes)
    if (parts.length > this.#maxMessages)
      return Promise.reject(
        new PayloadTooLargeError(
          `a frame of ${frame.length} bytes makes ${parts.length} messages, the stream of job ${this.#jobId} holds ${this.#maxMessages}; raise ReplChanBufferSize`,
        ),
      )
    return new Promise((resolve, reject) => {
      for (const [place, part] of parts.entries()) {
        const isLast = place === parts.length - 1
        this.#count += 1
        const id = `${this.#writer}/${this.#count}`
        this.#waiting.push({ ...part, id, resolve: isLast ? resolve : null, reject, isStored: false, answer: notSent })
      }
      this.#pump()
    })
  }

  /** See replication/ports.ts. Of what is released the last message stays: it alone is no backlog. */
  async readBacklogBytes(): Promise<number> {
    const held = await frameStreamInfo(this.#connection, this.#jobId)
    return held === null || held.messages <= 1 ? 0 : held.bytes
  }

  /** What is still under way may or may not be stored; its calls fail. */
  async close(): Promise<void> {
    this.#fail(new UnavailableError(`the frame stream of job ${this.#jobId} is closed`))
  }

  #pump(): void {
    while (!this.#isRecovering && this.#failure === null && this.#waiting.length > 0 && this.#hasRoom()) {
      const next = this.#waiting.shift()
      if (next !== undefined) this.#send(next)
    }
  }

  #hasRoom(): boolean {
    if (this.#underWay.length === 0) return true
    if (this.#base - this.#generation < uncertainMessages) return false
    if (this.#fullTimes > 0 || this.#faults > 0 || this.#underWay.length >= this.#windowMessages) return false
    const bytes = this.#underWay.reduce((sum, { payload }) => sum + payload.length, 0)
    return bytes + (this.#waiting[0]?.payload.length ?? 0) <= this.#windowBytes
  }

  #send(pending: Pending): void {
    const expect = { lastSequence: this.#base + this.#underWay.length }
    const marks = headers()
    marks.set(writerHeader, this.#writer)
    marks.set(generationHeader, String(this.#generation))
    if (pending.part !== null) marks.set(partHeader, formatPart(pending.part))
    this.#underWay.push(pending)
    pending.answer = this.#connection
      .call(`a frame of job ${this.#jobId} cannot be stored`, () =>
        this.#connection.streams.publish(frameSubject(this.#jobId), pending.payload, {
          headers: marks,
          timeout: publishTimeoutMs,
          msgID: pending.id,
          expect,
        }),
      )
      .then(
        () => this.#stored(pending),
        (error: unknown) => this.#refused(error),
      )
  }

  #stored(pending: Pending): void {
    pending.isStored = true
    this.#fullTimes = 0
    this.#faults = 0
    while (this.#underWay[0]?.isStored) {
      this.#underWay.shift()?.resolve?.()
      this.#base += 1
    }
    this.#pump()
  }

  #refused(error: unknown): void {
    if (this.#isRecovering || this.#failure !== null) return
    this.#isRecovering = true
    void this.#recover(error).catch((fault: unknown) => this.#fail(fault))
  }

  /** Empties the window, learns what is stored, and goes on from there. */
  async #recover(reason: unknown): Promise<void> {
    const isFull = reason instanceof StreamFullError
    if (!isFull && !(reason instanceof ConflictError) && !(reason instanceof UnavailableError)) throw reason
    await Promise.all(this.#underWay.map(({ answer }) => answer))
    const { signal } = this.#closing
    if (isFull) this.#fullTimes += 1
    else this.#faults += 1
    const pauseMs = isFull
      ? backoffMs(fullBackoff, this.#fullTimes, Math.random)
      : backoffMs(faultBackoff, this.#faults, Math.random)
    this.#connection.log.debug({ jobId: this.#jobId, isFull, err: reason, pauseMs }, 'frame refused')
    await this.#connection.clock.sleep(pauseMs, signal)
    const { lastSequence } = await readStreamEnd(this.#connection, this.#jobId, this.#base, signal)
    const range = { after: this.#base, through: lastSequence }
    this.#settle(lastSequence, await readEntries(this.#connection, this.#jobId, range, signal))
    this.#isRecovering = false
    this.#pump()
  }

  /**
   * Easy to get wrong: a message that was sent before an earlier fault may be stored only now, behind the back of the
   * few that are under way; so the last message's id is looked for among all that are left.
   */
  #settle(lastSequence: number, entries: readonly StreamEntry[]): void {
    const left = [...this.#underWay, ...this.#waiting]
    const newer = entries.find((entry) => entry.generation > this.#generation)
    if (newer !== undefined)
      throw new StaleWriterError(
        `job ${this.#jobId} is written by ${newer.writer ?? 'another task'} now; this task stops`,
      )
    const ours = entries.filter((entry) => entry.generation === this.#generation)
    // Released messages may be gone from the stream; the newest is always there.
    const storedCount = lastSequence - this.#base - (entries.length - ours.length)
    const newest = ours.at(-1)
    if (newest !== undefined && left[storedCount - 1]?.id !== newest.messageId)
      throw new FramesLostError(`what an earlier writer of job ${this.#jobId} had under way took the place of frames`)
    for (const { resolve } of left.slice(0, storedCount)) resolve?.()
    this.#waiting = left.slice(storedCount).map((pending) => ({ ...pending, isStored: false }))
    this.#underWay = []
    this.#base = lastSequence
  }

  #fail(error: unknown): void {
    if (this.#failure !== null) return
    this.#failure = error
    this.#closing.abort(error instanceof MillraceError ? error : new UnavailableError('closed'))
    for (const pending of [...this.#underWay, ...this.#waiting]) pending.reject(error)
    this.#underWay = []
    this.#waiting = []
  }
}
