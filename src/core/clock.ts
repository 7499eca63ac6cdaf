/**
 * Time as a dependency, so that rules about time are tested without waiting.
 *
 * Easy to get wrong: `now` is the wall clock and may jump; leases and time-outs use `monotonicMs`, which may not.
 */
export interface Clock {
  /** Milliseconds since the epoch, by the wall clock. */
  now(): number
  /** Milliseconds since some fixed instant; never goes back. */
  monotonicMs(): number
  /** Resolves after `ms` (at once when `ms` <= 0). @throws the signal's reason when it aborts first */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

// Timers hold a signed 32-bit count of milliseconds; a longer one fires at once.
const longestTimerMs = 2_147_483_647

/** The real clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    signal?.throwIfAborted()
    for (let left = ms; left > 0; left -= longestTimerMs) await pause(Math.min(left, longestTimerMs), signal)
  },
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/** A clock that moves only when a test says so. */
export class FakeClock implements Clock {
  #nowMs: number
  #monotonicMs = 0
  #sleepers: { wakeAtMs: number; wake: () => void }[] = []

  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  now(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (ms <= 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const sleeper = { wakeAtMs: this.#monotonicMs + ms, wake: resolve }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        reject(signal.reason)
      })
    })
  }

  /** Moves both clocks and lets everything that waited run. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms
    for (;;) {
      const next = this.#sleepers.toSorted((a, b) => a.wakeAtMs - b.wakeAtMs)[0]
      if (next === undefined || next.wakeAtMs > endMs) break
      this.#step(next.wakeAtMs - this.#monotonicMs)
      this.#sleepers = this.#sleepers.filter((other) => other !== next)
      next.wake()
      await settle()
    }
    this.#step(endMs - this.#monotonicMs)
    await settle()
  }

  /** The wall clock alone jumps, as when somebody sets it. */
  jump(ms: number): void {
    this.#nowMs += ms
  }

  #step(ms: number): void {
    this.#nowMs += ms
    this.#monotonicMs += ms
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
