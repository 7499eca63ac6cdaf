/** Everything that this node does for the NATS servers of the cluster, beyond its own server. */
import type { Topology } from '../../cluster/topology/topology.ts'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Scope } from '../../core/scope.ts'
import type { Connection } from '../../engine/connection.ts'
import { returnToOwnServer } from '../../engine/own-server.ts'
import type { ClusterView, LeaderDuty } from '../../model/member.ts'
import { CandidateKeeper } from './candidate-keeper.ts'
import { ClusterStore } from './cluster-store.ts'
import { answerForming, FormingPeers } from './forming-calls.ts'
import { handOver } from './hand-over.ts'
import { HomeLoop } from './home-loop.ts'
import { MetaView } from './meta-view.ts'
import type { NodeCluster } from './node-cluster.ts'
import { removeRetiredStores } from './retired-stores.ts'
import { watchForStraying } from './stray-watch.ts'
import { TopologyDuty } from './topology-duty.ts'
import { TopologyFollower } from './topology-follower.ts'

/** Who looks whether the servers answer does not wait for them. */
const lookPatienceMs = 1_000

export interface FormingOptions {
  /** Null where the user runs NATS. */
  readonly node: NodeCluster | null
  readonly connection: Connection
  readonly store: ClusterStore
  readonly cluster: ClusterView & { hears(): boolean }
  /** `--nats-servers` */
  readonly mostServers: '1' | '3' | '5'
  readonly clock: Clock
  readonly log: Log
  /** Ends everything. */
  readonly signal: AbortSignal
}

export interface Forming {
  readonly duty: LeaderDuty
  /**
   * This node goes for good: waits until its server is not needed any more, at most so long; never throws.
   *
   * @param moment a server on its own serves until everything else is `done`, for the others stand still while it moves;
   * one of several goes while the node is still `working`
   */
  handOver(moment: 'working' | 'done', withinMs: number): Promise<void>
}

/** The scope waits for what is under way. @returns null where the user runs NATS */
export async function openForming(scope: Scope, options: FormingOptions): Promise<Forming | null> {
  const { node, connection, store, cluster, clock, signal } = options
  if (node === null) return null
  const mostServers = Number(options.mostServers) as 1 | 3 | 5
  const log = options.log.child({ component: 'forming' })
  const peers = new FormingPeers(connection)
  const members = () => cluster.members()
  const meta = scope.use(new MetaView(node.parts, () => node.access.servers), (view) => view.close())
  const keeper = new CandidateKeeper({ node, connection, peers, clock, log })
  const follower = new TopologyFollower({
    ...{ node, connection, store, keeper, meta, peers, members, signal, clock, log },
  })
  const home = new HomeLoop({ node, peers, store, follower, mostServers, members, clock, log })
  const duty = new TopologyDuty({
    ...{ node, store, peers, meta, mostServers, members, clock, log },
    farewells: () => follower.farewells,
  })
  const { nodeId, nodeName, server } = node.parts
  await store.takeBackFarewell(nodeId)
  const quickStore = await ClusterStore.open(connection, '', lookPatienceMs)
  const answers = {
    offer: async (attempt: string) => server.seat(attempt),
    prepare: (candidate: Parameters<CandidateKeeper['prepare']>[0]) => keeper.prepare(candidate),
    abort: (attempt: string) => keeper.abort(attempt),
    outcome: (attempt: string) => home.outcome(attempt),
    hear: (topology: Topology) => hear(node, follower, topology, log),
  }
  answerForming(connection, nodeName, answers, signal)
  const running = [
    follower.run(signal),
    follower.keepRunning(signal),
    keeper.run(signal),
    home.run(signal),
    watchForStraying({ node, connection, store: quickStore, meta, follower, members, clock, log }, signal),
    removeRetiredStores({ node, store, meta, clock, log }, signal),
    returnToOwnServer(connection, () => node.access, signal),
  ]
  scope.defer(() => Promise.all(running))
  let hasHandedOver = false
  return {
    duty,
    async handOver(moment, withinMs) {
      const isOneOfSeveral = node.seat !== null && node.isClustered
      // A server on its own may have become one of several meanwhile.
      if (hasHandedOver || (moment === 'working' && !isOneOfSeveral)) return
      hasHandedOver = await handOver({ node, store, meta, connection, cluster, clock, log }, withinMs)
    },
  }
}

/** Following may take long; whoever tells us does not wait for its end. */
function hear(node: NodeCluster, follower: TopologyFollower, topology: Topology, log: Log): number {
  if (topology.generation > node.record.generation)
    follower
      .hear(topology)
      .catch((err: unknown) => log.warn({ err }, 'what the topology says could not be done, trying again'))
  return Math.max(topology.generation, node.record.generation)
}
