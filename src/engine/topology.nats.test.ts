import { AckPolicy } from '@nats-io/jetstream'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { startNatsCluster, type TestNatsCluster } from '../../test/harness/nats-cluster.ts'
import { startNats } from '../../test/harness/nats-server.ts'
import { silentLog } from '../core/log.ts'
import { type Connection, openConnection } from './connection.ts'
import { openBucket } from './kv-bucket.ts'
import { gatherOn, readJetStreamState, removePeer, scaleStreams, waitForMetaGroup } from './topology.ts'

const patience = { withinMs: 30_000, signal: new AbortController().signal }

interface Opened {
  readonly cluster: TestNatsCluster
  readonly connection: Connection
  readonly system: Connection
}

async function open(): Promise<Opened> {
  const cluster = await startNatsCluster()
  onTestFinished(() => cluster[Symbol.asyncDispose]())
  const options = { url: cluster.url, name: 'test', log: silentLog, replicas: 3 }
  const connection = await openConnection({ ...options, auth: cluster.credentials })
  onTestFinished(() => connection.close())
  const system = await openConnection({ ...options, auth: cluster.systemCredentials, needsJetStream: false })
  onTestFinished(() => system.close())
  return { cluster, connection, system }
}

const names = (peers: readonly { readonly name: string }[] | null) => peers?.map(({ name }) => name).sort()

test('three servers shrink to one, which goes on alone with every record, sequence and consumer', async () => {
  const { cluster, connection, system } = await open()
  const bucket = await openBucket<number>(connection, { name: 'b', storage: 'file' })
  const fleeting = await openBucket<number>(connection, { name: 'm', storage: 'memory' })
  const revision = await bucket.put('a', 1)
  await fleeting.put('a', 1)
  const manager = await connection.manager()
  await manager.streams.add({ name: 'WORK', subjects: ['work'], num_replicas: 3 })
  await manager.consumers.add('WORK', { durable_name: 'w', ack_policy: AckPolicy.Explicit })
  for (let n = 1; n <= 5; n += 1) await connection.streams.publish('work', `${n}`)
  const reader = await connection.streams.consumers.get('WORK', 'w')
  for (let n = 1; n <= 2; n += 1) await (await reader.next())?.ackAck()
  // One copy only, elsewhere: it is brought over too.
  await manager.streams.add({ name: 'ELSEWHERE', subjects: ['elsewhere'], num_replicas: 1 })
  const elsewhere = (await manager.streams.info('ELSEWHERE')).cluster?.leader
  const kept = cluster.servers.find(({ name }) => name !== elsewhere)
  if (kept === undefined) throw new Error('no other server')
  await connection.streams.publish('elsewhere', 'x')
  await waitForMetaGroup(system, 3, patience)

  const beforeChange = () => {
    throw new Error('the reign is over')
  }
  await expect(gatherOn(connection, system, kept.name, { ...patience, beforeChange })).rejects.toThrow(
    'the reign is over',
  )
  expect((await readJetStreamState(connection, null)).streams.filter(({ replicas }) => replicas === 3)).toHaveLength(3)

  await gatherOn(connection, system, kept.name, patience)
  for (const server of cluster.servers) await server.stop()
  await kept.leaveCluster()
  await kept.start()

  await eventually(async () => (await bucket.get('a'))?.value === 1, 15_000)
  expect(await bucket.update('a', 2, revision)).toBe(revision + 1)
  const state = await eventually(() => readJetStreamState(connection, system), 15_000)
  expect(state).toMatchObject({ metaLeader: null, peers: null })
  expect(state.streams.every(({ isSettled, replicas }) => isSettled && replicas === 1)).toBe(true)
  expect(state.streams.find(({ name }) => name === 'ELSEWHERE')?.messages).toBe(1)
  const again = await connection.streams.consumers.get('WORK', 'w')
  expect((await again.next())?.string()).toBe('3')
})

