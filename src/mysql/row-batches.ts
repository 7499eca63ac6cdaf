/** Rows between the socket and their consumer, who gets all that have come by then. */
import { type PausableSocket, SocketQueue } from './socket-queue.ts'

const pauseAboveBytes = 1_048_576

export class RowBatches implements AsyncIterable<readonly Buffer[]> {
  readonly #queue: SocketQueue<Buffer>

  constructor(connection: PausableSocket) {
    this.#queue = new SocketQueue(connection, pauseAboveBytes, (row) => row.length)
  }

  push(row: Buffer): void {
    this.#queue.push(row)
  }

  end(): void {
    this.#queue.end()
  }

  fail(error: unknown): void {
    this.#queue.fail(error)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Buffer[]> {
    try {
      for (let rows = await this.#queue.all(); rows !== null; rows = await this.#queue.all()) yield rows
    } finally {
      await this.#queue.discardRest()
    }
  }
}
