/**
 * From one NATS server on its own to three: the steps in their order, on the node whose server it is.
 *
 * Easy to get wrong: a store that was made on its own is not taken over by a clustered server, so everything is copied,
 * and until `cluster.json` says otherwise the old store is the truth. Whatever dies before that, the attempt is void:
 * this node discards its copy when it starts again, the others discard theirs when they hear of it. Whatever dies after
 * it, the new servers are the truth: this node's record says so, and the cluster's own record tells the others.
 */
import { randomBytes } from 'node:crypto'
import type { NodeFacts } from '../../cluster/topology/plan-topology.ts'
import { replicasOf, type ServerSeat, type Topology } from '../../cluster/topology/topology.ts'
import { systemClock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import { Scope } from '../../core/scope.ts'
import { transferStreams } from '../../engine/store-transfer.ts'
import { openCandidate, whenElected } from './candidate-access.ts'
import type { Candidate } from './cluster-record.ts'
import type { FormingPeers } from './forming-calls.ts'
import { freeLoopbackAddress } from './free-loopback-address.ts'
import type { NodeCluster } from './node-cluster.ts'
import type { StoreName } from './node-server.ts'

const restartPauseMs = 1_000

export interface FormingParts {
  readonly node: NodeCluster
  readonly peers: FormingPeers
  readonly log: Log
  readonly signal: AbortSignal
  /** How an attempt begins and ends, for those who ask. */
  note(attempt: string | null): void
}

/**
 * Makes one attempt; when it fails, everything is as it was.
 *
 * @param spares the two other nodes
 * @throws what made it fail
 */
export async function formCluster(parts: FormingParts, spares: readonly NodeFacts[]): Promise<void> {
  const { node, log } = parts
  const attempt = randomBytes(3).toString('hex')
  parts.note(attempt)
  log.info({ attempt, nodes: spares.map(({ nodeName }) => nodeName) }, 'forms a cluster of nats servers')
  try {
    const candidate = await agree(parts, attempt, spares)
    node.write({ candidate })
    try {
      await startCandidates(parts, candidate)
      await moveInto(parts, candidate)
    } catch (error) {
      await goBack(parts, candidate)
      await tellVoid(parts, candidate)
      throw error
    }
    await serveAgain(parts)
    log.info({ attempt, generation: node.record.generation }, 'the cluster of nats servers is formed')
  } finally {
    parts.note(null)
  }
}

/** Nobody does anything yet: every node says which seat it would take. */
async function agree({ node, peers }: FormingParts, attempt: string, spares: readonly NodeFacts[]): Promise<Candidate> {
  const { server, nodeName } = node.parts
  const others = await Promise.all(spares.map((spare) => peers.offer(spare.nodeName, attempt)))
  const topology: Topology = {
    generation: node.record.generation + 1,
    clusterName: `millrace-${node.record.clusterId.slice(0, 8)}-${attempt}`,
    servers: [server.seat(attempt), ...others],
  }
  return { attempt, homeName: nodeName, store: `store-${attempt}`, topology }
}

/**
 * The old server still serves everybody. Easy to get wrong: a new cluster elects its first leader only when all of its
 * servers have met (tried on 2.15.1), and this node's address is not free yet; so its candidate waits on another one.
 */
async function startCandidates({ node, peers, log, signal }: FormingParts, candidate: Candidate): Promise<void> {
  const others = othersOf(candidate, node)
  const { server, secrets } = node.parts
  const passwords = secrets.attemptPasswords(candidate.attempt)
  await Promise.all([
    ...others.map((seat) => peers.prepare(seat.nodeName, candidate)),
    server.startBeside(candidate.topology, candidate.store as StoreName, await freeLoopbackAddress(), passwords),
  ])
  await whenElected(node.parts, candidate.attempt, others, candidate.topology.servers.length, signal)
  log.info({ attempt: candidate.attempt }, 'the new nats servers have found each other')
}

/** Between the first line and the last nobody can write; the last is the commit. */
async function moveInto({ node, log, signal }: FormingParts, candidate: Candidate): Promise<void> {
  const { server, secrets } = node.parts
  const { store: oldStore, seat } = { store: node.record.store, seat: node.seat ?? server.seat('') }
  const beganMs = performance.now()
  await server.stop()
  const passwords = secrets.attemptPasswords(candidate.attempt)
  const source = await server.startForReading(seat, oldStore as StoreName, await freeLoopbackAddress(), passwords)
  try {
    const streams = await copy(node, candidate, source.url, signal)
    const tookMs = Math.round(performance.now() - beganMs)
    log.info({ streams, tookMs }, 'everything is copied to the new nats servers')
  } finally {
    await source.stop()
  }
  const { store, topology } = candidate
  const retired = [...node.record.retired, oldStore]
  node.write({ role: 'server', store, ...topology, candidate: null, retired })
}

/** The commit stands, so this is tried until it works. */
async function serveAgain({ node, log, signal }: FormingParts): Promise<void> {
  const { server } = node.parts
  await server.stopBeside()
  await untilStarted(node, () => server.startClustered(node.topology, node.record.store as StoreName), log, signal)
}

/** @returns how many streams were copied */
async function copy(node: NodeCluster, candidate: Candidate, source: string, signal: AbortSignal): Promise<number> {
  const { attempt, topology } = candidate
  await using scope = new Scope()
  const open = async (servers: readonly string[], usesTls: boolean) =>
    scope.use(await openCandidate(node.parts, { attempt, servers, usesTls }, signal), (opened) => opened.close())
  const from = await open([source], false)
  const to = await open(
    othersOf(candidate, node).map((other) => other.clientAddress),
    true,
  )
  // What is on its way between two tasks is sent again from the target's own position.
  const isWanted = (stream: string) => !stream.startsWith('FRAMES_')
  const { streams } = await transferStreams(from, to, { isWanted, replicas: replicasOf(topology), signal })
  return streams.length
}

/** The old store is the truth, and serves everybody again. */
async function goBack({ node, log, signal }: FormingParts, candidate: Candidate): Promise<void> {
  const { server } = node.parts
  const { record, seat } = node
  await server.stopBeside()
  await untilStarted(node, () => server.startAlone(seat ?? server.seat(''), record.store as StoreName), log, signal)
  await server.discard(candidate.store as StoreName)
  node.write({ candidate: null })
}

async function untilStarted(
  { parts: { server } }: NodeCluster,
  start: () => Promise<void>,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  while (server.main === null && !signal.aborted) {
    try {
      await start()
    } catch (err) {
      log.error({ err }, 'the nats server does not start, trying again')
      await systemClock.sleep(restartPauseMs, signal).catch(() => {})
    }
  }
}

/** Who does not hear of it asks later. */
async function tellVoid({ node, peers, log }: FormingParts, candidate: Candidate): Promise<void> {
  const others = othersOf(candidate, node)
  const told = await Promise.allSettled(others.map((seat) => peers.abort(seat.nodeName, candidate.attempt)))
  log.warn(
    { attempt: candidate.attempt, untold: told.filter(({ status }) => status === 'rejected').length },
    'the attempt to form a cluster is void',
  )
}

function othersOf({ topology }: Candidate, node: NodeCluster): readonly ServerSeat[] {
  return topology.servers.filter((seat) => seat.nodeId !== node.parts.nodeId)
}