test('a dead server is replaced by a new one, and every stream has three copies again', async () => {
  const { cluster, connection, system } = await open()
  await waitForMetaGroup(system, 3, patience)
  const bucket = await openBucket<number>(connection, { name: 'b', storage: 'file' })
  for (let n = 1; n <= 50; n += 1) await bucket.put(`k${n}`, n)
  const [n1, n2, n3] = cluster.servers
  await n3?.kill()
  await removePeer(system, 'n3', patience)
  await removePeer(system, 'n3', patience)
  const routes = [n1, n2].map((server) => server?.route ?? '')
  await n1?.setRoutes(routes)
  await n2?.setRoutes(routes)
  // While there are two, a stream that is made has fewer copies, and is there.
  const early = await openBucket<number>(connection, { name: 'early', storage: 'file' })
  await early.put('a', 1)
  await cluster.add('n4')
  const group = await waitForMetaGroup(system, 3, patience)
  expect(names(group.peers)).toEqual(['n1', 'n2', 'n4'])
  await scaleStreams(connection, 3, patience)
  await n1?.kill()
  await eventually(async () => (await bucket.list()).length === 50, 20_000)
  expect((await early.get('a'))?.value).toBe(1)
})

test('a running leader of the servers is removed, too', async () => {
  const { system } = await open()
  const { leader } = await waitForMetaGroup(system, 3, patience)
  await removePeer(system, leader, patience)
  const group = await waitForMetaGroup(system, 2, patience)
  expect(names(group.peers)).toHaveLength(2)
  expect(names(group.peers)).not.toContain(leader)
})

test('the state tells servers, leaders, copies and lag, also of a server that is away', async () => {
  const { cluster, connection, system } = await open()
  await openBucket<number>(connection, { name: 'b', storage: 'file' })
  await waitForMetaGroup(system, 3, patience)
  await scaleStreams(connection, 3, patience)
  const before = await readJetStreamState(connection, system)
  expect(names(before.peers)).toEqual(['n1', 'n2', 'n3'])
  expect(before.streams).toMatchObject([{ name: 'KV_b', replicas: 3, isSettled: true }])
  const away = cluster.server(before.metaLeader === 'n1' ? 'n2' : 'n1')
  await away.kill()
  const told = await eventually(async () => {
    const state = await readJetStreamState(connection, system)
    const peer = state.peers?.find(({ name }) => name === away.name)
    return peer?.isCurrent === false && state
  }, 30_000)
  expect(told.metaLeader).not.toBeNull()
  await eventually(async () => {
    const { streams } = await readJetStreamState(connection, null)
    return streams[0]?.isSettled === false && streams[0].leader !== null
  }, 30_000)
})

test('of an outside server without a system account the streams are told', async () => {
  await using nats = await startNats()
  const connection = await openConnection({ url: nats.url, name: 'test', log: silentLog })
  onTestFinished(() => connection.close())
  await (await openBucket<number>(connection, { name: 'b', storage: 'file' })).put('a', 1)
  const state = await readJetStreamState(connection, null)
  expect(state).toMatchObject({ metaLeader: null, peers: null, streams: [{ name: 'KV_b', messages: 1 }] })
})

test('a gathering that was broken off while a server was dead is undone: every stream has three copies again', async () => {
  const { cluster, connection, system } = await open()
  await waitForMetaGroup(system, 3, patience)
  const buckets = []
  for (let n = 0; n < 6; n += 1) buckets.push(await openBucket<number>(connection, { name: `b${n}`, storage: 'file' }))
  await scaleStreams(connection, 3, patience)
  for (const bucket of buckets) for (let n = 1; n <= 20; n += 1) await bucket.put(`k${n}`, n)
  for (const [deadName, keptName, awayMs] of [
    ['n2', 'n3', 1_500],
    ['n1', 'n2', 4_000],
  ] as const) {
    const [dead, kept] = [cluster.server(deadName), cluster.server(keptName)]
    await dead.kill()
    const breaking = AbortSignal.timeout(awayMs)
    await gatherOn(connection, system, kept.name, { withinMs: 60_000, signal: breaking }).catch(() => {})
    await dead.start()
    await waitForMetaGroup(system, 3, patience)
    await scaleStreams(connection, 3, { ...patience, withinMs: 60_000 })
    for (const bucket of buckets) expect((await bucket.list()).length).toBe(20)
  }
}, 300_000)
