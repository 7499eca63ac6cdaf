/**
 * The time by which the runner decides: the agent's, told with every request.
 *
 * The agent knows the time of the cluster, whatever the clock of this machine says. Easy to get wrong: between two
 * requests it goes on by the monotonic clock, so a jump of the wall clock in between changes nothing; only when no agent
 * has been there for long is the wall clock all there is.
 */
import type { Clock } from '../../core/clock.ts'

const trustedForMs = 60_000

export class ToldClock implements Clock {
  readonly #machine: Clock
  #told: { readonly at: number; readonly monotonicMs: number } | null = null

  constructor(machine: Clock) {
    this.#machine = machine
  }

  /** @param at milliseconds since the epoch, as the agent has it now */
  tell(at: number): void {
    this.#told = { at, monotonicMs: this.#machine.monotonicMs() }
  }

  now(): number {
    if (this.#told === null) return this.#machine.now()
    const sinceMs = this.#machine.monotonicMs() - this.#told.monotonicMs
    return sinceMs > trustedForMs ? this.#machine.now() : Math.floor(this.#told.at + sinceMs)
  }

  monotonicMs(): number {
    return this.#machine.monotonicMs()
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#machine.sleep(ms, signal)
  }
}
