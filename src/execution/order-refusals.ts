/**
 * Whether this node takes orders, as far as the last one tells.
 *
 * Easy to get wrong: a node that refuses is given few orders or none, so nothing may ever show that it takes them again.
 * A refusal counts for a while only.
 */
import type { Clock } from '../core/clock.ts'
import { RunnerRefusedError, RunnerUnavailableError } from './errors.ts'

/** What is refused comes again within a second, or eleven where the runner is awaited. */
const countsForMs = 15_000

export class OrderRefusals {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #refusedAtMs = Number.NEGATIVE_INFINITY

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  get areRecent(): boolean {
    return this.#clock.monotonicMs() - this.#refusedAtMs < countsForMs
  }

  /** Remembers how starting orders went. @throws what `start` throws */
  async watch(start: () => Promise<void>): Promise<void> {
    try {
      await start()
      this.#refusedAtMs = Number.NEGATIVE_INFINITY
    } catch (error) {
      // Not when NATS does not say whose turn it is: that is no fault of this node.
      if (error instanceof RunnerRefusedError || error instanceof RunnerUnavailableError)
        this.#refusedAtMs = this.#clock.monotonicMs()
      throw error
    }
  }
}
