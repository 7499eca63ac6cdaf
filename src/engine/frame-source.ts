/**
 * The reading end of a job's frame stream.
 *
 * Easy to get wrong: the last released frame stays in the stream, because its writer's name is what a stale writer is
 * told by (frame-takeover.ts); so a reader that begins anew may meet one frame again that it had released. A target
 * must know by positions what it has applied anyway.
 *
 * And a purge that failed must be tried again although nothing more is released: the stream may be full of what was
 * released, and its writer then waits for ever. So may one that was done, for a server that crashes can bring back what it
 * had purged.
 */
import { freeBytes } from '../core/free-bytes.ts'
import type { Connection } from './connection.ts'
import { FrameAssembler, parsePart } from './frame-parts.ts'
import {
  ensureFrameStream,
  type FrameStreamInfo,
  frameStreamInfo,
  frameStreamName,
  generationHeader,
  partHeader,
  takeoverHeader,
} from './frame-stream.ts'
import type { PulledMessage } from './pull-session.ts'
import { readStream } from './stream-reader.ts'

const purgePauseMs = 250
/** After a purge that failed, and while nothing more is released. */
const purgeAgainMs = { failed: 1_000, done: 15_000 }
const purgeBytes = 32 * 1024 * 1024
/** Of a small stream: a purge that came later would let the writer wait. */
const purgeShare = 1 / 8
const defaultPrefetchBytes = 4 * 1024 * 1024
/** More than a read from the socket brings, which several messages may share. */
const ownMemoryBytes = 65_536
/** What a message has beside its payload: its line, its headers, its end. */
const mostBesideBytes = 4_096

export interface FrameSourceOptions {
  readonly connection: Connection
  readonly jobId: string
  /** Frames held in memory before they are asked for; by default 4 MB. */
  readonly prefetchBytes?: number
}

export interface ReceivedFrame {
  readonly sequence: number
  readonly payload: Uint8Array
}

interface Told {
  readonly sequence: number
  readonly sizeBytes: number
  readonly isFrame: boolean
}

/** Opens the stream, making it with default limits when there is none yet. */
export async function openFrameSource(options: FrameSourceOptions): Promise<FrameSource> {
  const { connection, jobId } = options
  const known = await frameStreamInfo(connection, jobId)
  if (known === null) await ensureFrameStream(connection, jobId, {})
  return new FrameSource(options, known)
}

type Limits = Pick<FrameStreamInfo, 'maxBytes' | 'maxMessages'>

const noLimits: Limits = { maxBytes: Number.POSITIVE_INFINITY, maxMessages: Number.POSITIVE_INFINITY }

