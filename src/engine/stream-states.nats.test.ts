import { StorageType } from '@nats-io/jetstream'
import { expect, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { freePort } from '../../test/harness/free-port.ts'
import { startNats, type TestNats } from '../../test/harness/nats-server.ts'
import { UnavailableError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { openConnection } from './connection.ts'
import { readStreamStates } from './stream-states.ts'

async function startCluster(scope: AsyncDisposableStack): Promise<readonly TestNats[]> {
  const routes = [await freePort(), await freePort(), await freePort()]
  const servers = routes.map(async (port, index) => {
    const others = routes.filter((route) => route !== port).map((route) => `"nats://127.0.0.1:${route}"`)
    const cluster = `cluster { name: test, listen: "127.0.0.1:${port}", routes: [${others.join()}] }`
    return scope.use(await startNats({ config: `server_name: s${index}\n${cluster}` }))
  })
  return Promise.all(servers)
}

test('a server on its own holds the only copy of each stream, which cannot fill where it makes room', async () => {
  await using nats = await startNats({ config: 'server_name: only' })
  await using scope = new AsyncDisposableStack()
  const connection = scope.adopt(await openConnection({ url: nats.url, name: 'test', log: silentLog }), (one) =>
    one.close(),
  )
  const manager = await connection.manager()
  await manager.streams.add({ name: 'B', subjects: ['b'], max_bytes: 1_000_000, discard: 'new' })
  await manager.streams.add({ name: 'A', subjects: ['a'], max_bytes: 1_000_000 })
  await manager.consumers.add('B', { durable_name: 'reader', ack_policy: 'explicit' })
  for (const text of ['one', 'two']) await connection.streams.publish('b', text)
  const reading = await readStreamStates(connection)
  expect(reading.serverName).toBe('only')
  expect(reading.streams).toMatchObject([
    { name: 'A', limitBytes: null, messages: 0, consumerLag: null },
    { name: 'B', limitBytes: 1_000_000, messages: 2, consumerLag: 2, replicas: 1, isAnswered: true },
  ])
  expect(reading.streams[1]?.peers).toEqual([
    { serverName: 'only', isLeader: true, isCurrent: true, isOffline: false, lag: 0 },
  ])
})

test('of three servers the killed leader is offline within seconds though its successor never heard it, and without a majority nobody answers for long', async () => {
  await using scope = new AsyncDisposableStack()
  const servers = await startCluster(scope)
  const url = servers.map((server) => server.url).join()
  const connection = scope.adopt(await openConnection({ url, name: 'test', log: silentLog, replicas: 3 }), (one) =>
    one.close(),
  )
  const manager = await connection.manager()
  await eventually(
    () => manager.streams.add({ name: 'S', subjects: ['s'], num_replicas: 3, storage: StorageType.File }),
    30_000,
  )
  await eventually(async () => {
    const [stream] = (await readStreamStates(connection)).streams
    return stream?.peers.filter((peer) => peer.isCurrent).length === 3
  }, 30_000)
  const [stream] = (await readStreamStates(connection)).streams
  const killed = stream?.peers.find((peer) => peer.isLeader)?.serverName ?? ''
  const victim = Number(killed.slice(1))
  await servers[victim]?.kill()
  await eventually(async () => {
    const [stream] = (await readStreamStates(connection)).streams
    const offline = stream?.peers.filter((peer) => peer.isOffline).map((peer) => peer.serverName)
    return offline?.join() === killed
  }, 20_000)
  await servers[(victim + 1) % 3]?.kill()
  await eventually(async () => {
    const begunAt = performance.now()
    const reading = await readStreamStates(connection).catch((error: unknown) => error)
    expect(performance.now() - begunAt).toBeLessThan(3_000)
    return (
      reading instanceof UnavailableError ||
      (reading as { streams: { isAnswered: boolean }[] }).streams.every((one) => !one.isAnswered)
    )
  }, 60_000)
})
