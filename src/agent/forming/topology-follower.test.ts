/** What a node does whose NATS server does not start, or does not take what it is told, when the servers change. */
import { expect, test } from 'vitest'
import type { ServerSeat, Topology } from '../../cluster/topology/topology.ts'
import { FakeClock } from '../../core/clock.ts'
import { silentLog } from '../../core/log.ts'
import type { Connection } from '../../engine/connection.ts'
import type { ClusterRecord } from './cluster-record.ts'
import { NodeCluster, type NodeClusterParts } from './node-cluster.ts'
import type { NodeServer } from './node-server.ts'
import { type FollowerParts, TopologyFollower } from './topology-follower.ts'

function seat(name: string): ServerSeat {
  const addresses = { clientAddress: `${name}:1`, routeAddress: `${name}:2` }
  return { nodeId: name, nodeName: name, serverName: `${name}-1`, ...addresses }
}

const three: Topology = { generation: 2, clusterName: 'c', servers: ['a', 'b', 'c'].map(seat) }
const asClient = {
  role: 'client',
  store: '',
  generation: 1,
  clusterName: 'c',
  servers: ['b', 'c', 'd'].map(seat),
} as const
const asServer = { role: 'server', store: 'store-1', ...three, generation: 1 } as const

/** Node `a`, whose server does nothing that it is told while `world.isBroken`. */
function nodeOf(record: Omit<ClusterRecord, 'version' | 'clusterId' | 'candidate' | 'retired'>, runs: boolean) {
  const clock = new FakeClock(0)
  const ending = new AbortController()
  const world = { isBroken: true, did: [] as string[], known: [] as readonly string[] }
  const main = { url: 'nats://a:1' }
  const act = (what: string) => {
    if (world.isBroken) throw new Error('address already in use')
    world.did.push(what)
  }
  const server = {
    main: runs ? main : null,
    isUpToDate: true,
    async startClustered(_topology: Topology, store: string) {
      act(`starts ${store} of several`)
      this.main = main
    },
    async startAlone(_seat: ServerSeat, store: string) {
      act(`starts ${store} alone`)
      this.main = main
    },
    async reveal({ generation }: Topology) {
      this.isUpToDate = false
      act(`reveals ${generation}`)
      this.isUpToDate = true
    },
    async stop() {
      this.main = null
    },
  }
  const file = { write: () => {} }
  const parts = { nodeId: 'a', nodeName: 'a', file, join: [], secrets: { passwords: {} }, log: silentLog, tls: null }
  const node = new NodeCluster({ ...parts, server: server as unknown as NodeServer } as unknown as NodeClusterParts, {
    ...{ clusterId: 'id', candidate: null, retired: [] },
    ...record,
  })
  const connection = {
    setServers(servers: readonly string[]) {
      world.known = servers
    },
  }
  const meta = { gatherOn: async () => {} }
  const follower = new TopologyFollower({
    ...{ node, meta, clock, members: () => [], signal: ending.signal, log: silentLog },
    connection: connection as unknown as Connection,
  } as unknown as FollowerParts)
  const running = follower.keepRunning(ending.signal)
  const end = async () => {
    ending.abort(new Error('done'))
    await running
  }
  return { clock, world, node, follower, end }
}

test.each<[string, Parameters<typeof nodeOf>, Topology, string]>([
  ['takes a seat', [asClient, false], three, 'starts store-1 of several'],
  ['is left alone', [asServer, true], { generation: 2, clusterName: '', servers: [seat('a')] }, 'starts store-1 alone'],
  ['learns of another server', [asServer, true], three, 'reveals 2'],
])(
  'a server that fails when it %s is told so again until it works, and then no more',
  async (_what, facts, news, act) => {
    const { clock, world, node, follower, end } = nodeOf(...facts)
    await expect(follower.hear(news)).rejects.toThrow('address already in use')
    expect(node.record.generation).toBe(2)
    expect(world.known.length).toBeGreaterThan(0)
    await clock.advance(10_000)
    expect(world.did).toEqual([])
    world.isBroken = false
    await clock.advance(60_000)
    expect(world.did).toEqual([act])
    await end()
  },
)

test('the same news once more makes what runs match the record at once', async () => {
  const { world, follower, end } = nodeOf(asClient, false)
  await expect(follower.hear(three)).rejects.toThrow('address already in use')
  await follower.hear(three)
  expect(world.did).toEqual([])
  world.isBroken = false
  await follower.hear(three)
  expect(world.did).toEqual(['starts store-1 of several'])
  await end()
})

test('nothing is started while an attempt of this node decides what runs', async () => {
  const { clock, world, node, end } = nodeOf(asServer, false)
  world.isBroken = false
  node.isAttempting = true
  await clock.advance(10_000)
  expect(world.did).toEqual([])
  node.isAttempting = false
  await clock.advance(10_000)
  expect(world.did).toEqual(['starts store-1 of several'])
  await end()
})
