import { expect, onTestFinished, test } from 'vitest'
import { startNats } from '../../test/harness/nats-server.ts'
import { silentLog } from '../core/log.ts'
import { openConnection } from './connection.ts'
import { openBucket } from './kv-bucket.ts'
import { ensureStream, streamInfo } from './stream-setup.ts'

async function open() {
  const nats = await startNats()
  onTestFinished(() => nats[Symbol.asyncDispose]())
  const connection = await openConnection({ url: nats.url, name: 'test', log: silentLog })
  onTestFinished(() => connection.close())
  return connection
}

test('a stream tells the version of its layout, and one from before there were versions gets it', async () => {
  const connection = await open()
  const manager = await connection.manager()
  await manager.streams.add({ name: 'OLD', subjects: ['old'], metadata: { colour: 'red' } })
  const plan = { name: 'OLD', subjects: ['old'] }
  await ensureStream(connection, plan)
  expect((await streamInfo(connection, 'OLD'))?.config.metadata).toMatchObject({
    'millrace.format': '1',
    colour: 'red',
  })
  await ensureStream(connection, { name: 'NEW', subjects: ['new'] })
  expect((await streamInfo(connection, 'NEW'))?.config.metadata).toMatchObject({ 'millrace.format': '1' })
})

test('what a newer version laid out is refused and left as it is', async () => {
  const connection = await open()
  const manager = await connection.manager()
  const metadata = { 'millrace.format': '2' }
  await manager.streams.add({ name: 'KV_b', subjects: ['$KV.b.>'], max_msgs: 7, metadata })
  await expect(openBucket(connection, { name: 'b', storage: 'file' })).rejects.toMatchObject({
    code: 'NATS_NEWER_FORMAT',
    message: expect.stringMatching(/KV_b.*newer version.*update this node/),
  })
  expect((await streamInfo(connection, 'KV_b'))?.config).toMatchObject({ max_msgs: 7, metadata })
})
