/** A job's stream of frames in memory: keeps frames until they are released, and gives every reader all that are held. */

import type { Position } from '../../src/binlog/position.ts'
import type { Frame, FrameItem } from '../../src/replication/pipe/frame.ts'
import { encodeFrame } from '../../src/replication/pipe/frame-codec.ts'
import type { FrameSource, StoredFrame } from '../../src/replication/ports.ts'

export class MemoryPipe {
  #frames: StoredFrame[] = []
  #last = 0
  #waiting: (() => void)[] = []
  #number = 0
  epoch: number
  position: Position

  constructor(epoch: number, position: Position) {
    this.epoch = epoch
    this.position = position
  }

  get heldFrames(): number {
    return this.#frames.length
  }

  /** Starts over with another epoch. */
  restart(epoch: number, position: Position): void {
    this.epoch = epoch
    this.position = position
    this.#number = 0
  }

  /** Appends a frame that ends at `after`. */
  append(items: readonly FrameItem[], after: Position = this.position): void {
    this.appendFrame({ epoch: this.epoch, number: this.#number, before: this.position, after, items })
    this.#number += 1
    this.position = after
  }

  appendFrame(frame: Frame): void {
    this.appendBytes(encodeFrame(frame))
  }

  appendBytes(payload: Uint8Array): void {
    this.#last += 1
    this.#frames.push({ sequence: this.#last, payload })
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }

  /** Drops the oldest frames, as a stream that was lost would. */
  drop(count: number): void {
    this.#frames.splice(0, count)
  }

  open(): FrameSource {
    const pipe = this
    return {
      async *read(signal) {
        let next = 0
        while (!signal.aborted) {
          const frame = pipe.#frames.find(({ sequence }) => sequence > next)
          if (frame !== undefined) {
            next = frame.sequence
            yield frame
            continue
          }
          await new Promise<void>((resolve) => {
            pipe.#waiting.push(resolve)
            signal.addEventListener('abort', () => resolve(), { once: true })
          })
        }
      },
      release({ sequence }) {
        pipe.#frames = pipe.#frames.filter((frame) => frame.sequence > sequence)
      },
      async close() {},
    }
  }
}
