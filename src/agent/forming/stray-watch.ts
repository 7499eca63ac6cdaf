/**
 * Notices that this node's NATS server was left behind: the others went on without it, and it hears nothing of that from
 * them, because its own part of the cluster has no leader any more.
 *
 * Easy to get wrong: a server without a leader is usually one that waits for the others to come back. It is left behind only
 * when one of the servers it knew says so, by a newer topology.
 */
import type { Topology } from '../../cluster/topology/topology.ts'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import { findCluster } from './find-cluster.ts'
import type { MetaView } from './meta-view.ts'
import type { NodeCluster } from './node-cluster.ts'

const lookEveryMs = 2_000

export interface StrayWatchParts {
  readonly node: NodeCluster
  readonly meta: MetaView
  readonly clock: Clock
  readonly log: Log
  /** @param address of the server that told it */
  onLeftBehind(topology: Topology, address: string): Promise<void>
}

export async function watchForStraying(parts: StrayWatchParts, signal: AbortSignal): Promise<void> {
  const { node, clock, log, onLeftBehind } = parts
  while (!signal.aborted) {
    await clock.sleep(lookEveryMs, signal).catch(() => {})
    if (signal.aborted || node.record.role !== 'server' || (await hasLeader(parts))) continue
    try {
      const found = await askOthers(parts, signal)
      if (found === null || found.topology === null || found.topology.generation <= node.record.generation) continue
      await onLeftBehind(found.topology, found.address)
    } catch (err) {
      if (!signal.aborted) log.warn({ err }, "this node's nats server has no leader, and the others cannot be asked")
    }
  }
}

async function hasLeader({ meta }: StrayWatchParts): Promise<boolean> {
  return meta.read().then(
    () => true,
    () => false,
  )
}

function askOthers({ node, clock, log }: StrayWatchParts, signal: AbortSignal): ReturnType<typeof findCluster> {
  const { clusterId, servers } = node.record
  const { nodeId, dataDir } = node.parts
  const addresses = servers.filter((seat) => seat.nodeId !== nodeId).map((seat) => seat.clientAddress)
  return findCluster({ addresses, access: node.access, dataDir, clusterId, withinMs: 0, clock, log, signal })
}
