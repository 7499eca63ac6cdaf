/**
 * The leader's care for the NATS servers: decides which nodes run them, and brings what runs in line with that.
 *
 * Easy to get wrong: what is decided is written down first, and everything else follows from the record, so a leader that
 * dies at any point leaves its successor something to go on with. A server goes only after the others have what it had.
 */

import { randomBytes } from 'node:crypto'
import { NodeWatch } from '../../cluster/topology/node-watch.ts'
import { type NodeFacts, planTopology, type TopologyStep } from '../../cluster/topology/plan-topology.ts'
import { type CountedServer, canSpare, keepsMajority } from '../../cluster/topology/server-majority.ts'
import { isClustered, replicasOf, type ServerSeat, type Topology } from '../../cluster/topology/topology.ts'
import type { Clock } from '../../core/clock.ts'
import { ConflictError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Versioned } from '../../model/bucket.ts'
import type { LeaderDuty, Member, Term } from '../../model/member.ts'
import type { ClusterStore } from './cluster-store.ts'
import type { FormingPeers } from './forming-calls.ts'
import { isThere, type MetaView } from './meta-view.ts'
import type { NodeCluster } from './node-cluster.ts'

const sweepMs = 1_000

interface Alignment {
  /** Whether everything is as the topology says. */
  readonly isDone: boolean
  /** The servers that count now, those of an earlier change among them. */
  readonly peers: readonly CountedServer[]
  /** Servers that should be there and never were yet. */
  readonly unjoined: readonly CountedServer[]
  /** Whether a server that should be there is not, or not yet with all it needs. */
  readonly hasMissing: boolean
}

export interface TopologyDutyParts {
  readonly node: NodeCluster
  readonly store: ClusterStore
  readonly peers: FormingPeers
  readonly meta: MetaView
  readonly mostServers: 1 | 3 | 5
  members(): readonly Member[]
  farewells(): ReadonlySet<string>
  readonly clock: Clock
  readonly log: Log
}

export class TopologyDuty implements LeaderDuty {
  readonly name = 'topology'
  readonly #parts: TopologyDutyParts
  #toldWait = ''

  constructor(parts: TopologyDutyParts) {
    this.#parts = parts
  }

  async lead(_term: Term, signal: AbortSignal): Promise<void> {
    const { clock, node, members, farewells } = this.#parts
    const watch = new NodeWatch()
    const told = new Map<string, number>()
    while (!signal.aborted) {
      await clock.sleep(sweepMs, signal)
      const nodes = watch.observe(members(), farewells(), clock.monotonicMs())
      await this.#tellEverybody(told)
      // The node of a server on its own looks after that by itself.
      if (node.isClustered) await this.#sweep(nodes, signal)
    }
  }

