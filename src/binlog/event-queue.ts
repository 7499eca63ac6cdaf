/**
 * Events between the socket and one consumer, handed over in batches.
 *
 * When more than `limitBytes` are held, `push` says so and the caller stops reading; the next `take` calls `onDrained`.
 * A failure is told only after all events before it were taken.
 */
import type { RawEvent } from './raw-event.ts'

export class EventQueue {
  readonly #limitBytes: number
  readonly #onDrained: () => void
  #events: RawEvent[] = []
  #sizeBytes = 0
  #isFull = false
  #end: { readonly error: unknown } | null = null
  #wake: (() => void) | null = null

  constructor(limitBytes: number, onDrained: () => void) {
    this.#limitBytes = limitBytes
    this.#onDrained = onDrained
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get isFull(): boolean {
    return this.#isFull
  }

  /** @returns false when the caller should stop reading until `onDrained` */
  push(event: RawEvent): boolean {
    this.#events.push(event)
    this.#sizeBytes += event.buffer.length
    this.#wakeUp()
    this.#isFull = this.#sizeBytes >= this.#limitBytes
    return !this.#isFull
  }

  /** Nothing more comes: `take` gives what is left, then throws `error`, or null when it is null. Only the first counts. */
  end(error: unknown): void {
    this.#end ??= { error }
    this.#wakeUp()
  }

  /** Drops what is held. */
  clear(): void {
    this.#events = []
    this.#sizeBytes = 0
  }

  /** All events held now, or the next ones; null at the end. One caller at a time. @throws what `end` was given */
  async take(): Promise<readonly RawEvent[] | null> {
    for (;;) {
      if (this.#events.length > 0) return this.#takeAll()
      if (this.#end !== null) {
        if (this.#end.error === null) return null
        throw this.#end.error
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #takeAll(): readonly RawEvent[] {
    const events = this.#events
    this.clear()
    if (this.#isFull) {
      this.#isFull = false
      this.#onDrained()
    }
    return events
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}
