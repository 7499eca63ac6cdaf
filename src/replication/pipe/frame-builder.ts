/**
 * Collects items into frames, one after another. Items are encoded as they come, so nothing keeps the socket's chunks alive;
 * only the rows of chunks, which are their own bytes already, wait as they are and are copied once, when the frame is made.
 */
import { ByteWriter } from './byte-writer.ts'
import type { FrameItem } from './frame.ts'
import { assembleFrame, type FrameHeader, writeChunkHead, writeItem } from './frame-codec.ts'
import { FrameMemory } from './frame-memory.ts'

const firstBytes = 65_536
/** Kept from one frame to the next: more than frames usually need. */
const mostKeptBytes = 1024 * 1024
/** Fewer are cheaper to copy. */
const ownRowsBytes = 65_536

/** Rows that stand behind the first `at` bytes of what was encoded. */
interface RowsBetween {
  readonly at: number
  readonly rows: Uint8Array
}

export class FrameBuilder {
  readonly #writer = new ByteWriter(firstBytes)
  readonly #memory = new FrameMemory()
  #between: RowsBetween[] = []
  #betweenBytes = 0
  #count = 0

  get isEmpty(): boolean {
    return this.#count === 0
  }

  get sizeBytes(): number {
    return this.#writer.length + this.#betweenBytes
  }

  add(item: FrameItem): void {
    this.#count += 1
    if (item.kind !== 'chunk' || item.chunk.rows.length < ownRowsBytes) {
      writeItem(this.#writer, item)
      return
    }
    const { rows } = item.chunk
    writeChunkHead(this.#writer, item.chunk)
    this.#between.push({ at: this.#writer.length, rows })
    this.#betweenBytes += rows.length
  }

  /** The frame's bytes; what is added next belongs to another frame. */
  finish(header: FrameHeader): Buffer {
    const frame = assembleFrame(header, this.#count, this.#parts(), (sizeBytes) => this.#memory.lend(sizeBytes))
    this.#writer.clear(mostKeptBytes)
    this.#between = []
    this.#betweenBytes = 0
    this.#count = 0
    return frame
  }

  /** A finished frame that nobody uses any more: another one will be made over it. */
  takeBack(frame: Buffer): void {
    this.#memory.takeBack(frame)
  }

  #parts(): readonly Uint8Array[] {
    const encoded = this.#writer.written()
    const parts: Uint8Array[] = []
    let from = 0
    for (const { at, rows } of this.#between) {
      parts.push(encoded.subarray(from, at), rows)
      from = at
    }
    parts.push(encoded.subarray(from))
    return parts
  }
}
