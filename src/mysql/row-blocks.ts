/**
 * Rows of a result as blocks of bytes, for who passes many rows on and looks at none: packets one after another in one
 * buffer, instead of an object for each row.
 */
import { type BlockMemory, blockSize } from './block-memory.ts'
import { type PausableSocket, SocketQueue } from './socket-queue.ts'

export interface RowBlock {
  /** Row packets of the text protocol, see text-row.ts. */
  readonly rows: Buffer
  readonly rowCount: number
}

const pauseAboveBytes = 4 * 1024 * 1024

export class RowBlocks implements AsyncIterable<RowBlock> {
  readonly #queue: SocketQueue<RowBlock>
  readonly #blockBytes: number
  readonly #memory: BlockMemory | null
  #block: Buffer
  #length = 0
  #rowCount = 0

  /**
   * @param blockBytes a block ends with the row that makes it this long; only the last is shorter
   * @param memory for blocks; null: each gets its own
   */
  constructor(stream: PausableSocket, blockBytes: number, memory: BlockMemory | null = null) {
    this.#queue = new SocketQueue(stream, pauseAboveBytes, ({ rows }) => rows.length)
    this.#blockBytes = blockBytes
    this.#memory = memory
    this.#block = Buffer.alloc(0)
  }

  /** Takes a row: the bytes of `buffer` from `start` to `end`, which are copied. */
  push(buffer: Buffer, start: number, end: number): void {
    if (this.#queue.isDiscarding) return
    this.#reserve(end - start)
    this.#length += buffer.copy(this.#block, this.#length, start, end)
    this.#rowCount += 1
    if (this.#length >= this.#blockBytes) this.#finishBlock()
  }

  end(): void {
    if (this.#rowCount > 0) this.#finishBlock()
    this.#queue.end()
  }

  fail(error: unknown): void {
    this.#queue.fail(error)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RowBlock> {
    try {
      for (let block = await this.#queue.one(); block !== null; block = await this.#queue.one()) yield block
    } finally {
      await this.#queue.discardRest()
    }
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#block.length) return
    const fresh = Math.max(blockSize(this.#blockBytes), this.#length + more)
    const larger = this.#memory?.lend(fresh) ?? Buffer.allocUnsafeSlow(fresh)
    this.#block.copy(larger, 0, 0, this.#length)
    this.#block = larger
  }

  #finishBlock(): void {
    this.#queue.push({ rows: this.#block.subarray(0, this.#length), rowCount: this.#rowCount })
    this.#block = Buffer.alloc(0)
    this.#length = 0
    this.#rowCount = 0
  }
}
