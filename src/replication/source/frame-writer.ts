/**
 * Items become frames, frames go to the sink, several under way at once.
 *
 * Easy to get wrong: a frame's `after` is the last transaction boundary, also when the frame ends inside a transaction.
 * Waiting for room in the sink is the back-pressure: whoever adds items must await `whenRoom` between transactions and
 * large pieces. And a frame must not hold a whole large transaction: the stream takes only frames of half its size.
 */
import { isSamePosition, type Position } from '../../binlog/position.ts'
import type { FrameItem } from '../pipe/frame.ts'
import { FrameBuilder } from '../pipe/frame-builder.ts'
import type { FrameSink } from '../ports.ts'

export interface FrameWriterOptions {
  readonly sink: FrameSink
  readonly epoch: number
  /** Where this run begins. */
  readonly start: Position
  /** A frame is sent before it grows past this; a single item may make it larger. */
  readonly frameBytes: number
  /** Frames and bytes that may be under way before `whenRoom` waits. */
  readonly windowFrames: number
  readonly windowBytes: number
}

/** Under way at once before small frames wait and grow: storing each costs the server a write to disk. */
const busyFrames = 2

type SkipItem = Extract<FrameItem, { kind: 'skip' }>

export class FrameWriter {
  readonly #options: FrameWriterOptions
  readonly #builder = new FrameBuilder()
  #number = 0
  #before: Position
  #after: Position
  /** MariaDB and files: only the last skipped transaction of each domain says anything. */
  readonly #skips = new Map<string, SkipItem>()
  #underWay = 0
  #underWayBytes = 0
  #wake: (() => void)[] = []
  #failure: { readonly error: unknown } | null = null
  /** Since this writer was made. */
  bytesWritten = 0

  constructor(options: FrameWriterOptions) {
    this.#options = options
    this.#before = options.start
    this.#after = options.start
  }

  /** Bytes collected or under way. */
  get queuedBytes(): number {
    return this.#builder.sizeBytes + this.#underWayBytes
  }

  /** All items are in frames: nothing of what was added is looked at any more. */
  get isEmpty(): boolean {
    return this.#builder.isEmpty
  }

  /** The last boundary. */
  get position(): Position {
    return this.#after
  }

  add(item: FrameItem): void {
    this.#writeSkips()
    if (!this.#builder.isEmpty && this.#builder.sizeBytes + bytesOf(item) > this.#options.frameBytes) this.#send()
    this.#builder.add(item)
  }

  /** A transaction of which nothing is passed on. */
  skip(item: SkipItem): void {
    // MySQL's positions hold every GTID, so every one must be told.
    if (this.#after.kind === 'mysql-gtid') this.#builder.add(item)
    else this.#skips.set(item.gtid?.slice(0, item.gtid.indexOf('-')) ?? '', item)
  }

  /** Everything up to `position` has been added. */
  reach(position: Position): void {
    if (!isSamePosition(position, this.#after)) this.#after = position
  }

  /** Whoever waits, or comes to wait, gets `error`. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wakeAll()
  }

  /** Sends what has grown to a frame, and waits while too much is under way. @throws what the sink threw */
  async whenRoom(): Promise<void> {
    await this.room()
  }

  /** The same for whoever comes often. @returns undefined when there is nothing to wait for */
  room(): Promise<void> | undefined {
    if (this.#builder.sizeBytes >= this.#options.frameBytes) this.#send()
    return this.#failure === null && this.#hasRoom ? undefined : this.#waitForRoom()
  }

  get #hasRoom(): boolean {
    const { windowFrames, windowBytes } = this.#options
    return this.#underWay < windowFrames && this.#underWayBytes <= windowBytes
  }

  async #waitForRoom(): Promise<void> {
    while (this.#failure === null && !this.#hasRoom) await this.#change()
    this.#throwFailure()
  }

  /** True when sending what there is now, little as it is, would only make more frames: others wait for their storing. */
  get isBusy(): boolean {
    return this.#failure === null && this.#underWay >= busyFrames
  }

  /** Settles when a frame has been stored, or when something is wrong. */
  async anyStored(): Promise<void> {
    if (this.#underWay > 0 && this.#failure === null) await this.#change()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  /** Sends what there is, also a frame without items when only the position moved. */
  async flush(): Promise<void> {
    this.#writeSkips()
    if (!this.#builder.isEmpty || this.#before !== this.#after) this.#send()
    await this.whenRoom()
  }

  /** Waits until everything sent is stored. */
  async settle(): Promise<void> {
    while (this.#failure === null && this.#underWay > 0) await this.#change()
    this.#throwFailure()
  }

  #writeSkips(): void {
    if (this.#skips.size === 0) return
    for (const item of this.#skips.values()) this.#builder.add(item)
    this.#skips.clear()
  }

  #send(): void {
    const bytes = this.#builder.finish({
      epoch: this.#options.epoch,
      number: this.#number,
      before: this.#before,
      after: this.#after,
    })
    this.#number += 1
    this.#before = this.#after
    this.bytesWritten += bytes.length
    this.#underWay += 1
    this.#underWayBytes += bytes.length
    const { sink } = this.#options
    sink
      .append(bytes)
      .then(() => {
        if (sink.givesFramesBack === true) this.#builder.takeBack(bytes)
      })
      .catch((error: unknown) => {
        this.#failure ??= { error }
      })
      .finally(() => {
        this.#underWay -= 1
        this.#underWayBytes -= bytes.length
        this.#wakeAll()
      })
  }

  #wakeAll(): void {
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error
  }
}

/** About how much it adds to a frame. */
function bytesOf(item: FrameItem): number {
  if (item.kind === 'chunk') return item.chunk.rows.length
  return 'event' in item ? item.event.length : 0
}
