/**
 * How much of the job's stream waits for the target, asked of the stream now and then.
 *
 * Easy to get wrong: it is only shown. What keeps it from being known must not hinder the task, nor may the asking.
 */
import type { Clock } from '../../core/clock.ts'
import type { FrameSink } from '../ports.ts'

const everyMs = 5_000

export class StreamBacklog {
  readonly #sink: FrameSink
  readonly #clock: Clock
  #askedAtMs = Number.NEGATIVE_INFINITY
  #isAsking = false
  #bytes: number | null = null

  constructor(sink: FrameSink, clock: Clock) {
    this.#sink = sink
    this.#clock = clock
  }

  /** As of some seconds ago; null: not known. Asks again when that is old. */
  get bytes(): number | null {
    const nowMs = this.#clock.monotonicMs()
    if (!this.#isAsking && nowMs - this.#askedAtMs >= everyMs) {
      this.#askedAtMs = nowMs
      void this.#ask()
    }
    return this.#bytes
  }

  async #ask(): Promise<void> {
    this.#isAsking = true
    try {
      this.#bytes = (await this.#sink.readBacklogBytes?.()) ?? null
    } catch {
      this.#bytes = null
    } finally {
      this.#isAsking = false
    }
  }
}
