/**
 * Rows of a result as blocks of bytes, for who passes many rows on and looks at none: packets one after another in one
 * buffer, instead of an object for each row.
 *
 * When more than `pauseAboveBytes` wait, the socket is paused until the consumer has taken them; what it had delivered by
 * then still comes.
 */
import type { DriverConnection } from './driver.ts'

export interface RowBlock {
  /** Row packets of the text protocol, see text-row.ts. */
  readonly rows: Buffer
  readonly rowCount: number
}

const pauseAboveBytes = 4 * 1024 * 1024

export class RowBlocks implements AsyncIterable<RowBlock> {
  readonly #stream: Pick<DriverConnection['stream'], 'pause' | 'resume'>
  readonly #blockBytes: number
  #block: Buffer
  #length = 0
  #rowCount = 0
  #waiting: RowBlock[] = []
  #waitingBytes = 0
  #isPaused = false
  #isDiscarding = false
  #ended: { readonly error: unknown } | 'clean' | null = null
  #wake: (() => void) | null = null

  /** @param blockBytes a block ends with the row that makes it this long; only the last is shorter */
  constructor(stream: Pick<DriverConnection['stream'], 'pause' | 'resume'>, blockBytes: number) {
    this.#stream = stream
    this.#blockBytes = blockBytes
    this.#block = Buffer.alloc(0)
  }

  /** Takes a row: the bytes of `buffer` from `start` to `end`, which are copied. */
  push(buffer: Buffer, start: number, end: number): void {
    if (this.#isDiscarding) return
    this.#reserve(end - start)
    this.#length += buffer.copy(this.#block, this.#length, start, end)
    this.#rowCount += 1
    if (this.#length >= this.#blockBytes) this.#finishBlock()
  }

  end(): void {
    if (this.#rowCount > 0) this.#finishBlock()
    this.#ended ??= 'clean'
    this.#wakeConsumer()
  }

  fail(error: unknown): void {
    this.#ended ??= { error }
    this.#wakeConsumer()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RowBlock> {
    try {
      for (let block = await this.#take(); block !== null; block = await this.#take()) yield block
    } finally {
      await this.#discardRest()
    }
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#block.length) return
    // A little more than a block, for the row that ends it.
    const fresh = Math.max(this.#blockBytes + Math.min(this.#blockBytes >> 3, 65_536), this.#length + more)
    const larger = Buffer.allocUnsafeSlow(fresh)
    this.#block.copy(larger, 0, 0, this.#length)
    this.#block = larger
  }

  #finishBlock(): void {
    this.#waiting.push({ rows: this.#block.subarray(0, this.#length), rowCount: this.#rowCount })
    this.#waitingBytes += this.#length
    this.#block = Buffer.alloc(0)
    this.#length = 0
    this.#rowCount = 0
    if (this.#waitingBytes > pauseAboveBytes && !this.#isPaused) {
      this.#isPaused = true
      this.#stream.pause()
    }
    this.#wakeConsumer()
  }

  async #take(): Promise<RowBlock | null> {
    for (;;) {
      const block = this.#waiting.shift()
      if (block !== undefined) {
        this.#waitingBytes -= block.rows.length
        return block
      }
      if (this.#ended === 'clean') return null
      if (this.#ended !== null) throw this.#ended.error
      this.#resume()
      await this.#woken()
    }
  }

  async #discardRest(): Promise<void> {
    this.#isDiscarding = true
    this.#waiting = []
    this.#resume()
    while (this.#ended === null) await this.#woken()
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#stream.resume()
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #wakeConsumer(): void {
    this.#wake?.()
    this.#wake = null
  }
}
