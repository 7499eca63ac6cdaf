/**
 * What the NATS servers of our own cluster tell of themselves, for the status.
 *
 * Easy to get wrong: this is extra. It has a connection of its own, opened when somebody asks, and whatever is wrong with
 * it must not keep the rest from being told.
 */
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import type { Scope } from '../core/scope.ts'
import { type Connection, openConnection } from '../engine/connection.ts'
import { type AnsweringServer, readServerRoll } from '../engine/server-roll.ts'
import { readMetaGroup } from '../engine/topology.ts'
import { systemUser } from './cluster-secrets.ts'
import type { NodeCluster } from './forming/node-cluster.ts'

export interface SystemReading {
  /** The server that leads JetStream; null while there is none, or only one server. */
  readonly metaLeader: string | null
  /** Those that answered at once. */
  readonly servers: readonly AnsweringServer[]
}

const nothing: SystemReading = { metaLeader: null, servers: [] }
const readWithinMs = 1_500

/**
 * @returns a function that never rejects and takes little more than a second; nothing is known where it fails, and of a
 *   server that stands alone
 */
export function systemReader(scope: Scope, node: NodeCluster | null): () => Promise<SystemReading> {
  if (node === null) return async () => nothing
  const closing = new AbortController()
  let connecting: Promise<Connection> | null = null
  scope.defer(async () => {
    closing.abort(new Error('closing'))
    await connecting?.then(
      (connection) => connection.close(),
      () => {},
    )
  })
  const connect = () => {
    connecting ??= open(node, closing.signal).catch((error: unknown) => {
      connecting = null
      throw error
    })
    return connecting
  }
  return async () => {
    if (!node.isClustered) return nothing
    const late = systemClock.sleep(readWithinMs).then(() => nothing)
    return Promise.race([read(node, connect), late]).catch(() => nothing)
  }
}

async function open(node: NodeCluster, signal: AbortSignal): Promise<Connection> {
  const { nodeName, tls, secrets } = node.parts
  return openConnection({
    // The agent's main connection tells of losses already.
    ...{ url: node.access.servers.join(','), tls, log: silentLog, signal },
    auth: { user: systemUser, password: secrets.passwords.systemPassword },
    name: `status ${nodeName}`,
    needsJetStream: false,
    connectWithinMs: readWithinMs,
  })
}

async function read(node: NodeCluster, connect: () => Promise<Connection>): Promise<SystemReading> {
  const system = await connect()
  system.setServers(node.access.servers)
  const [group, servers] = await Promise.all([readMetaGroup(system).catch(() => null), readServerRoll(system)])
  return { metaLeader: group?.leader ?? null, servers }
}
