/**
 * Which server a connection dials next, and when: the one not tried for longest.
 *
 * So the server that was just lost comes last: one that is frozen or cut off takes the whole time-out to say nothing.
 *
 * Easy to get wrong: the client's own pauses go by the wall clock (@nats-io/nats-core 3.4.0, `dodialLoop`), and after a
 * jump back it dials nobody until the clock is where it was. So it is told to pause never, and pauses here.
 */
import type { Server } from '@nats-io/nats-core'

const pauseMs = { least: 100, most: 200 }

export class DialOrder {
  readonly #monotonicMs: () => number
  /** By `host:port`. */
  readonly #dialledMs = new Map<string, number>()
  #preferred: string[] = []

  constructor(monotonicMs: () => number = () => performance.now()) {
    this.#monotonicMs = monotonicMs
  }

  /** These, `host:port`, come first, in this order, each once; what is not among the servers then is passed over. */
  prefer(servers: readonly string[]): void {
    this.#preferred = [...new Set(servers)]
  }

  /** It is connected: what was preferred counts no more, for it may be the server that is lost next. */
  connected(): void {
    this.#preferred = []
  }

  /** To be asked before every attempt. `delay`: how long to wait with it, in milliseconds. */
  next(pool: readonly Server[]): { readonly server: Server; readonly delay: number } {
    const server = this.#takePreferred(pool) ?? this.#longestAgo(pool)
    const nowMs = this.#monotonicMs()
    const pause = pauseMs.least + Math.random() * (pauseMs.most - pauseMs.least)
    const delay = Math.max(0, this.#lastMs(server) + pause - nowMs)
    this.#dialledMs.set(server.listen, nowMs + delay)
    return { server, delay }
  }

  #takePreferred(pool: readonly Server[]): Server | undefined {
    for (;;) {
      const listen = this.#preferred.shift()
      if (listen === undefined) return undefined
      const server = pool.find((one) => one.listen === listen)
      if (server !== undefined) return server
    }
  }

  #longestAgo(pool: readonly Server[]): Server {
    return pool.reduce((first, other) => (this.#lastMs(other) < this.#lastMs(first) ? other : first))
  }

  #lastMs({ listen }: Server): number {
    return this.#dialledMs.get(listen) ?? Number.NEGATIVE_INFINITY
  }
}
