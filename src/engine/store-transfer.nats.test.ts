import { randomBytes } from 'node:crypto'
import { AckPolicy, RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { startNatsCluster, type TestNatsCluster } from '../../test/harness/nats-cluster.ts'
import { startNats, type TestNats } from '../../test/harness/nats-server.ts'
import { ConflictError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { type Connection, openConnection } from './connection.ts'
import { openBucket } from './kv-bucket.ts'
import { transferStreams } from './store-transfer.ts'
import { streamInfo } from './stream-setup.ts'

let cluster: TestNatsCluster
let nats: TestNats
let from: Connection
let to: Connection

beforeAll(async () => {
  cluster = await startNatsCluster()
  nats = await startNats()
  from = await openConnection({ url: nats.url, name: 'from', log: silentLog })
  to = await openConnection({ url: cluster.url, auth: cluster.credentials, name: 'to', log: silentLog, replicas: 3 })
})

afterAll(async () => {
  await from.close()
  await to.close()
  await nats[Symbol.asyncDispose]()
  await cluster[Symbol.asyncDispose]()
})

const only = (...names: string[]) => ({
  isWanted: (name: string) => names.includes(name),
  replicas: 3,
  signal: new AbortController().signal,
})

/** Resolves as soon as a piece of a snapshot travels: a copy is then in its middle, however fast the machine is. Snapshots are compressed. */
function snapshotChunk({ nats: client }: Connection): Promise<void> {
  return new Promise((resolve) => {
    const all = client.subscribe('_INBOX.>', {
      callback: (_error, message) => {
        if (message.data.length < 64 * 1024) return
        all.unsubscribe()
        resolve()
      },
    })
  })
}

test('a bucket goes on with its revisions: what was read before is changed by compare-and-set after', async () => {
  const before = await openBucket<{ n: number }>(from, { name: 'jobs', storage: 'file' })
  await before.put('a', { n: 1 })
  await before.put('a', { n: 2 })
  await before.put('gone', { n: 1 })
  await before.delete('gone')
  const revision = (await before.get('a'))?.revision ?? 0
  const report = await transferStreams(from, to, only('KV_jobs'))
  expect(report.streams).toMatchObject([{ name: 'KV_jobs', messages: 2, consumers: 0 }])
  const after = await openBucket<{ n: number }>(to, { name: 'jobs', storage: 'file' })
  expect(await after.get('a')).toEqual({ key: 'a', value: { n: 2 }, revision })
  expect(await after.get('gone')).toBeNull()
  await expect(after.update('a', { n: 9 }, revision - 1)).rejects.toBeInstanceOf(ConflictError)
  expect(await after.update('a', { n: 3 }, revision)).toBeGreaterThan(revision)
  await after.create('gone', { n: 2 })
  expect((await (await to.manager()).streams.info('KV_jobs')).config.num_replicas).toBe(3)
})

test('a work queue goes on where its consumer was: acknowledged messages never come again, the others do', async () => {
  const manager = await from.manager()
  await manager.streams.add({ name: 'WORK', subjects: ['work.>'], retention: RetentionPolicy.Workqueue })
  await manager.consumers.add('WORK', { durable_name: 'w', ack_policy: AckPolicy.Explicit, ack_wait: 2e9 })
  for (let n = 1; n <= 5; n += 1) await from.streams.publish('work.a', `${n}`)
  const reader = await from.streams.consumers.get('WORK', 'w')
  for (let n = 1; n <= 2; n += 1) await (await reader.next())?.ackAck()
  // The third one is delivered and never answered.
  await reader.next()
  const report = await transferStreams(from, to, only('WORK'))
  expect(report.streams).toMatchObject([{ name: 'WORK', messages: 3, consumers: 1 }])
  const there = await to.streams.consumers.get('WORK', 'w')
  const seen = new Set<string>()
  while (seen.size < 3) {
    const message = await there.next({ expires: 10_000 })
    if (message === null) throw new Error('nothing more comes')
    seen.add(message.string())
    await message.ackAck()
  }
  expect([...seen].sort()).toEqual(['3', '4', '5'])
  // In a cluster what was acknowledged is removed a moment later.
  await eventually(async () => (await streamInfo(to, 'WORK'))?.state.messages === 0, 5_000)
  expect((await streamInfo(to, 'WORK'))?.state.last_seq).toBe(5)
})

test('a stream of tens of megabytes with gaps keeps every sequence', async () => {
  const manager = await from.manager()
  await manager.streams.add({ name: 'BIG', subjects: ['big'], storage: StorageType.File })
  const payload = Buffer.alloc(256 * 1024)
  for (let n = 1; n <= 120; n += 1) {
    payload.fill(n)
    await from.streams.publish('big', payload)
  }
  await manager.streams.purge('BIG', { seq: 11 })
  for (const gap of [20, 21, 77, 120]) await manager.streams.deleteMessage('BIG', gap, false)
  const startedMs = performance.now()
  const report = await transferStreams(from, to, only('BIG'))
  console.log(`${report.streams[0]?.bytes} bytes in ${(performance.now() - startedMs).toFixed(0)} ms`)
  const there = await to.manager()
  expect((await there.streams.info('BIG')).state).toMatchObject({ messages: 106, first_seq: 11, last_seq: 120 })
  expect((await there.streams.getMessage('BIG', { seq: 78 }))?.data[0]).toBe(78)
  expect(await there.streams.getMessage('BIG', { seq: 77 }).catch(() => null)).toBeNull()
  expect((await to.streams.publish('big', 'x')).seq).toBe(121)
})

test('half of a copy, and a stranger of the same name, are made again; a whole copy is left alone', async () => {
  const manager = await from.manager()
  await manager.streams.add({ name: 'AGAIN', subjects: ['again'] })
  for (let n = 1; n <= 3; n += 1) await from.streams.publish('again', `${n}`)
  const there = await to.manager()
  await there.streams.add({ name: 'AGAIN', subjects: ['again'] })
  // The server of this connection hears of a new stream a moment later.
  await eventually(() => to.streams.publish('again', 'stranger'), 5_000)
  await transferStreams(from, to, only('AGAIN'))
  const first = await there.streams.info('AGAIN')
  expect(first.state).toMatchObject({ messages: 3, first_seq: 1, last_seq: 3 })
  await transferStreams(from, to, only('AGAIN'))
  expect((await there.streams.info('AGAIN')).created).toBe(first.created)
})

test('a copy that is called off in the middle is made whole by the next one', async () => {
  const manager = await from.manager()
  await manager.streams.add({ name: 'OFF', subjects: ['off'] })
  for (let n = 1; n <= 40; n += 1) await from.streams.publish('off', randomBytes(512 * 1024))
  const abort = new AbortController()
  const firstChunk = snapshotChunk(from)
  const broken = transferStreams(from, to, { ...only('OFF'), signal: abort.signal })
  void firstChunk.then(() => abort.abort(new Error('called off')))
  await expect(broken).rejects.toThrow('called off')
  const report = await transferStreams(from, to, only('OFF'))
  expect(report.streams).toMatchObject([{ messages: 40 }])
})

test('streams in memory are not copied', async () => {
  await (await openBucket<number>(from, { name: 'fleeting', storage: 'memory' })).put('a', 1)
  const report = await transferStreams(from, to, only('KV_fleeting'))
  expect(report.streams).toEqual([])
})

test('a source that dies in the middle of the copy is copied once it is back', async () => {
  const other = await startNats()
  onTestFinished(() => other[Symbol.asyncDispose]())
  const lost = await openConnection({ url: other.url, name: 'lost', log: silentLog })
  onTestFinished(() => lost.close())
  const manager = await lost.manager()
  await manager.streams.add({ name: 'LOST', subjects: ['lost'] })
  for (let n = 1; n <= 40; n += 1) await lost.streams.publish('lost', randomBytes(512 * 1024))
  const firstChunk = snapshotChunk(lost)
  const copying = transferStreams(lost, to, only('LOST'))
  await firstChunk
  await other.kill()
  await other.start()
  expect((await copying).streams).toMatchObject([{ messages: 40 }])
})