  async #sweep(nodes: readonly NodeFacts[], signal: AbortSignal): Promise<void> {
    const { store, mostServers } = this.#parts
    const known = await store.topology()
    if (known === null) return
    const step = planTopology({ topology: known.value, mostServers, nodes })
    // One change after the other: each is finished before the next is decided.
    if (!isClustered(known.value)) return
    if (step.kind === 'shrink') return this.#shrink(known, step.keepOneOf, signal)
    // An earlier leader may have left some streams with one copy: given more again, they may stay without a leader.
    if (step.kind === 'wait') return
    const state = await this.#align(known.value, signal)
    if (step.kind !== 'change') return
    if (state.isDone || mayChangeUnfinished(state, step)) await this.#change(known, step)
  }

  /** The record is there for everybody to read, but some do not see it: so each is told until it says that it follows. */
  async #tellEverybody(told: Map<string, number>): Promise<void> {
    const { store, peers, members } = this.#parts
    const topology = (await store.topology())?.value
    if (topology === undefined) return
    const untold = members().filter(
      ({ nodeId, status }) => status === 'alive' && (told.get(nodeId) ?? -1) < topology.generation,
    )
    const answers = await Promise.all(untold.map(({ nodeName }) => peers.tell(nodeName, topology)))
    for (const [index, { nodeId }] of untold.entries()) if (answers[index]) told.set(nodeId, topology.generation)
  }

  /** Everything onto one server; then its node starts it on its own, and the others stop when that is so. */
  async #shrink(known: Versioned<Topology>, keepOneOf: readonly ServerSeat[], signal: AbortSignal): Promise<void> {
    const { meta, log } = this.#parts
    const best = await meta.bestKeeper(keepOneOf.map(({ serverName }) => serverName))
    const keep = keepOneOf.find(({ serverName }) => serverName === best)
    if (keep === undefined) return
    log.info({ node: keep.nodeName }, 'moves everything to one nats server, because too few nodes stay for three')
    await meta.gatherOn(keep.serverName, signal)
    const generation = known.value.generation + 1
    await this.#write({ generation, clusterName: '', servers: [keep] }, known.revision)
  }

  async #change(known: Versioned<Topology>, step: Extract<TopologyStep, { kind: 'change' }>): Promise<void> {
    const { peers, log } = this.#parts
    const suffix = randomBytes(3).toString('hex')
    const added = await Promise.all(step.add.map((node) => peers.offer(node.nodeName, suffix)))
    const staying = known.value.servers.filter((seat) => !step.drop.includes(seat))
    const topology: Topology = {
      ...known.value,
      generation: known.value.generation + 1,
      servers: [...staying, ...added],
    }
    const names = (list: readonly { readonly nodeName: string }[]) => list.map(({ nodeName }) => nodeName)
    log.info({ add: names(step.add), drop: names(step.drop) }, 'changes which nodes run the nats servers')
    await this.#write(topology, known.revision)
  }

  async #write(topology: Topology, revision: number): Promise<void> {
    try {
      await this.#parts.store.writeTopology(topology, revision)
    } catch (error) {
      // Another leader was faster; the next sweep looks again.
      if (!(error instanceof ConflictError)) throw error
    }
  }

  async #align(topology: Topology, signal: AbortSignal): Promise<Alignment> {
    const { meta, log } = this.#parts
    const peers = (await meta.read()).peers.map((peer) => ({ name: peer.name, isThere: isThere(peer) }))
    const seated = topology.servers.map(({ serverName }) => serverName)
    const unjoined = seated.filter((name) => peers.every((peer) => peer.name !== name))
    const hasMissing = seated.some((name) => !peers.some((peer) => peer.name === name && peer.isThere))
    const state = { peers, unjoined: unjoined.map((name) => ({ name, isThere: false })), hasMissing }
    const extra = peers.filter(({ name }) => !seated.includes(name))
    if (extra.length === 0) return { ...state, isDone: !hasMissing && (await meta.scale(replicasOf(topology), signal)) }
    // Nothing goes before those that are on their way have come; and those that are gone anyway go first.
    const next = unjoined.length > 0 ? null : await this.#nextToGo(extra.toSorted(goneFirst), peers, signal)
    if (next !== null) {
      signal.throwIfAborted()
      log.info({ server: next }, 'takes a nats server out of the cluster')
      await meta.remove(next, signal)
    }
    return { ...state, isDone: false }
  }

  /** One at a time, for without it the others are another group. */
  async #nextToGo(
    extra: readonly CountedServer[],
    peers: readonly CountedServer[],
    signal: AbortSignal,
  ): Promise<string | null> {
    for (const { name } of extra) {
      const waitsFor = await this.#needsOf(name, peers, signal)
      if (waitsFor.length === 0) return name
      this.#tellWait(name, waitsFor)
    }
    return null
  }

  /** @returns the servers and streams that keep the cluster from going on without that server now */
  async #needsOf(server: string, peers: readonly CountedServer[], signal: AbortSignal): Promise<readonly string[]> {
    if (!canSpare(peers, server)) return peers.filter((peer) => !peer.isThere).map(({ name }) => name)
    const there = new Set(peers.filter((peer) => peer.isThere).map(({ name }) => name))
    // What is gone already holds nothing that could still be handed on.
    return there.has(server) ? this.#parts.meta.spare(server, there, signal) : []
  }

  /** The same reason is told once. */
  #tellWait(server: string, waitsFor: readonly string[]): void {
    const reason = [server, ...waitsFor].join()
    if (reason !== this.#toldWait) this.#parts.log.info({ server, waitsFor }, 'a nats server is not taken out yet')
    this.#toldWait = reason
  }
}

/**
 * A change that gives the place of a server to another one does not wait for those that are away, as long as enough are
 * there at each of its steps: else one dead machine would keep every other server from leaving.
 */
function mayChangeUnfinished(
  { peers, unjoined, hasMissing }: Alignment,
  { add, drop }: Extract<TopologyStep, { kind: 'change' }>,
): boolean {
  const added = add.map(({ nodeName }) => ({ name: `of ${nodeName}`, isThere: true }))
  const dropped = drop.map(({ serverName }) => serverName)
  return hasMissing && drop.length > 0 && keepsMajority(peers, [...unjoined, ...added], dropped)
}

function goneFirst(a: CountedServer, b: CountedServer): number {
  return Number(a.isThere) - Number(b.isThere)
}
