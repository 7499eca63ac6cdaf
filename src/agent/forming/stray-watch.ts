/**
 * Notices that this node was left behind: the NATS server that it uses answers no more, or never will, while the cluster
 * goes on elsewhere. That happens to a server of several that did not hear that the others changed, and to an agent whose
 * connection is with a server that was taken out of the cluster.
 *
 * Easy to get wrong: servers without a leader are usually ones that wait for others to come back, and whatever they still
 * hold is old. Only a server that gives the cluster's own record, of the generation known here or a newer one, is followed;
 * so it is the record that is read to see how things are, not whether somebody leads.
 */
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Connection } from '../../engine/connection.ts'
import { format } from '../node-addresses.ts'
import type { ClusterStore } from './cluster-store.ts'
import { type FoundCluster, findCluster } from './find-cluster.ts'
import type { MetaView } from './meta-view.ts'
import type { NodeCluster } from './node-cluster.ts'
import type { TopologyFollower } from './topology-follower.ts'

const lookEveryMs = 2_000
/** Longer than an election among servers that are all there takes. */
const patienceMs = 5_000

export interface StrayWatchParts {
  readonly node: NodeCluster
  readonly connection: Connection
  /** Gives up soon. */
  readonly store: ClusterStore
  readonly meta: MetaView
  readonly follower: TopologyFollower
  /** Where else a server may be, as far as this node remembers. */
  members(): readonly { readonly address: string; readonly natsPort: number }[]
  readonly clock: Clock
  readonly log: Log
}

export async function watchForStraying(parts: StrayWatchParts, signal: AbortSignal): Promise<void> {
  const { node, connection, store, follower, clock, log } = parts
  let goodAtMs = clock.monotonicMs()
  let hasTold = false
  for (;;) {
    await clock.sleep(lookEveryMs, signal).catch(() => {})
    if (signal.aborted) return
    try {
      // What a server on its own holds is the truth, and this node starts it again by itself.
      const known = node.record.role === 'home' ? null : await store.topology()
      goodAtMs = clock.monotonicMs()
      hasTold = false
      if (connection.serverName === node.ownServer?.serverName) node.prefer(null)
      if (known !== null && known.value.generation > node.record.generation) await follower.hear(known.value)
    } catch (err) {
      if (signal.aborted) return
      const sinceMs = clock.monotonicMs() - goodAtMs
      if (sinceMs < patienceMs) continue
      // While the servers become a cluster they answer nobody.
      if (!hasTold && node.record.candidate === null)
        log.warn({ err, sinceMs: Math.round(sinceMs) }, 'the nats servers give no answer, looks elsewhere')
      hasTold = true
      await lookElsewhere(parts, signal).catch((cause: unknown) => {
        if (!signal.aborted) log.debug({ err: cause }, 'no other server of the cluster can be asked')
      })
    }
  }
}

async function lookElsewhere(parts: StrayWatchParts, signal: AbortSignal): Promise<void> {
  const { node, connection, meta, follower, log } = parts
  const found = await askOthers(parts, signal)
  if (found?.topology == null || found.topology.generation < node.record.generation) return
  const { address, topology } = found
  log.warn({ address, generation: topology.generation }, 'was left behind, goes on with a server that answers')
  node.prefer(address)
  if (topology.generation > node.record.generation) await follower.catchUp(topology, address, signal)
  await connection.moveTo([address, ...node.access.servers])
  await meta.reset()
}

function askOthers(parts: StrayWatchParts, signal: AbortSignal): Promise<FoundCluster | null> {
  const { node, clock, log, members } = parts
  const { clusterId, servers } = node.record
  const { nodeId, dataDir, join } = node.parts
  const known = servers.filter((seat) => seat.nodeId !== nodeId).map((seat) => seat.clientAddress)
  const seen = members().map(({ address, natsPort }) => format({ host: address, port: natsPort }))
  const own = node.parts.addresses.client
  const addresses = [...new Set([...known, ...join, ...seen])].filter((address) => address !== own)
  return findCluster({ addresses, access: node.access, dataDir, clusterId, withinMs: 0, clock, log, signal })
}
