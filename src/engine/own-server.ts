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

const lookEveryMs = 1_000
/** How long it must have served. */
const trial = { firstMs: 6_000, maxMs: 300_000 }

export interface KnownServers {
  /** `host:port` each, the own one included. */
  readonly servers: readonly string[]
  /** Null while the node runs none. */
  readonly own: OwnServer | null
}

/** Looks until `signal` aborts, or the connection is closed. @param known the servers now */
export async function returnToOwnServer(
  connection: Connection,
  known: () => KnownServers,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = connection
  let returns = 0
  let trialMs = backoffMs(trial, 1, Math.random)
  let servesSinceMs: number | null = null
  let atHomeSinceMs: number | null = null
  while (!signal.aborted && !connection.isClosed) {
    await clock.sleep(lookEveryMs, signal).catch(() => {})
    const { own } = known()
    if (signal.aborted || !connection.isConnected) continue
    if (own === null || connection.serverName === own.serverName) {
      servesSinceMs = null
      atHomeSinceMs ??= clock.monotonicMs()
      if (returns > 0 && clock.monotonicMs() - atHomeSinceMs >= trial.maxMs) {
        returns = 0
        trialMs = backoffMs(trial, 1, Math.random)
      }
      continue
    }
    atHomeSinceMs = null
    if (!(await connection.wouldServe(own.address))) {
      servesSinceMs = null
      continue
    }
    servesSinceMs ??= clock.monotonicMs()
    if (clock.monotonicMs() - servesSinceMs < trialMs) continue
    // Asking took a while.
    const now = known()
    if (signal.aborted || !connection.isConnected || now.own?.serverName !== own.serverName) continue
    returns += 1
    trialMs = backoffMs(trial, returns + 1, Math.random)
    servesSinceMs = null
    log.info({ from: connection.serverName, to: own.serverName }, "goes back to this node's own nats server")
    await connection.moveTo([own.address, ...now.servers]).catch(() => {})
  }
}
