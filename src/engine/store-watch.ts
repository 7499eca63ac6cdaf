/**
 * Notices that the embedded server cannot write its store, says so, and has it started again once there is room.
 *
 * Easy to get wrong: a stream of nats-server 2.15 that could not be written once refuses every write from then on, with
 * the error of that time, however much room there is later. Only a restart heals it.
 */
import { type Clock, systemClock } from '../core/clock.ts'
import { freeBytesOf } from '../core/disk-room.ts'
import type { Log } from '../core/log.ts'

const lookEveryMs = 2_000
const tellAgainMs = 60_000
/** With less room the next write would fail again. */
const leastFreeBytes = 4 * 1024 * 1024
const firstRestartPauseMs = 10_000
const longestRestartPauseMs = 300_000
/** A server that wrote without trouble for so long begins its pauses anew. */
const steadyMs = 600_000

export interface StoreWatchOptions {
  /** Why the server that runs now cannot write; null when it can, or does not answer. Never throws. */
  readonly trouble: () => Promise<string | null>
  readonly storePath: string
  readonly log: Log
  /** Ends the process; whoever supervises it starts it again. */
  readonly restart: () => Promise<void>
  readonly clock?: Clock
  /** Room on the store's disk; by default what the system says. */
  readonly freeBytes?: () => number
}

/** Watches until `signal` aborts. */
export async function watchStore(options: StoreWatchOptions, signal: AbortSignal): Promise<void> {
  const { clock = systemClock } = options
  const watch = new StoreWatch(options, clock)
  while (!signal.aborted) {
    await watch.look()
    await clock.sleep(lookEveryMs, signal).catch(() => {})
  }
}

class StoreWatch {
  readonly #options: StoreWatchOptions
  readonly #clock: Clock
  #toldAtMs = Number.NEGATIVE_INFINITY
  #restartedAtMs = Number.NEGATIVE_INFINITY
  #pauseMs = firstRestartPauseMs

  constructor(options: StoreWatchOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  async look(): Promise<void> {
    const reason = await this.#options.trouble()
    if (reason !== null) await this.#mend(reason)
  }

  async #mend(reason: string): Promise<void> {
    const { log, restart } = this.#options
    const nowMs = this.#clock.monotonicMs()
    const freeBytes = this.#freeBytes()
    if (nowMs - this.#toldAtMs >= tellAgainMs) {
      log.error({ reason, freeBytes }, 'the nats store cannot be written: nothing is stored or started until it can')
      this.#toldAtMs = nowMs
    }
    const sinceMs = nowMs - this.#restartedAtMs
    if (freeBytes < leastFreeBytes || sinceMs < this.#pauseMs) return
    this.#pauseMs = sinceMs > steadyMs ? firstRestartPauseMs : Math.min(2 * this.#pauseMs, longestRestartPauseMs)
    this.#restartedAtMs = nowMs
    this.#toldAtMs = Number.NEGATIVE_INFINITY
    log.warn({ freeBytes }, 'embedded nats server is restarted: only that lets it write again')
    await restart()
  }

  #freeBytes(): number {
    const { freeBytes, storePath } = this.#options
    if (freeBytes !== undefined) return freeBytes()
    return freeBytesOf(storePath) ?? 0
  }
}
