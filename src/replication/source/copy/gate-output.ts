/**
 * Pieces read while a gate is open, kept until it is closed, so that a slow target does not keep snapshots and metadata
 * locks on the source open. Above a bound they are written at once after all.
 */
import type { BlockMemory } from '../../../mysql/block-memory.ts'
import type { ChunkPiece } from '../../pipe/frame.ts'
import type { FrameWriter } from '../frame-writer.ts'

const mostHeldBytes = 24 * 1024 * 1024

export class GateOutput {
  /** For the rows of pieces: given back when they are in frames. */
  readonly memory: BlockMemory
  readonly #writer: FrameWriter
  #pieces: ChunkPiece[] = []
  #heldBytes = 0
  #writing: Promise<void> = Promise.resolve()
  /** Perhaps not copied into a frame yet. */
  #added: Buffer[] = []
  /** All that was taken. */
  bytesTotal = 0

  constructor(writer: FrameWriter, memory: BlockMemory) {
    this.#writer = writer
    this.memory = memory
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
      this.#added.push(piece.rows)
      await this.#writer.whenRoom()
      if (this.#writer.isEmpty) for (const rows of this.#added.splice(0)) this.memory.takeBack(rows)
    }
  }
}
