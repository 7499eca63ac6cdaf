import { expect, test } from 'vitest'
import type { ServerSeat, Topology } from '../../cluster/topology/topology.ts'
import { FakeClock } from '../../core/clock.ts'
import { silentLog } from '../../core/log.ts'
import type { Member, MemberStatus } from '../../model/member.ts'
import type { Candidate } from './cluster-record.ts'
import type { ClusterStore } from './cluster-store.ts'
import { handOver } from './hand-over.ts'
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
  state: { hears?: boolean; status?: MemberStatus } = {},
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
      void clock.sleep(1_000).then(() => node.write({ role: 'client' }))
    },
  } as unknown as ClusterStore
  const world = { hears: true, status: 'alive' as MemberStatus, endedAtMs: Number.NaN, ...state }
  const cluster = {
    hears: () => world.hears,
    members: () => seats.map(({ nodeId, nodeName }) => ({ nodeId, nodeName, status: world.status }) as Member),
  }
  const connection = { isConnected: true }
  void handOver({ node, store, connection, cluster, clock, log: silentLog }, withinMs).then(() => {
    world.endedAtMs = clock.monotonicMs()
  })
  await clock.advance(0)
  return { clock, node, said, world }
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
