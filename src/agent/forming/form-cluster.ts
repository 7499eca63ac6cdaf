/** From one NATS server on its own to three, on the node whose server it is. See attempt.ts. */
import { randomBytes } from 'node:crypto'
import type { NodeFacts } from '../../cluster/topology/plan-topology.ts'
import type { Topology } from '../../cluster/topology/topology.ts'
import type { Connection } from '../../engine/connection.ts'
import { type FormingParts, makeAttempt, othersOf, untilStarted, writeInto } from './attempt.ts'
import { whenElected } from './candidate-access.ts'
import type { Candidate } from './cluster-record.ts'
import { freeLoopbackAddress } from './free-loopback-address.ts'
import type { StoreName } from './node-server.ts'

/**
 * Makes one attempt; when it fails, everything is as it was.
 *
 * @param spares the two other nodes
 * @throws what made it fail
 */
export async function formCluster(parts: FormingParts, spares: readonly NodeFacts[]): Promise<void> {
  const { node, log } = parts
  const attempt = randomBytes(3).toString('hex')
  log.info({ attempt, nodes: spares.map(({ nodeName }) => nodeName) }, 'forms a cluster of nats servers')
  await makeAttempt(parts, attempt, {
    agree: () => agree(parts, attempt, spares),
    start: (candidate) => startCandidates(parts, candidate),
    commit: (candidate, to) => commit(parts, candidate, to),
  })
  await serveAgain(parts)
  log.info({ attempt, generation: node.record.generation }, 'the cluster of nats servers is formed')
}

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
 * Easy to get wrong: a new cluster elects its first leader only when all of its servers have met (tried on 2.15.1), and
 * this node's address is not free yet; so its candidate waits on another one.
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

/** The two others can serve everybody while this node's server moves to its own address. */
async function commit({ node, signal }: FormingParts, candidate: Candidate, to: Connection): Promise<void> {
  const { store, topology } = candidate
  const retired = [...node.record.retired, node.record.store]
  node.write({ role: 'server', store, ...topology, candidate: null, retired })
  await writeInto(to, topology, signal)
}

/** The commit stands, so this is tried until it works. */
async function serveAgain({ node, log, signal }: FormingParts): Promise<void> {
  const { server } = node.parts
  await server.stopBeside()
  await untilStarted(node, () => server.startClustered(node.topology, node.record.store as StoreName), log, signal)
}
