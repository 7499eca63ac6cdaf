/**
 * Does on this node what the cluster's topology says: starts or stops its server, and tells its own process where to find
 * the others.
 *
 * Easy to get wrong: a server that has lost its seat stops only when nothing needs it any more, for it may hold one of two
 * copies until its successor has caught up.
 */

import { isClustered, type ServerSeat, type Topology } from '../../cluster/topology/topology.ts'
import { backoffMs } from '../../core/backoff.ts'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Connection } from '../../engine/connection.ts'
import type { Member } from '../../model/member.ts'
import type { CandidateKeeper } from './candidate-keeper.ts'
import type { ClusterStore } from './cluster-store.ts'
import type { FormingPeers } from './forming-calls.ts'
import { MetaView } from './meta-view.ts'
import type { NodeCluster } from './node-cluster.ts'
import type { StoreName } from './node-server.ts'
import { runByRecord } from './run-by-record.ts'
import { isStillNeeded } from './seat-need.ts'

const retryMs = 1_000
const startBackoff = { firstMs: 1_000, maxMs: 30_000 }
const releasePollMs = 500
const tellPollMs = 100
/** How long the others are told before what they use stops; who did not hear it then notices by itself. */
const tellWithinMs = 10_000

export interface FollowerParts {
  readonly node: NodeCluster
  readonly connection: Connection
  readonly store: ClusterStore
  readonly keeper: CandidateKeeper
  readonly meta: MetaView
  readonly peers: FormingPeers
  members(): readonly Member[]
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly log: Log
}

