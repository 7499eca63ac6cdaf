/**
 * A server that keeps its connections but serves JetStream no more, because the cluster went on without it: whoever is
 * connected with it leaves it for another one.
 *
 * Easy to get wrong: while most servers are away none of them serves JetStream, and changing between them helps nobody but
 * does no harm either; so it is done rarely.
 */
import type { Connection } from './connection.ts'

const lookEveryMs = 2_000
/** Longer than an election takes. */
const patienceMs = 12_000

/** Looks until `signal` aborts, or the connection is closed; does nothing while only one server is known. */
export async function leaveUselessServers(connection: Connection, signal: AbortSignal): Promise<void> {
  const { clock, log } = connection
  let goodAtMs = clock.monotonicMs()
  while (!signal.aborted && !connection.isClosed) {
    await clock.sleep(lookEveryMs, signal).catch(() => {})
    // A lost connection is mended by the client itself.
    if (!connection.isConnected || (await servesJetStream(connection))) goodAtMs = clock.monotonicMs()
    if (clock.monotonicMs() - goodAtMs < patienceMs || connection.nats.getServers().length < 2) continue
    log.warn({ server: connection.nats.getServer() }, 'this nats server serves no jetstream, tries another one')
    goodAtMs = clock.monotonicMs()
    await connection.nats.reconnect().catch(() => {})
  }
}

async function servesJetStream(connection: Connection): Promise<boolean> {
  try {
    const manager = await connection.manager()
    await connection.call('JetStream does not answer', () => manager.getAccountInfo())
    return true
  } catch {
    return false
  }
}
