/**
 * Frames in the order in which they must be applied: older epochs and what is done already are left out, and a gap is an
 * error.
 *
 * Easy to get wrong: a frame may be given back to the stream only when a checkpoint has passed it, for a new run reads
 * from the oldest frame held.
 */
import { BoundedQueue } from '../../core/bounded-queue.ts'
import type { Clock } from '../../core/clock.ts'
import type { Frame } from '../pipe/frame.ts'
import { decodeFrame } from '../pipe/frame-codec.ts'
import type { FrameSource, StoredFrame } from '../ports.ts'
import { FrameGapError } from './errors.ts'

/** Frames read ahead, beside those that the connection holds. */
const aheadBytes = 4 * 1024 * 1024
/** Of what the stream holds: a frame may be half of it, and what was released last stays, so the next must find room. */
const crowdingBytesShare = 1 / 4
/** The rest is for what is written meanwhile: the source should not have to wait. */
const crowdingMessagesShare = 1 / 2

/** Frames of an older epoch are what a writer of before left behind, but not when they go on coming for so long. */
const staleMs = 60_000

export interface FeedPlace {
  readonly epoch: number
  readonly nextFrame: number
  readonly nextItem: number
}

export interface FedFrame {
  readonly frame: Frame
  /** Items before this one are applied. */
  readonly firstItem: number
  readonly sizeBytes: number
}

export class FrameFeed {
  readonly #source: FrameSource
  readonly #queue = new BoundedQueue<StoredFrame>(aheadBytes)
  readonly #clock: Clock
  readonly #startedMs: number
  readonly #epoch: number
  readonly #resumeItem: number
  readonly #resumeFrame: number
  #expected: number
  #held: { number: number; sequence: number; sizeBytes: number }[] = []
  #heldBytes = 0
  /** What is held lies behind it; null: nothing was released yet. */
  #releasedSequence: number | null = null

  constructor(source: FrameSource, place: FeedPlace, clock: Clock) {
    this.#source = source
    this.#clock = clock
    this.#startedMs = clock.monotonicMs()
    this.#epoch = place.epoch
    this.#expected = place.nextFrame
    this.#resumeFrame = place.nextFrame
    this.#resumeItem = place.nextItem
  }

  /** Reads ahead until `signal` aborts; its failures come out of `next`. */
  async pump(signal: AbortSignal): Promise<void> {
    const stop = () => this.#queue.fail(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    try {
      for await (const stored of this.#source.read(signal)) await this.#queue.push(stored, stored.payload.length)
      this.#queue.end()
    } catch (error) {
      this.#queue.fail(error)
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  /** True when another frame is at hand. */
  get hasMore(): boolean {
    return this.#queue.length > 0
  }

  /** Bytes read ahead. */
  get queuedBytes(): number {
    return this.#queue.sizeBytes
  }

  /** Bytes given out and not yet released. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** True when frames that are not released soon would keep the source from sending more. */
  get isCrowding(): boolean {
    const { limits } = this.#source
    const [first, last] = [this.#held[0], this.#held.at(-1)]
    if (limits === undefined || first === undefined || last === undefined) return false
    const messages = last.sequence - (this.#releasedSequence ?? first.sequence - 1)
    // The next one needs room too.
    const mostMessages = Math.min(limits.messages * crowdingMessagesShare, limits.messages - 1)
    return this.#heldBytes > limits.bytes * crowdingBytesShare || messages > mostMessages
  }

  /**
   * The next frame to apply; null at the end of the source.
   * @throws FrameGapError if a frame is missing or comes from an epoch that this target never began, or if the source goes
   * on in an epoch that is over
   */
  async next(): Promise<FedFrame | null> {
    for (;;) {
      const stored = await this.#queue.take()
      if (stored === undefined) return null
      const fed = this.#take(stored)
      if (fed !== null) return fed
    }
  }

  #take({ payload, sequence }: StoredFrame): FedFrame | null {
    const frame = decodeFrame(payload)
    if (frame.epoch > this.#epoch)
      throw new FrameGapError(`frames of epoch ${frame.epoch} came, this target stands at ${this.#epoch}`, {
        details: { epoch: frame.epoch },
      })
    if (frame.epoch < this.#epoch || frame.number < this.#expected) {
      this.#assertLeftBehind(frame)
      if (this.#held.length === 0) this.#release(sequence)
      return null
    }
    if (frame.number > this.#expected)
      throw new FrameGapError(
        `frame ${this.#expected} of epoch ${this.#epoch} is missing, ${frame.number} came instead`,
        { details: { epoch: frame.epoch } },
      )
    this.#expected += 1
    this.#held.push({ number: frame.number, sequence, sizeBytes: payload.length })
    this.#heldBytes += payload.length
    return {
      frame,
      firstItem: frame.number === this.#resumeFrame ? this.#resumeItem : 0,
      sizeBytes: payload.length,
    }
  }

  /** All that was written before has been read, and of our own epoch nothing came. */
  #assertLeftBehind({ epoch }: Frame): void {
    if (epoch >= this.#epoch || this.#expected !== this.#resumeFrame || this.hasMore) return
    if (this.#clock.monotonicMs() - this.#startedMs < staleMs) return
    throw new FrameGapError(`frames of epoch ${epoch} go on coming, this target stands at ${this.#epoch}`, {
      details: { epoch: this.#epoch },
    })
  }

  /** A checkpoint says that all frames before this one are applied. */
  releaseBefore(frameNumber: number): void {
    let last: number | null = null
    let count = 0
    for (const held of this.#held) {
      if (held.number >= frameNumber) break
      last = held.sequence
      count += 1
      this.#heldBytes -= held.sizeBytes
    }
    if (last === null) return
    this.#held.splice(0, count)
    this.#release(last)
  }

  #release(sequence: number): void {
    this.#releasedSequence = sequence
    this.#source.release({ sequence })
  }
}
