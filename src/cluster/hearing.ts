/**
 * How long this node could hear the others, told by its own heartbeats coming back to it.
 *
 * Easy to get wrong: it is a clock that stands still while nothing is heard, so a silence that began before NATS went
 * away goes on where it was, and what was failed then stays failed.
 */
export class Hearing {
  readonly #longestGapMs: number
  #heardMs = 0
  #lastMs: number | null = null
  readonly #sinceMs: number

  /** @param longestGapMs between two heartbeats of our own; of a longer one only so much counts */
  constructor(longestGapMs: number, nowMs: number) {
    this.#longestGapMs = longestGapMs
    this.#sinceMs = nowMs
  }

  /** Our own heartbeat came back. @returns true when it had been away for longer than it may */
  noteEcho(nowMs: number): boolean {
    const gapMs = this.#gapMs(nowMs)
    this.#heardMs += Math.min(gapMs, this.#longestGapMs)
    this.#lastMs = nowMs
    return gapMs > this.#longestGapMs
  }

  /** Milliseconds in which this node could hear. */
  heardMs(nowMs: number): number {
    return this.#heardMs + Math.min(this.#gapMs(nowMs), this.#longestGapMs)
  }

  /** Milliseconds since this node heard itself. */
  deafMs(nowMs: number): number {
    return this.#lastMs === null ? nowMs - this.#sinceMs : this.#gapMs(nowMs)
  }

  #gapMs(nowMs: number): number {
    return this.#lastMs === null ? 0 : nowMs - this.#lastMs
  }
}
