/**
 * A process goes back to the NATS server of its own node: with another node's it is cut off by that one's faults too.
 *
 * It is elsewhere after its server was away for a moment, and after servers became a cluster one by one.
 *
 * Easy to get wrong: a server that has only just come back may go again, and each move breaks what is under way. So it
 * must have served JetStream for a while first, the longer the more often this process has come back in vain.
 */
import { backoffMs } from '../core/backoff.ts'
import type { Connection } from './connection.ts'

/** The server that a node runs for itself and the others. */
export interface OwnServer {
  readonly serverName: string
  /** Where processes of the node reach it, `host:port`. */
  readonly address: string
}

export interface KnownServers {
  /** `host:port` each, the own one included. */
  readonly servers: readonly string[]
  /** Null while the node runs none. */
  readonly own: OwnServer | null
}

const lookEveryMs = 1_000
const trialLength = { firstMs: 6_000, maxMs: 300_000 }

/** Looks until `signal` aborts, or the connection is closed. @param known the servers now */
export async function returnToOwnServer(
  connection: Connection,
  known: () => KnownServers,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = connection
  const trial = new Trial()
  while (!signal.aborted && !connection.isClosed) {
    await clock.sleep(lookEveryMs, signal).catch(() => {})
    const { own } = known()
    if (signal.aborted || !connection.isConnected) continue
    if (own === null || connection.serverName === own.serverName) {
      trial.noteHome(clock.monotonicMs())
      continue
    }
    const serves = await connection.wouldServe(own.address)
    const isOver = trial.isOver(serves, clock.monotonicMs())
    // Asking took a while.
    const now = known()
    if (!isOver || signal.aborted || !connection.isConnected || now.own?.serverName !== own.serverName) continue
    trial.begin()
    log.info({ from: connection.serverName, to: own.serverName }, "goes back to this node's own nats server")
    await connection.moveTo([own.address, ...now.servers]).catch(() => {})
  }
}

/** For how long the own server has served, and must have. */
class Trial {
  #count = 0
  #lengthMs = 0
  #servesSinceMs: number | null = null
  #atHomeSinceMs: number | null = null

  constructor() {
    this.begin()
  }

  /** Each one is longer than the one before. */
  begin(): void {
    this.#count += 1
    this.#lengthMs = backoffMs(trialLength, this.#count, Math.random)
    this.#servesSinceMs = null
  }

  /** Nothing to try; when it stays so for long, the next trial is a first one. */
  noteHome(nowMs: number): void {
    this.#servesSinceMs = null
    this.#atHomeSinceMs ??= nowMs
    if (this.#count === 1 || nowMs - this.#atHomeSinceMs < trialLength.maxMs) return
    this.#count = 0
    this.begin()
  }

  isOver(serves: boolean, nowMs: number): boolean {
    this.#atHomeSinceMs = null
    this.#servesSinceMs = serves ? (this.#servesSinceMs ?? nowMs) : null
    return this.#servesSinceMs !== null && nowMs - this.#servesSinceMs >= this.#lengthMs
  }
}