export class TopologyFollower {
  readonly #parts: FollowerParts
  readonly #farewells = new Set<string>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: FollowerParts) {
    this.#parts = parts
  }

  /** Ids of nodes that said that they go for good. */
  get farewells(): ReadonlySet<string> {
    return this.#farewells
  }

  async run(signal: AbortSignal): Promise<void> {
    const { store, clock, log } = this.#parts
    while (!signal.aborted) {
      try {
        for await (const news of store.news(signal)) {
          if (news.kind === 'farewell') this.#farewells.add(news.nodeId)
          else if (news.kind === 'farewell-taken-back') this.#farewells.delete(news.nodeId)
          else if (news.kind === 'trouble') this.#parts.node.trouble = news.reason
          else if (news.kind === 'topology') await this.#follow(news.topology, signal)
          else await this.publish()
        }
      } catch (err) {
        if (signal.aborted) return
        log.warn({ err }, 'what the topology says could not be done, trying again')
        await clock.sleep(retryMs, signal).catch(() => {})
      }
    }
  }

  /** Until `signal` aborts: what could not be started or told when the servers changed is tried until it works. */
  async keepRunning(signal: AbortSignal): Promise<void> {
    const { node, clock, log } = this.#parts
    for (let failures = 0; !signal.aborted; ) {
      const pauseMs = failures === 0 ? retryMs : backoffMs(startBackoff, failures, Math.random)
      await clock.sleep(pauseMs, signal).catch(() => {})
      try {
        const hasActed = await this.#exclusively(async () => !signal.aborted && (await runByRecord(node)))
        failures = 0
        if (!hasActed) continue
        log.info({ generation: node.record.generation }, "this node's nats server runs as the record says now")
        this.tellConnection()
      } catch (err) {
        failures += 1
        log.error({ err, failures }, "this node's nats server does not run as the record says, trying again")
      }
    }
  }

  /** What this node has committed on its own disk, for everybody, should they not know it yet. */
  async publish(): Promise<void> {
    const { node, store, log } = this.#parts
    const { topology } = node
    if (node.record.role === 'client') return
    const known = await store.topology()
    if (known !== null && known.value.generation >= topology.generation) return
    await store.writeTopology(topology, known?.revision ?? 0)
    log.info({ generation: topology.generation }, 'told everybody which nodes run the nats servers')
  }

  /** What another node, or the record, says. @throws what kept this node from following */
  hear(topology: Topology): Promise<void> {
    return this.#follow(topology, this.#parts.signal)
  }

  /** What a server that this node's own one does not hear says: see `watchForStraying`. */
  async catchUp(topology: Topology, address: string, signal: AbortSignal): Promise<void> {
    const view = new MetaView(this.#parts.node.parts, () => [address])
    try {
      await this.#follow(topology, signal, view)
    } finally {
      await view.close()
    }
  }

  /** One after the other. */
  #follow(topology: Topology, signal: AbortSignal, meta: MetaView = this.#parts.meta): Promise<void> {
    return this.#exclusively(async () => {
      const { node, keeper } = this.#parts
      try {
        if (node.record.candidate !== null) await keeper.settle(topology)
        if (topology.generation > node.record.generation) await this.#take(topology, signal, meta)
        // What fails here is `keepRunning`'s to tell and to repeat: the news that come next must not wait for it.
        else if (topology.generation === node.record.generation) await runByRecord(node).catch(() => {})
      } finally {
        // Also where this node's own server does not start: the record says where the others are.
        this.tellConnection()
      }
    })
  }

  #exclusively<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }

  /** The connection of this process finds every server, and makes streams with the right number of copies. */
  tellConnection(): void {
    const { node, connection } = this.#parts
    connection.replicas = node.replicas
    connection.setServers(node.access.servers)
  }

  async #take(topology: Topology, signal: AbortSignal, meta: MetaView): Promise<void> {
    const { node, log } = this.#parts
    const { server, nodeId } = node.parts
    const seat = topology.servers.find((one) => one.nodeId === nodeId)
    log.info(
      { generation: topology.generation, servers: topology.servers.map(({ nodeName }) => nodeName) },
      'the nats servers change',
    )
    if (seat === undefined && node.record.role !== 'client') await this.#leaveSeat(topology, signal, meta)
    else if (seat !== undefined && node.record.role === 'client') await this.#takeSeat(topology, seat)
    else if (seat !== undefined && !isClustered(topology) && node.isClustered)
      await this.#stayAlone(topology, seat, signal)
    else {
      node.write(topology)
      if (seat !== undefined && isClustered(topology)) await server.reveal(topology)
    }
  }

  /**
   * The last of several servers goes on without the others, on the same store.
   *
   * Easy to get wrong: a server on its own does not read a stream that still has several copies (tried on 2.15.1), so
   * this is looked at once more; that the others are gone already does not keep it back.
   */
  async #stayAlone(topology: Topology, seat: ServerSeat, signal: AbortSignal): Promise<void> {
    const { node, meta, log } = this.#parts
    const { server } = node.parts
    await this.#tellOthers(topology, signal)
    await meta
      .gatherOn(seat.serverName, signal)
      .catch((err: unknown) => log.warn({ err }, 'the other nats servers are gone already'))
    signal.throwIfAborted()
    node.write({ role: 'home', ...topology })
    await server.stop()
    await server.startAlone(seat, node.record.store as StoreName)
    log.info({ generation: topology.generation }, "this node's nats server stands alone now")
  }

  /** Through servers that stop soon: that it was written does not mean that everybody has read it. */
  async #tellOthers(topology: Topology, signal: AbortSignal): Promise<void> {
    const { node, peers, members, clock, log } = this.#parts
    const { nodeId } = node.parts
    const deadlineMs = clock.monotonicMs() + tellWithinMs
    const told = new Set<string>()
    for (;;) {
      const untold = members().filter((one) => one.nodeId !== nodeId && isHeard(one) && !told.has(one.nodeId))
      if (untold.length === 0) return
      if (clock.monotonicMs() > deadlineMs) {
        log.warn({ nodes: untold.map(({ nodeName }) => nodeName) }, 'some nodes do not answer, and will have to notice')
        return
      }
      const answers = await Promise.all(untold.map(({ nodeName }) => peers.tell(nodeName, topology)))
      for (const [index, one] of untold.entries()) if (answers[index]) told.add(one.nodeId)
      await clock.sleep(tellPollMs, signal)
    }
  }

  async #takeSeat(topology: Topology, seat: ServerSeat): Promise<void> {
    const { node, log } = this.#parts
    const { server } = node.parts
    const store: StoreName = `store-${seat.serverName.slice(seat.serverName.lastIndexOf('-') + 1)}`
    node.write({ role: 'server', store, ...topology })
    await server.startClustered(topology, store)
    log.info({ generation: topology.generation }, 'this node runs a nats server of the cluster now')
  }

  async #leaveSeat(topology: Topology, signal: AbortSignal, meta: MetaView): Promise<void> {
    const { node, clock, log } = this.#parts
    const { server } = node.parts
    const before = node.seat
    const store = node.record.store as StoreName
    log.info({ generation: topology.generation }, "this node's nats server gives its seat away")
    while (before !== null && (await isStillNeeded(meta, topology, before))) await clock.sleep(releasePollMs, signal)
    // On the record until it is gone, so that nothing keeps it from being removed in the end.
    node.write({ role: 'client', store: '', ...topology, retired: [...node.record.retired, store] })
    this.tellConnection()
    await server.stop()
    await server.discard(store)
    node.write({ retired: node.record.retired.filter((name) => name !== store) })
    log.info({ generation: topology.generation }, 'this node runs no nats server any more')
  }
}

function isHeard({ status }: Member): boolean {
  return status === 'alive' || status === 'leaving'
}
