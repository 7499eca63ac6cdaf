/** Lets a loop rest until something happened, or for a while. Ringing while nobody waits is remembered, once. */
import type { Clock } from '../../core/clock.ts'

export class WakeSignal {
  readonly #clock: Clock
  #isRung = false
  #wake: (() => void) | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  ring(): void {
    this.#isRung = true
    this.#wake?.()
  }

  /** Resolves at the next ring, after `ms` or when `signal` aborts, whichever is first. One waiter at a time. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#isRung && !signal.aborted) {
      const done = new AbortController()
      const rung = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      const rested = this.#clock.sleep(ms, AbortSignal.any([signal, done.signal])).catch(() => undefined)
      await Promise.race([rung, rested])
      done.abort()
      this.#wake = null
    }
    this.#isRung = false
  }
}
