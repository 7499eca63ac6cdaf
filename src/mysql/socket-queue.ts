/**
 * What a socket delivers, between it and its consumer. When more than `pauseAboveBytes` wait, the socket is paused until
 * the consumer has taken them; what it had delivered by then still comes.
 */
export interface PausableSocket {
  pause(): void
  resume(): void
}

export class SocketQueue<Item> {
  readonly #socket: PausableSocket
  readonly #pauseAboveBytes: number
  readonly #sizeOf: (item: Item) => number
  #waiting: Item[] = []
  #waitingBytes = 0
  #isPaused = false
  #isDiscarding = false
  #ended: { readonly error: unknown } | 'clean' | null = null
  #wake: (() => void) | null = null

  constructor(socket: PausableSocket, pauseAboveBytes: number, sizeOf: (item: Item) => number) {
    this.#socket = socket
    this.#pauseAboveBytes = pauseAboveBytes
    this.#sizeOf = sizeOf
  }

  /** The consumer wants nothing more; what comes is dropped. */
  get isDiscarding(): boolean {
    return this.#isDiscarding
  }

  push(item: Item): void {
    if (this.#isDiscarding) return
    this.#waiting.push(item)
    this.#waitingBytes += this.#sizeOf(item)
    if (this.#waitingBytes > this.#pauseAboveBytes && !this.#isPaused) {
      this.#isPaused = true
      this.#socket.pause()
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

  /** Waits for the next one; null at the end. @throws what it failed with, once all before is taken */
  async one(): Promise<Item | null> {
    if (!(await this.#hasMore())) return null
    const item = this.#waiting.shift() as Item
    this.#waitingBytes -= this.#sizeOf(item)
    return item
  }

  /** The same for everything that waits, at least one. */
  async all(): Promise<readonly Item[] | null> {
    if (!(await this.#hasMore())) return null
    const items = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    return items
  }

  /** Waits for the end of what the socket has still to deliver. */
  async discardRest(): Promise<void> {
    this.#isDiscarding = true
    this.#waiting = []
    this.#resume()
    while (this.#ended === null) await this.#woken()
  }

  async #hasMore(): Promise<boolean> {
    while (this.#waiting.length === 0) {
      if (this.#ended === 'clean') return false
      if (this.#ended !== null) throw this.#ended.error
      this.#resume()
      if (this.#waiting.length === 0 && this.#ended === null) await this.#woken()
    }
    return true
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#socket.resume()
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
