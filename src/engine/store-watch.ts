/**
 * Notices that the embedded server cannot write its store, says so, and has it started again once there is room.
 *
 * Easy to get wrong: a stream of nats-server 2.15 that could not be written once refuses every write from then on, with
 * the error of that time, however much room there is later. Only a restart heals it. Neither the connection nor the
 * answers to requests tell; the server's own log does.
 */
import { type Clock, systemClock } from '../core/clock.ts'
import { freeBytesOf } from '../core/disk-room.ts'
import type { Log } from '../core/log.ts'
import { LogTail } from './log-tail.ts'

const lookEveryMs = 2_000
const tellAgainMs = 60_000
/** With less room the next write would fail again. */
const leastFreeBytes = 4 * 1024 * 1024
const firstRestartPauseMs = 10_000
const longestRestartPauseMs = 300_000
/** A server that wrote without trouble for so long begins its pauses anew. */
const steadyMs = 600_000

// nats-server's filestore.go and stream.go: what a stream says when its file could not be written.
const writeFailure = /\[ERR\].*(?:critical write error|failed to store a msg on stream)[^:]*:\s*(.*)/i

export interface StoreWatchOptions {
  /** The server's own log. */
  readonly logPath: string
  readonly storePath: string
  readonly log: Log
  /** Of the process that runs now. */
  readonly pid: () => number
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
  readonly #tail: LogTail
  /** The pid of the server that cannot write, and why. */
  #trouble: { readonly pid: number; readonly reason: string } | null = null
  #toldAtMs = Number.NEGATIVE_INFINITY
  #restartedAtMs = Number.NEGATIVE_INFINITY
  #pauseMs = firstRestartPauseMs

  constructor(options: StoreWatchOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
    // A server that was adopted may have failed before its agent came.
    this.#tail = new LogTail(options.logPath, 'start')
  }

  async look(): Promise<void> {
    const { pid } = this.#options
    for (const line of this.#tail.newLines()) {
      const reason = line.startsWith(`[${pid()}]`) ? writeFailure.exec(line)?.[1] : undefined
      if (reason !== undefined) this.#trouble = { pid: pid(), reason }
    }
    if (this.#trouble?.pid !== pid()) this.#trouble = null
    if (this.#trouble !== null) await this.#mend(this.#trouble.reason)
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
