/** Joins the cluster as this node, and builds what leads when this node does. */
import { hostname } from 'node:os'
import { ClusterClock } from '../cluster/cluster-clock.ts'
import { joinCluster, type Membership } from '../cluster/membership.ts'
import type { Heartbeat, LeaderLease, MemberRecord, NameClaim } from '../cluster/ports.ts'
import type { Settings } from '../config/options.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { Scope } from '../core/scope.ts'
import { openBeats } from '../engine/beats.ts'
import type { Connection } from '../engine/connection.ts'
import { openBucket } from '../engine/kv-bucket.ts'
import { openLease } from '../engine/lease.ts'
import type { Bucket } from '../model/bucket.ts'
import type { Member, NatsRole, NodeLoad } from '../model/member.ts'
import { apiHost, nodeAddresses } from './node-addresses.ts'
import { version } from './version.ts'

export interface OpenedCluster {
  readonly membership: Membership
  readonly lease: LeaderLease
  /** The time that this node keeps, whatever its machine's clock does. */
  readonly clock: Clock
  /** Who knows how much this node has to do; the other nodes are told. */
  reportLoad(load: () => NodeLoad): void
  /** True for every node that is or ever was a member. */
  isKnownNode(nodeId: string): boolean
}

/** A name that NATS and people can use: what the host calls itself unless the settings say otherwise. */
export function nodeNameOf(settings: Settings): string {
  return settings['node-name'] === '' ? hostname() : settings['node-name']
}

export async function openCluster(
  scope: Scope,
  parts: {
    readonly settings: Settings
    readonly nodeId: string
    readonly connection: Connection
    /** This node's part in the NATS cluster, now. */
    natsRole(): NatsRole
    readonly log: Log
    readonly signal: AbortSignal
  },
): Promise<OpenedCluster> {
  const { settings, nodeId, connection } = parts
  const log = parts.log.child({ component: 'cluster' })
  const nodeName = nodeNameOf(settings)
  const clock = new ClusterClock({ machine: systemClock, log })
  let load = (): NodeLoad => ({ running: 0, tasks: 0 })
  const lease = scope.use(await openLease(connection, { nodeId, nodeName }), (opened) => opened.close())
  const membership = await joinCluster({
    self: selfOf(settings, nodeId, nodeName, parts.natsRole),
    beats: openBeats<Heartbeat>(connection),
    records: await openBucket<MemberRecord>(connection, { name: 'member-records', storage: 'file', patienceMs: 1_000 }),
    names: await openBucket<NameClaim>(connection, { name: 'node-names', storage: 'file' }),
    leaderName: () => lease.observed()?.leaderName ?? null,
    load: () => load(),
    clock: systemClock,
    time: clock,
    log,
  })
  scope.use(membership, (joined) => joined.close())
  await clock.settle(membership, parts.signal)
  const ending = new AbortController()
  const following = clock.follow(ending.signal)
  scope.defer(() => {
    ending.abort(new Error('the agent ends'))
    return following
  })
  const known = await rememberNode(connection, nodeId, nodeName, parts.signal)
  const reportLoad = (from: () => NodeLoad) => {
    load = from
  }
  return { membership, lease, clock, reportLoad, isKnownNode: (id) => known.has(id) }
}

function selfOf(settings: Settings, nodeId: string, nodeName: string, natsRole: () => NatsRole): Member {
  const { clientPort, routePort } = nodeAddresses(settings)
  return {
    nodeId,
    nodeName,
    status: 'alive',
    address: apiHost(settings),
    dkronPort: settings['http-addr'].port,
    udupPort: settings['udup-addr'].port,
    natsPort: clientPort,
    natsRoutePort: routePort,
    // Read again at each heartbeat: a spare becomes a server while it runs.
    get natsRole() {
      return natsRole()
    },
    tags: settings.tag,
    version,
    startedAt: Date.now(),
  }
}

/** Every node that ever joined, this one included: a job may name a node that is away. */
async function rememberNode(
  connection: Connection,
  nodeId: string,
  nodeName: string,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const nodes: Bucket<string> = await openBucket<string>(connection, { name: 'nodes', storage: 'file' })
  await nodes.put(nodeId, nodeName)
  const known = new Set<string>([nodeId])
  const isReady = Promise.withResolvers<void>()
  void follow(nodes, known, isReady.resolve, signal)
  await isReady.promise
  return known
}

async function follow(
  nodes: Bucket<string>,
  known: Set<string>,
  isReady: () => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const change of nodes.watch(signal)) {
        if (change.kind === 'put') known.add(change.key)
        else if (change.kind === 'ready') isReady()
      }
    } catch {
      await systemClock.sleep(1_000, signal).catch(() => {})
    }
  }
}
