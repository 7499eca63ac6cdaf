/**
 * Collects items into one frame. Items are encoded as they come, so nothing keeps the socket's chunks alive; only the rows of
 * chunks, which are their own bytes already, wait as they are and are copied once, when the frame is made.
 */
import { ByteWriter } from './byte-writer.ts'
import type { FrameItem } from './frame.ts'
import { assembleFrame, type FrameHeader, writeChunkHead, writeItem } from './frame-codec.ts'

const firstBytes = 65_536
/** Fewer are cheaper to copy. */
const ownRowsBytes = 65_536

export class FrameBuilder {
  /** What stands before `#writer`'s bytes. */
  readonly #parts: Uint8Array[] = []
  #partsBytes = 0
  #writer: ByteWriter | null = null
  #count = 0

  get isEmpty(): boolean {
    return this.#count === 0
  }

  get sizeBytes(): number {
    return this.#partsBytes + (this.#writer?.length ?? 0)
  }

  add(item: FrameItem): void {
    this.#count += 1
    if (item.kind !== 'chunk' || item.chunk.rows.length < ownRowsBytes) {
      this.#writer ??= new ByteWriter(firstBytes)
      writeItem(this.#writer, item)
      return
    }
    const head = this.#writer ?? new ByteWriter(1_024)
    writeChunkHead(head, item.chunk)
    this.#writer = null
    this.#addPart(head.written())
    this.#addPart(item.chunk.rows)
  }

  /** The frame's bytes. The builder is used up. */
  finish(header: FrameHeader): Buffer {
    if (this.#writer !== null) this.#addPart(this.#writer.written())
    return assembleFrame(header, this.#count, this.#parts)
  }

  #addPart(bytes: Uint8Array): void {
    this.#parts.push(bytes)
    this.#partsBytes += bytes.length
  }
}
