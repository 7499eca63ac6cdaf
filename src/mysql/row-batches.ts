/**
 * Rows between the socket and their consumer. When more than `pauseAboveBytes` wait, the socket is paused until the
 * consumer has taken them.
 */
import type { DriverConnection } from './driver.ts'

const pauseAboveBytes = 1_048_576

export class RowBatches implements AsyncIterable<readonly Buffer[]> {
  readonly #connection: Pick<DriverConnection, 'pause' | 'resume'>
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #isPaused = false
  #isDiscarding = false
  #ended: { readonly error: unknown } | 'clean' | null = null
  #wake: (() => void) | null = null

  constructor(connection: Pick<DriverConnection, 'pause' | 'resume'>) {
    this.#connection = connection
  }

  push(row: Buffer): void {
    if (this.#isDiscarding) return
    this.#waiting.push(row)
    this.#waitingBytes += row.length
    if (this.#waitingBytes > pauseAboveBytes && !this.#isPaused) {
      this.#isPaused = true
      this.#connection.pause()
    }
    this.#wakeConsumer()
  }

  end(): void {
    this.#ended ??= 'clean'
    this.#wakeConsumer()
  }

  fail(error: unknown): void {
    this.#ended ??= { error }
    this.#wakeConsumer()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Buffer[]> {
    try {
      for (;;) {
        const rows = await this.#take()
        if (rows === null) return
        yield rows
      }
    } finally {
      await this.#discardRest()
    }
  }

  async #take(): Promise<readonly Buffer[] | null> {
    while (this.#waiting.length === 0) {
      if (this.#ended === 'clean') return null
      if (this.#ended !== null) throw this.#ended.error
      this.#resume()
      if (this.#waiting.length === 0 && this.#ended === null) await this.#woken()
    }
    const rows = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    return rows
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
    this.#connection.resume()
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
