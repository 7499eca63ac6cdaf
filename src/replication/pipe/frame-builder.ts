/**
 * Collects items into one frame. Items are encoded as they come, so nothing keeps the socket's chunks alive.
 */
import { ByteWriter } from './byte-writer.ts'
import type { FrameItem } from './frame.ts'
import { assembleFrame, type FrameHeader, writeItem } from './frame-codec.ts'

export class FrameBuilder {
  readonly #writer = new ByteWriter(65_536)
  #count = 0

  get isEmpty(): boolean {
    return this.#count === 0
  }

  get sizeBytes(): number {
    return this.#writer.length
  }

  add(item: FrameItem): void {
    writeItem(this.#writer, item)
    this.#count += 1
  }

  /** The frame's bytes. The builder is used up. */
  finish(header: FrameHeader): Buffer {
    return assembleFrame(header, this.#count, this.#writer.written())
  }
}