/** Implements `FrameSource` of replication/ports.ts. */
export class FrameSource {
  readonly #connection: Connection
  readonly #jobId: string
  readonly #prefetchBytes: number
  #limits: Limits
  /** Frames told and not yet released, and takeovers among them, oldest first. */
  #told: Told[] = []
  #releasedSequence = 0
  #releasedBytes = 0
  #purgedSequence = 0
  /** Memory that holds one frame and nothing else. */
  readonly #own = new WeakSet<ArrayBufferLike>()
  #timer: NodeJS.Timeout | null = null
  /** The timer is for what was purged before, or should have been. */
  #isPurgedAgain = false
  #purging: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(options: FrameSourceOptions, limits: Limits | null) {
    this.#connection = options.connection
    this.#jobId = options.jobId
    this.#prefetchBytes = options.prefetchBytes ?? defaultPrefetchBytes
    this.#limits = limits ?? noLimits
  }

  /** See replication/ports.ts. */
  get limits(): { readonly bytes: number; readonly messages: number } {
    return { bytes: this.#limits.maxBytes, messages: this.#limits.maxMessages }
  }

  /** See replication/ports.ts. One reader at a time. */
  async *read(signal: AbortSignal): AsyncGenerator<ReceivedFrame, void> {
    const assembler = new FrameAssembler()
    this.#told = []
    const stream = frameStreamName(this.#jobId)
    const options = { stream, fromSequence: 0, signal, prefetchBytes: this.#prefetchBytes }
    let newest = 0
    for await (const event of readStream(this.#connection, options)) {
      if (event.kind === 'reset') {
        assembler.clear()
        this.#forgetReleases()
        newest = 0
      }
      if (event.kind !== 'message') continue
      // What an earlier writer still had under way when it was taken over.
      if (generationOf(event.message) < newest) continue
      newest = generationOf(event.message)
      // A writer sets the limits before it takes the stream over.
      if (event.message.headers?.has(takeoverHeader)) {
        await this.#learnLimits()
        this.#told.push({ sequence: event.message.sequence, sizeBytes: 0, isFrame: false })
        // With nothing before it to wait for, it alone stays: the first frame behind it may need the room.
        this.#goOn()
      }
      const frame = frameOf(event.message, assembler)
      if (frame === null) continue
      this.#told.push({ sequence: frame.sequence, sizeBytes: frame.payload.length, isFrame: true })
      if (hasOwnMemory(frame.payload)) this.#own.add(frame.payload.buffer)
      yield frame
    }
  }

  async #learnLimits(): Promise<void> {
    try {
      this.#limits = (await frameStreamInfo(this.#connection, this.#jobId)) ?? this.#limits
    } catch (err) {
      this.#connection.log.debug({ jobId: this.#jobId, err }, 'limits of the stream not read')
    }
  }

  /** See replication/ports.ts: purges at most every 250 ms, 32 MB or eighth of the stream, in the background. */
  release(frame: Pick<ReceivedFrame, 'sequence'>): void {
    this.#releasedSequence = Math.max(this.#releasedSequence, frame.sequence)
    this.#goOn()
  }

  /** Takeovers behind what is released are no longer needed either. */
  #goOn(): void {
    let count = 0
    for (const { sequence, sizeBytes, isFrame } of this.#told) {
      if (isFrame && sequence > this.#releasedSequence) break
      this.#releasedSequence = Math.max(this.#releasedSequence, sequence)
      this.#releasedBytes += sizeBytes
      count += 1
    }
    if (count === 0) return
    this.#told.splice(0, count)
    if (this.#releasesMuch) this.#purgeNow()
    else if (this.#timer === null || this.#isPurgedAgain) this.#purgeIn(purgePauseMs)
  }

  get #releasesMuch(): boolean {
    const { maxBytes, maxMessages } = this.#limits
    const messages = this.#releasedSequence - this.#purgedSequence
    return this.#releasedBytes >= Math.min(purgeBytes, maxBytes * purgeShare) || messages >= maxMessages * purgeShare
  }

  /** See replication/ports.ts. */
  spent({ buffer }: Uint8Array): void {
    if (this.#own.delete(buffer)) freeBytes(new Uint8Array(buffer))
  }

  /** Purges what was released, when NATS can be reached. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#purgeNow()
    await this.#purging
  }

  #purgeIn(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#isPurgedAgain = ms !== purgePauseMs
    this.#timer = this.#isClosed ? null : setTimeout(() => this.#purgeNow(), ms)
  }

  #purgeNow(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#releasedBytes = 0
    this.#purgedSequence = this.#releasedSequence
    this.#purging = this.#purging.then(() => this.#purge())
  }

  async #purge(): Promise<void> {
    const sequence = this.#releasedSequence
    if (sequence === 0) return
    const isDone = await this.#purgeBefore(sequence)
    if (this.#timer === null) this.#purgeIn(isDone ? purgeAgainMs.done : purgeAgainMs.failed)
  }

  async #purgeBefore(sequence: number): Promise<boolean> {
    const name = frameStreamName(this.#jobId)
    try {
      const manager = await this.#connection.manager()
      // Up to, but not including, the last released message.
      await this.#connection.call(`stream ${name} cannot be purged`, () =>
        manager.streams.purge(name, { seq: sequence }),
      )
      return true
    } catch (err) {
      this.#connection.log.debug({ jobId: this.#jobId, err }, 'purge failed')
      return false
    }
  }

  #forgetReleases(): void {
    this.#told = []
    this.#releasedSequence = 0
    this.#releasedBytes = 0
    this.#purgedSequence = 0
  }
}

function hasOwnMemory({ buffer, byteLength }: Uint8Array): boolean {
  return byteLength > ownMemoryBytes && byteLength + mostBesideBytes >= buffer.byteLength
}

function frameOf(message: PulledMessage, assembler: FrameAssembler): ReceivedFrame | null {
  const { headers, payload, sequence } = message
  if (headers?.has(takeoverHeader)) {
    assembler.clear()
    return null
  }
  const part = headers?.has(partHeader) ? parsePart(headers.get(partHeader)) : null
  return assembler.add(sequence, { payload, part })
}

function generationOf({ headers, sequence }: PulledMessage): number {
  return headers?.has(takeoverHeader) ? sequence : Number(headers?.get(generationHeader) ?? 0)
}
