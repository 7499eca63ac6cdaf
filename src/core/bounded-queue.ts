/**
 * A queue between one or more producers and one consumer, bounded in bytes.
 *
 * When it is full, `push` waits: that is the back-pressure. One item larger than the whole bound is let in when the
 * queue is empty, so that it cannot wait for ever.
 */
export class BoundedQueue<Item> {
  readonly #limitBytes: number
  /** What was taken is undefined, for nothing must stay in memory for the place that it had. */
  readonly #items: ({ item: Item; sizeBytes: number } | undefined)[] = []
  #head = 0
  #sizeBytes = 0
  #ended = false
  #failure: { error: unknown } | null = null
  #wakeConsumer: (() => void) | null = null
  #waitingProducers: (() => void)[] = []

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** Bytes now held. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Items now held. */
  get length(): number {
    return this.#items.length - this.#head
  }

  /** True when a `push` of `sizeBytes` would not wait. */
  hasRoomFor(sizeBytes: number): boolean {
    return this.length === 0 || this.#sizeBytes + sizeBytes <= this.#limitBytes
  }

  /** Adds an item, waiting for room. @throws what `fail` was given, or if the queue was ended */
  async push(item: Item, sizeBytes: number): Promise<void> {
    while (!this.hasRoomFor(sizeBytes) && !this.#ended && this.#failure === null)
      await new Promise<void>((resolve) => this.#waitingProducers.push(resolve))
    if (this.#failure !== null) throw this.#failure.error
    if (this.#ended) throw new Error('push after end')
    this.#items.push({ item, sizeBytes })
    this.#sizeBytes += sizeBytes
    this.#wake()
  }

  /** No more items will come; what is held can still be taken. */
  end(): void {
    this.#ended = true
    this.#wake()
    this.#releaseProducers()
  }

  /** Both sides stop with `error`; what is held is dropped. */
  fail(error: unknown): void {
    if (this.#failure !== null) return
    this.#failure = { error }
    this.#items.length = 0
    this.#head = 0
    this.#sizeBytes = 0
    this.#wake()
    this.#releaseProducers()
  }

  /** The next item without waiting, or undefined when none is held now. */
  tryTake(): Item | undefined {
    const entry = this.#items[this.#head]
    if (entry === undefined) return undefined
    this.#items[this.#head] = undefined
    this.#head += 1
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items.splice(0, this.#head)
      this.#head = 0
    }
    this.#sizeBytes -= entry.sizeBytes
    this.#releaseProducers()
    return entry.item
  }

  /** The next item, or undefined after `end`. One consumer at a time. @throws what `fail` was given */
  async take(): Promise<Item | undefined> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure.error
      const item = this.tryTake()
      if (item !== undefined) return item
      if (this.#ended) return undefined
      await new Promise<void>((resolve) => {
        this.#wakeConsumer = resolve
      })
    }
  }

  #wake(): void {
    this.#wakeConsumer?.()
    this.#wakeConsumer = null
  }

  #releaseProducers(): void {
    const waiting = this.#waitingProducers
    this.#waitingProducers = []
    for (const release of waiting) release()
  }
}
