import { expect, test } from 'vitest'
import type { ServerSeat, Topology } from '../../cluster/topology/topology.ts'
import { FakeClock } from '../../core/clock.ts'
import { silentLog } from '../../core/log.ts'
import type { Member } from '../../model/member.ts'
import type { ClusterStore } from './cluster-store.ts'
import type { FormingPeers } from './forming-calls.ts'
import type { MetaView } from './meta-view.ts'
import type { NodeCluster } from './node-cluster.ts'
import { TopologyDuty } from './topology-duty.ts'

function seat(name: string): ServerSeat {
  return { nodeId: name, nodeName: name, serverName: name, clientAddress: `${name}:1`, routeAddress: `${name}:2` }
}

test('a leader that begins while a server leaves for good gives no stream more copies before it gathers them', async () => {
  const clock = new FakeClock(0)
  const ending = new AbortController()
  const names = ['a', 'b', 'c']
  const done: string[] = []
  const peers = names.map((name) => ({ name, isCurrent: true, isOffline: false, lag: 0 }))
  const meta = {
    read: async () => ({ leader: 'a', peers }),
    scale: async () => done.push('scaled'),
    bestKeeper: async (servers: readonly string[]) => servers.at(-1) ?? null,
    gatherOn: async (server: string) => done.push(`gathered on ${server}`),
  }
  const topology = { generation: 1, clusterName: 'c', servers: names.map(seat) }
  const store = { topology: async () => ({ value: topology, revision: 1 }), writeTopology: async () => {} }
  const status = (name: string) => (name === 'b' ? 'leaving' : 'alive')
  const duty = new TopologyDuty({
    node: { isClustered: true } as NodeCluster,
    store: store as unknown as ClusterStore,
    peers: { tell: async () => true } as unknown as FormingPeers,
    meta: meta as unknown as MetaView,
    mostServers: 3,
    members: () => names.map((name) => ({ nodeId: name, nodeName: name, status: status(name) }) as Member),
    farewells: () => new Set(['b']),
    clock,
    log: silentLog,
  })
  const leading = duty.lead({ number: 1, leaderName: 'a' }, ending.signal).catch(() => {})
  for (let second = 0; second < 4; second += 1) await clock.advance(1_000)
  ending.abort(new Error('done'))
  await leading
  expect(done).toEqual(['gathered on c'])
})

interface World {
  topology: Topology
  /** The servers of the meta group; those in lower case are away. */
  peers: string
  /** Streams that cannot go on without a server yet. */
  held: readonly string[]
  readonly done: string[]
}

/** Leads for some seconds among nodes A to D, of which A leaves for good. */
async function leadWhileALeaves(world: World, seconds: number, acts: Readonly<Record<number, () => void>> = {}) {
  const clock = new FakeClock(0)
  const ending = new AbortController()
  const isAway = (name: string) => world.peers.includes(name.toLowerCase())
  const meta = {
    async read() {
      const names = [...world.peers].map((letter) => letter.toUpperCase())
      return { leader: 'B', peers: names.map((name) => ({ name, isCurrent: !isAway(name), isOffline: false, lag: 0 })) }
    },
    spare: async () => world.held,
    async remove(server: string) {
      world.done.push(`removed ${server}`)
      world.peers = world.peers.replace(server, '').replace(server.toLowerCase(), '')
    },
    scale: async () => true,
  }
  const store = {
    topology: async () => ({ value: world.topology, revision: 1 }),
    async writeTopology(next: Topology) {
      world.topology = next
      world.done.push(`seated ${next.servers.map(({ serverName }) => serverName).join('')}`)
    },
  }
  const status = (name: string) => (name === 'A' ? 'leaving' : isAway(name) ? 'failed' : 'alive')
  const members = () => ['A', 'B', 'C', 'D'].map((name) => ({ nodeId: name, nodeName: name, status: status(name) }))
  const duty = new TopologyDuty({
    node: { isClustered: true } as NodeCluster,
    store: store as unknown as ClusterStore,
    peers: { tell: async () => true, offer: async (name: string) => seat(name) } as unknown as FormingPeers,
    meta: meta as unknown as MetaView,
    mostServers: 3,
    members: () => members() as unknown as Member[],
    farewells: () => new Set(['A']),
    clock,
    log: silentLog,
  })
  const leading = duty.lead({ number: 1, leaderName: 'B' }, ending.signal).catch(() => {})
  for (let second = 1; second <= seconds; second += 1) {
    acts[second]?.()
    await clock.advance(1_000)
  }
  ending.abort(new Error('done'))
  await leading
}

const abc: Topology = { generation: 1, clusterName: 'c', servers: ['A', 'B', 'C'].map(seat) }
const bcd: Topology = { generation: 2, clusterName: 'c', servers: ['B', 'C', 'D'].map(seat) }

test('a server that leaves gives its seat away although another one is away, and goes once its successor is there', async () => {
  const world: World = { topology: abc, peers: 'ABc', held: [], done: [] }
  await leadWhileALeaves(world, 6)
  expect(world.done).toEqual(['seated BCD'])
  await leadWhileALeaves(world, 2, {
    1: () => {
      world.peers = 'ABcd'
    },
    2: () => expect(world.done).toEqual(['seated BCD']),
  })
  await leadWhileALeaves({ ...world, peers: 'ABcD' }, 2)
  expect(world.done).toEqual(['seated BCD', 'removed A'])
})

test.each<[string, Partial<World>]>([
  ['has not come', { peers: 'ABc' }],
  ['still catches up', { peers: 'ABcd' }],
  ['is there, while the others have no majority without the one that goes', { peers: 'AbcD' }],
  ['is there, while a stream has its only whole copy on the one that goes', { peers: 'ABcD', held: ['KV_jobs'] }],
])('no server is taken out while another one is away and the successor %s', async (_what, facts) => {
  const world: World = { topology: bcd, peers: '', held: [], done: [], ...facts }
  await leadWhileALeaves(world, 5)
  expect(world.done).toEqual([])
})

test('nothing changes while most of the servers are away', async () => {
  const world: World = { topology: abc, peers: 'Abc', held: [], done: [] }
  await leadWhileALeaves(world, 6)
  expect(world.done).toEqual([])
})
