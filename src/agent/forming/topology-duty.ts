/**
 * The leader's care for the NATS servers: decides which nodes run them, and brings what runs in line with that.
 *
 * Easy to get wrong: what is decided is written down first, and everything else follows from the record, so a leader that
 * dies at any point leaves its successor something to go on with. A server goes only after the others have what it had.
 */

import { randomBytes } from 'node:crypto'
import { NodeWatch } from '../../cluster/topology/node-watch.ts'
import { type NodeFacts, planTopology, type TopologyStep } from '../../cluster/topology/plan-topology.ts'
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
  /** Servers that should be there and are not, or not yet with all they need. */
  readonly missing: readonly string[]
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
    const isWaitingForOthers = state.missing.some((name) => !step.drop.some((seat) => seat.serverName === name))
    if (state.isDone || (state.missing.length > 0 && !isWaitingForOthers)) await this.#change(known, step)
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
    const state = await meta.read()
    const seated = new Set(topology.servers.map((seat) => seat.serverName))
    const present = new Set(state.peers.filter(isThere).map(({ name }) => name))
    const missing = [...seated].filter((name) => !present.has(name))
    const extra = state.peers.filter((peer) => !seated.has(peer.name))
    if (missing.length > 0) return { isDone: false, missing }
    if (extra.length === 0) return { isDone: await meta.scale(replicasOf(topology), signal), missing }
    for (const peer of extra) {
      signal.throwIfAborted()
      log.info({ server: peer.name }, 'takes a nats server out of the cluster')
      await meta.remove(peer.name, signal)
    }
    return { isDone: false, missing }
  }
}
