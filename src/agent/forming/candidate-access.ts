/** Connections to servers that only those who take part in an attempt may use. */
import type { ServerSeat } from '../../cluster/topology/topology.ts'
import { type Connection, openConnection } from '../../engine/connection.ts'
import { waitForMetaGroup } from '../../engine/topology.ts'
import { clientUser, systemUser } from '../cluster-secrets.ts'
import type { NodeClusterParts } from './node-cluster.ts'

/** Copying gives up when a server stays away so long. */
const connectWithinMs = 30_000
const electedWithinMs = 60_000

export interface CandidateServers {
  readonly attempt: string
  /** `host:port` each. */
  readonly servers: readonly string[]
  /** False for the old server, which only this process reaches. */
  readonly usesTls: boolean
}

/** To read or write streams. @throws UnavailableError; the signal's reason */
export function openCandidate(
  { secrets, tls, nodeName, log }: NodeClusterParts,
  { attempt, servers, usesTls }: CandidateServers,
  signal: AbortSignal,
): Promise<Connection> {
  const { clientPassword } = secrets.attemptPasswords(attempt)
  return openConnection({
    url: servers.join(','),
    auth: { user: clientUser, password: clientPassword },
    tls: usesTls ? tls : null,
    name: `forming ${nodeName}`,
    log,
    connectWithinMs,
    signal,
  })
}

/** Waits until so many servers have met, these among them, and elected the one that leads. @throws UnavailableError */
export async function whenElected(
  { secrets, tls, nodeName, log }: NodeClusterParts,
  attempt: string,
  seats: readonly ServerSeat[],
  servers: number,
  signal: AbortSignal,
): Promise<void> {
  const { systemPassword } = secrets.attemptPasswords(attempt)
  const connection = await openConnection({
    url: seats.map((seat) => seat.clientAddress).join(','),
    auth: { user: systemUser, password: systemPassword },
    tls,
    name: `forming ${nodeName}`,
    needsJetStream: false,
    log,
    connectWithinMs,
    signal,
  })
  try {
    await waitForMetaGroup(connection, servers, { withinMs: electedWithinMs, signal })
  } finally {
    await connection.close()
  }
}
