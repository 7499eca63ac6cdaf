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

/** The server that a node runs beside its agent. */
export interface OwnServer {
  readonly serverName: string
  /** Where processes of the node reach it, `host:port`. */
  readonly address: string
}

const lookEveryMs = 1_000
/** How long it must have served. */
const trial = { firstMs: 6_000, maxMs: 300_000 }

/**
 * Looks until `signal` aborts, or the connection is closed.
 *
 * @param own null while the node runs none that is of use
 */
export async function returnToOwnServer(
  connection: Connection,
  own: () => OwnServer | null,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = connection
  let returns = 0
  let servesSinceMs: number | null = null
  let atHomeSinceMs: number | null = null
  while (!signal.aborted && !connection.isClosed) {
    await clock.sleep(lookEveryMs, signal).catch(() => {})
    const server = own()
    if (signal.aborted || !connection.isConnected) continue
    if (server === null || connection.serverName === server.serverName) {
      servesSinceMs = null
      atHomeSinceMs ??= clock.monotonicMs()
      if (clock.monotonicMs() - atHomeSinceMs >= trial.maxMs) returns = 0
      continue
    }
    atHomeSinceMs = null
    if (!(await connection.wouldServe(server.address))) {
      servesSinceMs = null
      continue
    }
    servesSinceMs ??= clock.monotonicMs()
    if (clock.monotonicMs() - servesSinceMs < backoffMs(trial, returns + 1, Math.random)) continue
    returns += 1
    servesSinceMs = null
    log.info({ from: connection.serverName, to: server.serverName }, "goes back to this node's own nats server")
    await connection.moveTo([server.address])
  }
}
