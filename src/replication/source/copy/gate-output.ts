/**
 * Pieces read while a gate is open, kept until it is closed, so that a slow target does not keep snapshots and metadata
 * locks on the source open. Above a bound they are written at once after all.
 */
import type { ChunkPiece } from '../../pipe/frame.ts'
import type { FrameWriter } from '../frame-writer.ts'

const mostHeldBytes = 24 * 1024 * 1024

export class GateOutput {
  readonly #writer: FrameWriter
  #pieces: ChunkPiece[] = []
  #heldBytes = 0
  #writing: Promise<void> = Promise.resolve()
  /** All that was taken. */
  bytesTotal = 0

  constructor(writer: FrameWriter) {
    this.#writer = writer
  }

  /** Pieces of one chunk must come in order, one call after another. */
  async take(piece: ChunkPiece): Promise<void> {
    this.#pieces.push(piece)
    this.#heldBytes += piece.rows.length
    this.bytesTotal += piece.rows.length
    if (this.#heldBytes > mostHeldBytes) await this.write()
  }

  /** Writes what is held. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeAll())
    return this.#writing
  }

  async #writeAll(): Promise<void> {
    for (let piece = this.#pieces.shift(); piece !== undefined; piece = this.#pieces.shift()) {
      this.#heldBytes -= piece.rows.length
      this.#writer.add({ kind: 'chunk', chunk: piece })
      await this.#writer.whenRoom()
    }
  }
}
