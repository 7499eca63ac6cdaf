/**
 * A server that this node started for an attempt of another one, until it is known how the attempt ended.
 *
 * Easy to get wrong: this node never decides. It keeps the candidate until the cluster's own record seats it or goes on
 * without it, or until the node that makes the attempt says that it is void; that one may be away for long.
 */

import { isClustered, type Topology } from '../../cluster/topology/topology.ts'
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
/** While the servers change nobody is served: the sooner the new ones are, the better. */
const lookEveryMs = 250
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
      const { node, connection } = this.#parts
      const { candidate } = node.record
      if (candidate === null || topology.generation < candidate.topology.generation) return false
      if (!seatsCandidate(topology, candidate, node.parts.nodeId)) {
        await this.#discard(candidate)
        return false
      }
      await takeCandidatesSeat(node, candidate, topology)
      connection.replicas = node.replicas
      connection.setServers(node.access.servers)
      return true
    })
  }

  /** Asks how the attempt ended, again and again, as long as there is a candidate. */
  async run(signal: AbortSignal): Promise<void> {
    const { node, connection, clock, log } = this.#parts
    const untold = (err: unknown) =>
      log.debug({ err, attempt: node.record.candidate?.attempt }, 'nobody tells how the attempt ended')
    let askedAtMs = Number.NEGATIVE_INFINITY
    while (!signal.aborted) {
      await clock.sleep(lookEveryMs, signal).catch(() => {})
      const { candidate } = node.record
      if (candidate === null || signal.aborted) continue
      if (!connection.isConnected) {
        // The others may have gone on without the node that would tell us.
        await this.#lookInto(candidate, signal).catch(untold)
      } else if (clock.monotonicMs() - askedAtMs >= askEveryMs) {
        askedAtMs = clock.monotonicMs()
        // Not waited for: when the servers change now, no answer comes for long.
        this.#ask(candidate).catch(untold)
      }
    }
  }

  async #lookInto(candidate: Candidate, signal: AbortSignal): Promise<void> {
    const topology = await topologyInCandidate(this.#parts.node, candidate, signal)
    if (topology !== null) await this.settle(topology)
  }

  async #ask({ homeName, attempt }: Candidate): Promise<void> {
    if ((await this.#parts.peers.outcome(homeName, attempt)) === 'void') await this.abort(attempt)
  }

  async #discard(candidate: Candidate): Promise<void> {
    const { node, log } = this.#parts
    log.info({ attempt: candidate.attempt }, 'an attempt to form a cluster of nats servers ended without a result')
    // A node whose own attempt this was serves everybody with the server of before.
    if (node.record.role === 'client') await node.parts.server.stop()
    await node.dropCandidate(candidate)
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
  const { topology, store } = candidate as Candidate & { readonly store: StoreName }
  try {
    if (isClustered(topology)) await server.startClustered(topology, store, passwords, true)
    else await server.startAlone(server.seat(candidate.attempt), store, passwords)
  } catch (cause) {
    throw new FormingError(`node ${node.parts.nodeName} cannot start a nats server: ${messageOf(cause)}`, { cause })
  }
}

/** The candidate is a server for everybody from now on. */
async function takeCandidatesSeat(node: NodeCluster, { store }: Candidate, topology: Topology): Promise<void> {
  node.write({ role: isClustered(topology) ? 'server' : 'home', store, ...topology, candidate: null })
  await node.parts.server.reveal(topology)
  node.parts.log.info({ generation: topology.generation }, 'this node runs a nats server of the cluster now')
}

/** Whether the node's candidate is one of the servers that everybody is to use. */
function seatsCandidate(topology: Topology, candidate: Candidate, nodeId: string): boolean {
  const own = candidate.topology.servers.find((seat) => seat.nodeId === nodeId)
  const { clusterName, servers } = topology
  return clusterName === candidate.topology.clusterName && servers.some((one) => one.serverName === own?.serverName)
}

/**
 * Looks into the candidate's own store until that seats it: for a node that starts while nobody else can tell.
 * @throws the signal's reason
 */
export async function whenSeated(node: NodeCluster, clock: Clock, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { candidate } = node.record
    const topology = candidate === null ? null : await topologyInCandidate(node, candidate, signal).catch(() => null)
    signal.throwIfAborted()
    if (candidate !== null && topology !== null && seatsCandidate(topology, candidate, node.parts.nodeId))
      if (topology.generation >= candidate.topology.generation) return takeCandidatesSeat(node, candidate, topology)
    await clock.sleep(lookEveryMs, signal)
  }
}

/** What the candidate's own store says; null while nothing was copied into it. @throws UnavailableError */
async function topologyInCandidate(
  node: NodeCluster,
  candidate: Candidate,
  signal: AbortSignal,
): Promise<Topology | null> {
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
