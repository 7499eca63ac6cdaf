/**
 * A node that starts again with its share of the servers' data, while the others may have gone on without it.
 *
 * Easy to get wrong: a server that lost its seat may still hold one of the copies that its successor needs, so it gives
 * up its store only when one of the others says that nothing is missing.
 */
import type { Clock } from '../../core/clock.ts'
import { clientUser } from '../cluster-secrets.ts'
import type { NatsAccess } from '../nats-access.ts'
import { type FoundCluster, findCluster } from './find-cluster.ts'
import { MetaView } from './meta-view.ts'
import type { NodeCluster, NodeClusterParts } from './node-cluster.ts'
import type { StoreName } from './node-server.ts'
import { isStillNeeded } from './seat-need.ts'

const lookEveryMs = 1_000

export interface LookParts {
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** @param withinMs how long to look at least; by default as long as it takes @returns null when nobody was found */
export function findOthers(
  parts: NodeClusterParts,
  clusterId: string | null,
  addresses: readonly string[],
  look: LookParts & { readonly withinMs?: number },
): Promise<FoundCluster | null> {
  const { dataDir, secrets, tls, log } = parts
  const auth = { user: clientUser, password: secrets.passwords.clientPassword }
  const access: NatsAccess = { servers: [], own: null, auth, tls, domain: '', replicas: 1 }
  return findCluster({ addresses, access, dataDir, clusterId, log, ...look })
}

/** Whether the others have given this node's seat away and need nothing of it any more. */
export async function isReplaced(node: NodeCluster, { address, topology }: FoundCluster): Promise<boolean> {
  const { seat } = node
  if (seat === null || topology === null || topology.generation <= node.record.generation) return false
  if (topology.servers.some(({ serverName }) => serverName === seat.serverName)) return false
  const meta = new MetaView(node.parts, () => [address])
  try {
    return !(await isStillNeeded(meta, topology, seat))
  } catch (err) {
    node.parts.log.info({ err }, "nobody tells whether this node's nats server is still needed, so it starts")
    return false
  } finally {
    await meta.close()
  }
}

/** This node is a client from now on; its share of the data is removed. */
export async function giveUpSeat(node: NodeCluster, { topology }: FoundCluster): Promise<void> {
  const { server, log } = node.parts
  const store = node.record.store as StoreName
  log.warn({ generation: topology?.generation }, "another node has taken the place of this one's nats server")
  node.write({ role: 'client', store: '', ...topology, retired: [...node.record.retired, store] })
  await server.stop()
  await server.discard(store)
  node.write({ retired: node.record.retired.filter((name) => name !== store) })
}

/** Looks until somebody says that this node's seat is given away. @returns null when `signal` aborts */
export async function whenReplaced(node: NodeCluster, look: LookParts): Promise<FoundCluster | null> {
  const { clock, signal } = look
  const { servers, clusterId } = node.record
  const known = servers.filter(({ nodeId }) => nodeId !== node.parts.nodeId).map((seat) => seat.clientAddress)
  const addresses = [...new Set([...known, ...node.parts.join])]
  while (!signal.aborted) {
    await clock.sleep(lookEveryMs, signal).catch(() => {})
    // Whatever keeps the others from answering, this node goes on waiting for them.
    const cluster = await findOthers(node.parts, clusterId, addresses, { ...look, withinMs: 0 }).catch(() => null)
    if (cluster !== null && !signal.aborted && (await isReplaced(node, cluster))) return cluster
  }
  return null
}
