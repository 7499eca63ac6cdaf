/** Starts what the data directory and --join ask for, up to where this node's connection can be opened. */
import { randomUUID } from 'node:crypto'
import type { StartDecision } from '../../cluster/topology/found-or-join.ts'
import type { ServerSeat } from '../../cluster/topology/topology.ts'
import type { Clock } from '../../core/clock.ts'
import { startCandidate, whenSeated } from './candidate-keeper.ts'
import type { ClusterRecord } from './cluster-record.ts'
import type { FoundCluster } from './find-cluster.ts'
import { owesItsHeir, payItsHeir } from './move-home.ts'
import { NodeCluster, type NodeClusterParts } from './node-cluster.ts'
import { firstStore, type StoreName } from './node-server.ts'
import { findOthers, giveUpSeat, isReplaced } from './replaced-server.ts'

/** How long the first agent of a --join looks for a cluster before it founds one. */
const lookMs = 2_000
/** How long a node that has a share of the data asks before it starts its server. */
const briefLookMs = 1_000

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
  if (record === null) {
    parts.log.info({ addresses: decision.others }, 'looks for the cluster to join')
    const cluster = await find(start, decision.others)
    return cluster === null ? found(start) : join(start, cluster)
  }
  if (decision.kind === 'join') return joinAgain(start, new NodeCluster(parts, record), decision.others)
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
  return written(parts, { clusterId, role: 'client', store: '', ...known }, start.record)
}

/** A node without a server that belongs to the cluster; or with one, where it turns out that it was given one. */
async function joinAgain(start: EmbeddedStart, node: NodeCluster, others: readonly string[]): Promise<NodeCluster> {
  const { clock, signal } = start
  const { log } = node.parts
  if (owesItsHeir(node)) {
    log.info({ heir: node.record.servers }, 'tells the node that has the nats server now')
    await payItsHeir(node, signal)
  }
  await resumeCandidate(node)
  log.info({ addresses: others }, 'looks for the cluster to join')
  const decided = new AbortController()
  const either = AbortSignal.any([signal, decided.signal])
  try {
    const looking = findOthers(node.parts, node.record.clusterId, others, { clock, signal: either })
    const cluster = await Promise.race([looking, whenSeated(node, clock, either)])
    return cluster == null ? node : join({ ...start, record: node.parts.file.read() }, cluster)
  } finally {
    decided.abort(new Error('it is decided where this node belongs'))
  }
}

/** Goes on with the server whose store is here, unless the others have replaced it meanwhile. */
async function resume(start: EmbeddedStart, record: ClusterRecord, others: readonly string[]): Promise<NodeCluster> {
  const { parts } = start
  const node = new NodeCluster(parts, record)
  await discardOwnAttempt(node)
  const cluster = others.length === 0 ? null : await lookBriefly(start, others)
  start.keepToken()
  const store = record.store as StoreName
  if (cluster !== null && (await isReplaced(node, cluster))) {
    await giveUpSeat(node, cluster)
    return node
  }
  const seat = node.seat ?? parts.server.seat('')
  noteAddresses(node, seat)
  if (node.isClustered) await parts.server.startClustered(node.topology, store)
  else await parts.server.startAlone(seat, store)
  return node
}

/**
 * What the others say at once. Easy to get wrong: where all are started together, each one's server waits for the others',
 * and whoever waits for their answer before it starts its own waits in vain; `whenReplaced` looks on meanwhile.
 */
function lookBriefly(start: EmbeddedStart, others: readonly string[]): Promise<FoundCluster | null> {
  const { clock, signal } = start
  const isOver = new AbortController()
  const limit = clock.sleep(briefLookMs, AbortSignal.any([signal, isOver.signal])).then(
    () => null,
    () => null,
  )
  return Promise.race([find(start, others, 0), limit]).finally(() => isOver.abort())
}

/** An attempt that this node died of: the old store is the truth. */
async function discardOwnAttempt(node: NodeCluster): Promise<void> {
  const { candidate } = node.record
  if (candidate === null) return
  node.parts.log.warn(
    { attempt: candidate.attempt },
    'an attempt to form a cluster of nats servers broke off, goes on as before',
  )
  await node.dropCandidate(candidate)
}

/** The operator may have moved this node. */
function noteAddresses(node: NodeCluster, seat: ServerSeat): void {
  const { addresses, log } = node.parts
  if (seat.clientAddress === addresses.client && seat.routeAddress === addresses.route) return
  log.warn(
    { before: seat.clientAddress, now: addresses.client },
    "the address of this node's nats server is another one than before",
  )
  const moved = { ...seat, clientAddress: addresses.client, routeAddress: addresses.route }
  const servers = node.record.servers.map((one) => (one.nodeId === seat.nodeId ? moved : one))
  node.write({ servers, generation: node.record.generation + 1 })
}

/** A candidate of another node's attempt takes part until it is known how that ended. */
async function resumeCandidate(node: NodeCluster): Promise<void> {
  const { candidate } = node.record
  if (candidate === null) return
  try {
    await startCandidate(node, candidate)
  } catch (err) {
    node.parts.log.warn({ err, attempt: candidate.attempt }, 'the nats server for forming a cluster does not start')
  }
}

type Joined = Omit<ClusterRecord, 'version' | 'candidate' | 'retired'>

function written(parts: NodeClusterParts, known: Joined, before: ClusterRecord | null = null): NodeCluster {
  const { candidate, retired } = before ?? { candidate: null, retired: [] }
  const node = new NodeCluster(parts, { ...known, candidate, retired })
  node.write({})
  return node
}

function find(start: EmbeddedStart, addresses: readonly string[], withinMs?: number): Promise<FoundCluster | null> {
  const { parts, record, clock, signal } = start
  const limit = withinMs === undefined ? {} : { withinMs }
  return findOthers(parts, record?.clusterId ?? null, addresses, { clock, signal, ...limit })
}

/** Of a server that was started before its agent could note it. */
async function knownIdentity(start: EmbeddedStart): Promise<string | null> {
  const own = start.parts.server.main?.url.replace(/^nats:\/\//, '')
  if (own === undefined) return null
  return (await find(start, [own], 0))?.identity.clusterId ?? null
}
