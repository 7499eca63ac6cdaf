/**
 * Memory of row blocks, lent again when a block's rows have gone elsewhere: memory outside the JavaScript heap that is thrown
 * away block by block makes the engine look through its whole heap every few megabytes.
 *
 * Easy to get wrong: whoever gives a block back must be its last reader, for the next rows are written over it.
 */
export class BlockMemory {
  readonly #sizeBytes: number
  readonly #mostKept: number
  readonly #kept: Buffer[] = []

  /**
   * @param blockBytes as `Session.rowBlocks` is given
   * @param mostKept blocks that wait to be lent
   */
  constructor(blockBytes: number, mostKept: number) {
    this.#sizeBytes = blockSize(blockBytes)
    this.#mostKept = mostKept
  }

  /** @returns as many bytes as asked for, or a few more, of any content */
  lend(sizeBytes: number): Buffer {
    if (sizeBytes > this.#sizeBytes) return Buffer.allocUnsafeSlow(sizeBytes)
    return this.#kept.pop() ?? Buffer.allocUnsafeSlow(this.#sizeBytes)
  }

  /** @param rows of a block; those of a longer one, or of something else, are left to the engine */
  takeBack({ buffer, byteOffset }: Buffer): void {
    if (byteOffset > 0 || buffer.byteLength !== this.#sizeBytes || this.#kept.length >= this.#mostKept) return
    this.#kept.push(Buffer.from(buffer))
  }
}

/** A little more than a block, for the row that ends it. */
export function blockSize(blockBytes: number): number {
  return blockBytes + Math.min(blockBytes >> 3, 65_536)
}
