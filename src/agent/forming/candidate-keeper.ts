/**
 * A server that this node started for an attempt of another one, until it is known how the attempt ended.
 *
 * Easy to get wrong: this node never decides. It keeps the candidate until the cluster's own record seats it or goes on
 * without it, or until the node that makes the attempt says that it is void; that one may be away for long.
 */

import type { Topology } from '../../cluster/topology/topology.ts'
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Connection } from '../../engine/connection.ts'
import { FormingError } from '../errors.ts'
import { openCandidate } from './candidate-access.ts'
import type { Candidate } from './cluster-record.ts'
import { ClusterStore } from './cluster-store.ts'
import type { FormingPeers } from './forming-calls.ts'
import type { NodeCluster } from './node-cluster.ts'
import type { StoreName } from './node-server.ts'

const askEveryMs = 2_000
const lookWithinMs = 5_000

export interface CandidateKeeperParts {
  readonly node: NodeCluster
  readonly connection: Connection
  readonly peers: FormingPeers
  readonly clock: Clock
  readonly log: Log
}

export class CandidateKeeper {
  readonly #parts: CandidateKeeperParts
  /** Changes come one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: CandidateKeeperParts) {
    this.#parts = parts
  }

  /** Starts the candidate; the same one again changes nothing. @throws FormingError when this node has a server */
  prepare(candidate: Candidate): Promise<void> {
    return this.#exclusively(async () => {
      const { node } = this.#parts
      if (node.record.role !== 'client') throw new FormingError(`node ${node.parts.nodeName} has a nats server already`)
      const before = node.record.candidate
      if (before !== null && before.attempt !== candidate.attempt) await this.#discard(before)
      node.write({ candidate })
      await startCandidate(node, candidate)
    })
  }

  /** What the attempt's own node says about it. */
  abort(attempt: string): Promise<void> {
    return this.#exclusively(async () => {
      const { candidate } = this.#parts.node.record
      if (candidate?.attempt === attempt) await this.#discard(candidate)
    })
  }

  /** What the cluster's own record says about it. @returns whether this node's candidate is a server now */
  settle(topology: Topology): Promise<boolean> {
    return this.#exclusively(async () => {
      const { node, log } = this.#parts
      const { candidate } = node.record
      if (candidate === null || topology.generation < candidate.topology.generation) return false
      const isSeated = topology.clusterName === candidate.topology.clusterName && seats(topology, node.parts.nodeId)
      if (!isSeated) {
        await this.#discard(candidate)
        return false
      }
      node.write({ role: 'server', store: candidate.store, ...topology, candidate: null })
      await node.parts.server.reveal(topology)
      log.info({ generation: topology.generation }, 'this node runs a nats server of the cluster now')
      return true
    })
  }

  /** Asks how the attempt ended, again and again, as long as there is a candidate. */
  async run(signal: AbortSignal): Promise<void> {
    const { node, clock, log } = this.#parts
    while (!signal.aborted) {
      await clock.sleep(askEveryMs, signal).catch(() => {})
      const { candidate } = node.record
      if (candidate === null || signal.aborted) continue
      try {
        await this.#ask(candidate, signal)
      } catch (err) {
        log.debug({ err, attempt: candidate.attempt }, 'nobody tells how the attempt to form a cluster ended')
      }
    }
  }

  async #ask(candidate: Candidate, signal: AbortSignal): Promise<void> {
    const { connection, peers } = this.#parts
    if (!connection.isConnected) {
      // The others may have gone on without the node that would tell us.
      const topology = await this.#ownTopology(candidate, signal)
      if (topology !== null) await this.settle(topology)
    } else if ((await peers.outcome(candidate.homeName, candidate.attempt)) === 'void')
      await this.abort(candidate.attempt)
  }

  async #ownTopology(candidate: Candidate, signal: AbortSignal): Promise<Topology | null> {
    const { node } = this.#parts
    const servers = node.ownAddress === null ? [] : [node.ownAddress]
    const limit = AbortSignal.any([signal, AbortSignal.timeout(lookWithinMs)])
    const connection = await openCandidate(node.parts, { attempt: candidate.attempt, servers, usesTls: true }, limit)
    try {
      const store = await ClusterStore.find(connection)
      return (await store?.topology())?.value ?? null
    } finally {
      await connection.close()
    }
  }

  async #discard(candidate: Candidate): Promise<void> {
    const { node, log } = this.#parts
    log.info({ attempt: candidate.attempt }, 'an attempt to form a cluster of nats servers ended without a result')
    await node.parts.server.stop()
    await node.parts.server.discard(candidate.store as StoreName)
    node.write({ candidate: null })
  }

  #exclusively<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }
}

/** @throws FormingError when the server does not start */
export async function startCandidate(node: NodeCluster, candidate: Candidate): Promise<void> {
  const { server, secrets } = node.parts
  if (server.main !== null) return
  const passwords = secrets.attemptPasswords(candidate.attempt)
  try {
    await server.startClustered(candidate.topology, candidate.store as StoreName, passwords, true)
  } catch (cause) {
    throw new FormingError(`node ${node.parts.nodeName} cannot start a nats server: ${messageOf(cause)}`, { cause })
  }
}

function seats(topology: Topology, nodeId: string): boolean {
  return topology.servers.some((seat) => seat.nodeId === nodeId)
}
