import { expect, test } from 'vitest'
import type { ServerSeat, Topology } from '../../cluster/topology/topology.ts'
import { FakeClock } from '../../core/clock.ts'
import { type Log, silentLog } from '../../core/log.ts'
import type { Member, MemberStatus } from '../../model/member.ts'
import type { Candidate } from './cluster-record.ts'
import type { ClusterStore } from './cluster-store.ts'
import { handOver, stayForOthersMs } from './hand-over.ts'
import { NodeCluster, type NodeClusterParts } from './node-cluster.ts'

const withinMs = 60_000

function seat(name: string): ServerSeat {
  return { nodeId: name, nodeName: name, serverName: name, clientAddress: `${name}:1`, routeAddress: `${name}:2` }
}

const seats = ['a', 'b', 'c'].map(seat)
const clustered = { generation: 2, clusterName: 'c', servers: seats }
const alone = { generation: 1, clusterName: '', servers: [seat('b')] }
const candidate: Candidate = { attempt: '1', homeName: 'b', store: 'store-1', topology: clustered }

/** Node `a` goes for good, and the others have what it holds a second after its farewell. */
async function leaving(
  role: 'home' | 'server' | 'client',
  more: { topology?: Topology; candidate?: Candidate } = {},
  state: { hears?: boolean; status?: MemberStatus; hasHeir?: boolean; away?: readonly string[] } = {},
) {
  const clock = new FakeClock(0)
  const addresses = { host: 'a' }
  const parts = { nodeId: 'a', nodeName: 'a', addresses, file: { write: () => {} } } as unknown as NodeClusterParts
  const known = { ...(more.topology ?? clustered), candidate: more.candidate ?? null }
  const node = new NodeCluster(parts, { clusterId: 'id', role, store: 'store', retired: [], ...known })
  const said: number[] = []
  const store = {
    sayFarewell: async () => {
      said.push(clock.monotonicMs())
      if (world.hasHeir) void clock.sleep(1_000).then(() => node.write({ role: 'client' }))
    },
  } as unknown as ClusterStore
  const usual = { hears: true, status: 'alive' as MemberStatus, hasHeir: true, away: [] as readonly string[] }
  const world = { ...usual, endedAtMs: Number.NaN, ...state }
  const warned: string[] = []
  const log = { ...silentLog, warn: (_facts: object, text: string) => warned.push(text) } as unknown as Log
  const isAway = (name: string) => world.away.includes(name)
  const meta = {
    read: async () => ({
      leader: 'b',
      peers: seats.map(({ serverName: name }) => ({ name, isCurrent: !isAway(name), isOffline: isAway(name), lag: 0 })),
    }),
  }
  const cluster = {
    hears: () => world.hears,
    members: () => seats.map(({ nodeId, nodeName }) => ({ nodeId, nodeName, status: world.status }) as Member),
  }
  const connection = { isConnected: true }
  void handOver({ node, store, meta, connection, cluster, clock, log }, withinMs).then(() => {
    world.endedAtMs = clock.monotonicMs()
  })
  await clock.advance(0)
  return { clock, node, said, world, warned }
}

test('a node that goes for good says so, and waits until others have what it holds', async () => {
  const { clock, said, world } = await leaving('server')
  await clock.advance(withinMs)
  expect(said).toEqual([0])
  expect(world.endedAtMs).toBe(1_000)
})

test('one that hears nobody, because its servers change just now, says so once it hears them again', async () => {
  const { clock, said, world } = await leaving('server', {}, { hears: false, status: 'failed' })
  await clock.advance(5_000)
  expect(said).toEqual([])
  Object.assign(world, { hears: true, status: 'alive' })
  await clock.advance(withinMs)
  expect(said).toEqual([5_200])
  expect(world.endedAtMs).toBe(6_200)
})

test('one that may get a server any moment says so when it has one', async () => {
  const { clock, node, said, world } = await leaving('client', { topology: alone, candidate })
  await clock.advance(5_000)
  expect(said).toEqual([])
  node.write({ role: 'server', ...clustered, candidate: null })
  await clock.advance(withinMs)
  expect(said).toEqual([5_200])
  expect(world.endedAtMs).toBe(6_200)
})

test.each<[string, Parameters<typeof leaving>]>([
  ['has no server', ['client', { topology: alone }, { hears: false, status: 'failed' }]],
  ['hears that the others are gone', ['server', {}, { status: 'failed' }]],
  ['hears nobody, for all have left', ['home', {}, { hears: false, status: 'left' }]],
])('one that %s goes at once', async (_what, facts) => {
  const { said, world } = await leaving(...facts)
  expect(said).toEqual([])
  expect(world.endedAtMs).toBe(0)
})

test('one that hears nobody for too long goes all the same', async () => {
  const { clock, said, world } = await leaving('server', {}, { hears: false, status: 'failed' })
  await clock.advance(withinMs)
  expect(said).toEqual([])
  expect(world.endedAtMs).toBe(withinMs)
})

test('one whose heirs go for good as well waits no longer', async () => {
  const { clock, world } = await leaving('server')
  await clock.advance(200)
  world.status = 'leaving'
  await clock.advance(200)
  expect(world.endedAtMs).toBe(400)
})

test('one whose place nobody takes goes when its time is over', async () => {
  const { clock, world } = await leaving('server', {}, { hasHeir: false })
  await clock.advance(withinMs + 200)
  expect(world.endedAtMs).toBe(withinMs)
})

test('one without which nothing could be stored goes on waiting, and says for whom, until they are back', async () => {
  const { clock, world, warned } = await leaving('server', {}, { hasHeir: false, away: ['c'] })
  await clock.advance(withinMs + 30_000)
  expect(world.endedAtMs).toBeNaN()
  expect(warned.filter((text) => text.startsWith('without this nats server nothing could be stored'))).toHaveLength(1)
  world.away = []
  await clock.advance(1_000)
  expect(world.endedAtMs).toBe(withinMs + 31_000)
})

test('one without which nothing could be stored does not wait for ever', async () => {
  const { clock, world } = await leaving('server', {}, { hasHeir: false, away: ['c'] })
  await clock.advance(withinMs + stayForOthersMs)
  expect(world.endedAtMs).toBe(withinMs + stayForOthersMs)
})
