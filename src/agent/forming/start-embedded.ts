/** Starts what the data directory and --join ask for, up to where this node's connection can be opened. */
import { randomUUID } from 'node:crypto'
import type { StartDecision } from '../../cluster/topology/found-or-join.ts'
import type { Topology } from '../../cluster/topology/topology.ts'
import type { Clock } from '../../core/clock.ts'
import { clientUser } from '../cluster-secrets.ts'
import type { NatsAccess } from '../nats-access.ts'
import type { ClusterRecord } from './cluster-record.ts'
import { type FoundCluster, findCluster } from './find-cluster.ts'
import { NodeCluster, type NodeClusterParts } from './node-cluster.ts'
import { firstStore, type StoreName } from './node-server.ts'

/** How long the first agent of a --join looks for a cluster before it founds one. */
const lookMs = 2_000

export interface EmbeddedStart {
  readonly parts: NodeClusterParts
  readonly record: ClusterRecord | null
  readonly decision: StartDecision
  /** The token goes to disk before a server with its passwords starts. */
  keepToken(): void
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** @throws see `openNats` */
export async function startByRecord(start: EmbeddedStart): Promise<NodeCluster> {
  const { parts, record, decision } = start
  if (decision.kind === 'found') return found(start)
  if (decision.kind === 'look-then-found') {
    const cluster = await find(start, decision.others, lookMs)
    return cluster === null ? found(start) : join(start, cluster)
  }
  if (decision.kind === 'join' || record === null) {
    parts.log.info({ addresses: decision.others }, 'looks for the cluster to join')
    const cluster = await find(start, decision.others)
    return cluster === null ? found(start) : join(start, cluster)
  }
  return resume(start, record, decision.others)
}

/** A new cluster of this one node. What an agent died of while it did this is found again by the store's own records. */
async function found(start: EmbeddedStart): Promise<NodeCluster> {
  const { parts } = start
  const seat = parts.server.seat('')
  start.keepToken()
  await parts.server.startAlone(seat, firstStore)
  const clusterId = (await knownIdentity(start)) ?? randomUUID()
  parts.log.info({ clusterId, address: seat.clientAddress }, 'this node founds a cluster')
  return written(parts, { clusterId, role: 'home', store: firstStore, generation: 1, clusterName: '', servers: [seat] })
}

async function join(start: EmbeddedStart, cluster: FoundCluster): Promise<NodeCluster> {
  const { parts } = start
  const { clusterId } = cluster.identity
  parts.log.info({ clusterId, address: cluster.address }, 'joins the cluster')
  const known = cluster.topology ?? { generation: 0, clusterName: '', servers: [] }
  return written(parts, { clusterId, role: 'client', store: '', ...known })
}

/** Goes on with the server whose store is here, unless the others have replaced it meanwhile. */
async function resume(start: EmbeddedStart, record: ClusterRecord, others: readonly string[]): Promise<NodeCluster> {
  const { parts } = start
  const node = new NodeCluster(parts, record)
  const cluster = others.length === 0 ? null : await find(start, others, 0)
  start.keepToken()
  const newer = cluster?.topology ?? null
  if (newer !== null && newer.generation > record.generation) node.write(newer)
  const store = record.store as StoreName
  if (node.isClustered && !isSeated(node.topology, record, parts.nodeId)) {
    parts.log.warn(
      { generation: node.topology.generation },
      "another node has taken the place of this one's nats server",
    )
    node.write({ role: 'client', store: '' })
    await parts.server.discard(store)
    return node
  }
  if (node.isClustered) await parts.server.startClustered(node.topology, store)
  else await parts.server.startAlone(record.servers[0] ?? parts.server.seat(''), store)
  return node
}

function isSeated(topology: Topology, record: ClusterRecord, nodeId: string): boolean {
  const before = record.servers.find((seat) => seat.nodeId === nodeId)
  return topology.servers.some((seat) => seat.nodeId === nodeId && seat.serverName === before?.serverName)
}

function written(
  parts: NodeClusterParts,
  known: Omit<ClusterRecord, 'version' | 'candidate' | 'retired'>,
): NodeCluster {
  const node = new NodeCluster(parts, { ...known, candidate: null, retired: [] })
  node.write({})
  return node
}

function find(start: EmbeddedStart, addresses: readonly string[], withinMs?: number): Promise<FoundCluster | null> {
  const { parts, record, clock, signal } = start
  const { dataDir, secrets, tls, log } = parts
  const auth = { user: clientUser, password: secrets.passwords.clientPassword }
  const access: NatsAccess = { servers: [], auth, tls, domain: '', replicas: 1 }
  const limit = withinMs === undefined ? {} : { withinMs }
  return findCluster({ addresses, access, dataDir, clusterId: record?.clusterId ?? null, clock, log, signal, ...limit })
}

/** Of a server that was started before its agent could note it. */
async function knownIdentity(start: EmbeddedStart): Promise<string | null> {
  const own = start.parts.server.main?.url.replace(/^nats:\/\//, '')
  if (own === undefined) return null
  return (await find(start, [own], 0))?.identity.clusterId ?? null
}
