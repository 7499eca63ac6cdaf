/**
 * One reign: its term, and a signal that says when it is over.
 *
 * Easy to get wrong: a process that stood still (SIGSTOP, a machine that slept) wakes up with its lease long gone, and
 * whatever happens to be next in its event loop runs before any timer of ours. So the signal does not wait for a timer:
 * whoever looks at `aborted` has the monotonic clock looked at.
 */
import type { Clock } from '../core/clock.ts'
import type { Term } from '../model/member.ts'
import type { HeldLease } from './ports.ts'

export interface ReignOptions {
  readonly held: HeldLease
  readonly clock: Clock
  /** It is over so long before the lease runs out. */
  readonly marginMs: number
  /** Ends it too. */
  readonly outer: AbortSignal
}

export class Reign {
  readonly term: Term
  readonly signal: AbortSignal
  readonly #controller = new AbortController()
  readonly #options: ReignOptions
  #held: HeldLease
  #isEnded = false

  constructor(options: ReignOptions) {
    this.#options = options
    this.#held = options.held
    this.term = options.held.term
    this.signal = this.#controller.signal
    Object.defineProperties(this.signal, {
      aborted: { get: () => this.isOver },
      throwIfAborted: {
        value: () => {
          if (this.isOver) throw this.signal.reason
        },
      },
    })
    const { outer } = options
    const stop = () => this.end(outer.reason)
    if (outer.aborted) stop()
    outer.addEventListener('abort', stop, { once: true, signal: this.#controller.signal })
  }

  get held(): HeldLease {
    return this.#held
  }

  /** True from `marginMs` before the lease runs out, or from its end for another reason. */
  get isOver(): boolean {
    if (!this.#isEnded && this.leftMs <= 0) this.end(new Error('the lease could not be renewed in time'))
    return this.#isEnded
  }

  /** How long it lasts if the lease is not renewed, in milliseconds; may be negative. */
  get leftMs(): number {
    const { clock, marginMs } = this.#options
    return this.#held.expiresAtMs - marginMs - clock.monotonicMs()
  }

  /** The lease was renewed. Too late is too late. */
  extend(held: HeldLease): void {
    if (!this.isOver) this.#held = held
  }

  end(reason: unknown): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#controller.abort(reason)
  }
}
