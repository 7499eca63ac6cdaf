/**
 * A NATS server on its own moves to another node, because its own one goes for good. See attempt.ts.
 *
 * Easy to get wrong: the other node begins to serve only when the record in its new store seats it, and only this node
 * writes that, after its own record says that it has no server any more: so there are never two. A node that dies between
 * the two writes makes the second one when it starts again, from the candidate that its record still holds.
 */
import { randomBytes } from 'node:crypto'
import type { NodeFacts } from '../../cluster/topology/plan-topology.ts'
import type { Topology } from '../../cluster/topology/topology.ts'
import { systemClock } from '../../core/clock.ts'
import type { Connection } from '../../engine/connection.ts'
import { NatsAccessError } from '../../engine/errors.ts'
import { type FormingParts, makeAttempt, writeInto } from './attempt.ts'
import { openCandidate } from './candidate-access.ts'
import type { Candidate } from './cluster-record.ts'
import type { NodeCluster } from './node-cluster.ts'

const retryMs = 500

/**
 * Makes one attempt; when it fails, everything is as it was.
 *
 * @param heir the node that gets the server
 * @throws what made it fail
 */
export async function moveHome(parts: FormingParts, heir: NodeFacts): Promise<void> {
  const { node, peers, log, signal } = parts
  const attempt = randomBytes(3).toString('hex')
  log.info({ attempt, node: heir.nodeName }, 'moves the nats server to another node, because this one goes for good')
  await makeAttempt(parts, attempt, {
    agree: async () => {
      const seat = await peers.offer(heir.nodeName, attempt)
      const topology: Topology = { generation: node.record.generation + 1, clusterName: '', servers: [seat] }
      return { attempt, homeName: node.parts.nodeName, store: `store-${attempt}`, topology }
    },
    start: (candidate) => peers.prepare(heir.nodeName, candidate),
    commit: async (candidate, to) => {
      const retired = [...node.record.retired, node.record.store]
      node.write({ role: 'client', store: '', ...candidate.topology, retired })
      await seatHeir(node, candidate, to, signal)
    },
  })
  log.info({ attempt, generation: node.record.generation }, 'the nats server has moved')
}

/** True for a node whose server moved away while it could not tell the other node so. */
export function owesItsHeir({ record, parts }: NodeCluster): boolean {
  return record.role === 'client' && record.candidate?.homeName === parts.nodeName
}

/** Tells the heir what this node's record says, as long as it takes. @throws the signal's reason */
export async function payItsHeir(node: NodeCluster, signal: AbortSignal): Promise<void> {
  while (owesItsHeir(node)) {
    const { candidate } = node.record
    if (candidate === null) return
    const servers = candidate.topology.servers.map((seat) => seat.clientAddress)
    try {
      const to = await openCandidate(node.parts, { attempt: candidate.attempt, servers, usesTls: true }, signal)
      try {
        await seatHeir(node, candidate, to, signal)
      } finally {
        await to.close()
      }
    } catch (error) {
      signal.throwIfAborted()
      // The attempt's password is one no more: the heir knows.
      if (error instanceof NatsAccessError) node.write({ candidate: null })
      await systemClock.sleep(retryMs, signal)
    }
  }
}

/** The record in the new store seats the heir, which serves from now on. @throws UnavailableError; the signal's reason */
async function seatHeir(
  node: NodeCluster,
  { topology }: Candidate,
  to: Connection,
  signal: AbortSignal,
): Promise<void> {
  await writeInto(to, topology, signal)
  node.write({ candidate: null })
}
