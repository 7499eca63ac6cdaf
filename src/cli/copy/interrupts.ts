/**
 * Ctrl-C and its like while a copy runs: the first one ends it in order, the second one ends what takes long of that.
 */

/** Ended by a signal; the exit status is 128 and the signal's number, as shells have it. */
export class Interrupted extends Error {
  readonly exitStatus: number

  constructor(signal: InterruptSignal) {
    super(`interrupted by ${signal}`)
    this.exitStatus = 128 + numbers[signal]
  }
}

type InterruptSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'
const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

export interface SignalSource {
  on(name: InterruptSignal, listener: () => void): unknown
  off(name: InterruptSignal, listener: () => void): unknown
}

export class Interrupts implements Disposable {
  readonly #source: SignalSource
  readonly #first = new AbortController()
  readonly #second = new AbortController()
  readonly #listeners: readonly (readonly [InterruptSignal, () => void])[]
  readonly #onThird: (status: number) => void

  /** @param source the process @param onThird whoever asks a third time does not want to wait at all */
  constructor(source: SignalSource, onThird: (status: number) => void) {
    this.#source = source
    this.#onThird = onThird
    this.#listeners = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => [name, () => this.#take(name)] as const)
    for (const [name, listener] of this.#listeners) source.on(name, listener)
  }

  /** Aborts with an `Interrupted`. */
  get first(): AbortSignal {
    return this.#first.signal
  }

  get second(): AbortSignal {
    return this.#second.signal
  }

  [Symbol.dispose](): void {
    for (const [name, listener] of this.#listeners) this.#source.off(name, listener)
  }

  #take(name: InterruptSignal): void {
    const reason = new Interrupted(name)
    if (!this.#first.signal.aborted) this.#first.abort(reason)
    else if (!this.#second.signal.aborted) this.#second.abort(reason)
    else this.#onThird(reason.exitStatus)
  }
}
