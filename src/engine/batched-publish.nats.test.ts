import { setTimeout as sleep } from 'node:timers/promises'
import { RetentionPolicy, StorageType } from '@nats-io/jetstream'
import { nanos } from '@nats-io/nats-core'
import { expect, onTestFinished, test } from 'vitest'
import { startNats, type TestNats } from '../../test/harness/nats-server.ts'
import { silentLog } from '../core/log.ts'
import { BatchedPublish } from './batched-publish.ts'
import { type Connection, openConnection } from './connection.ts'

const stream = 'BATCHED'

async function open(config: { readonly allow_atomic: boolean }): Promise<{ nats: TestNats; connection: Connection }> {
  const nats = await startNats()
  onTestFinished(() => nats[Symbol.asyncDispose]())
  const connection = await openConnection({ url: nats.url, name: 'test', log: silentLog })
  onTestFinished(() => connection.close())
  const manager = await connection.manager()
  await manager.streams.add({
    ...{ name: stream, subjects: ['batched.*'], storage: StorageType.File, retention: RetentionPolicy.Limits },
    ...{ duplicate_window: nanos(300_000), ...config },
  })
  return { nats, connection }
}

const message = (n: number, id = n) => ({
  what: `message ${n} cannot be stored`,
  subject: `batched.${n % 7}`,
  payload: String(n),
  messageId: `m${id}`,
})

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_none, index) => from + index)

/** Payloads in the stream's order. */
async function stored(connection: Connection): Promise<readonly number[]> {
  const manager = await connection.manager()
  const { state } = await manager.streams.info(stream)
  const found: number[] = []
  for (let seq = state.first_seq; seq <= state.last_seq; seq += 1)
    found.push(Number((await manager.streams.getMessage(stream, { seq }))?.string()))
  return found
}

test('many messages of one turn are stored in their order, once each', async () => {
  const { connection } = await open({ allow_atomic: true })
  const batches = new BatchedPublish(connection)
  await Promise.all(numbers(700).map((n) => batches.publish(message(n))))
  expect(await stored(connection)).toEqual(numbers(700))
})

test('what is stored already is not stored again, and keeps nothing else out', async () => {
  const { connection } = await open({ allow_atomic: true })
  const batches = new BatchedPublish(connection)
  await batches.publish(message(5))
  await Promise.all([...numbers(40), ...numbers(40)].map((n) => batches.publish(message(n))))
  await Promise.all(numbers(40, 20).map((n) => batches.publish(message(n))))
  expect((await stored(connection)).toSorted((a, b) => a - b)).toEqual(numbers(60))
})

test('a stream that takes no batches gets each message alone', async () => {
  const { connection } = await open({ allow_atomic: false })
  const batches = new BatchedPublish(connection)
  await Promise.all(numbers(60).map((n) => batches.publish(message(n))))
  expect((await stored(connection)).toSorted((a, b) => a - b)).toEqual(numbers(60))
})

test('a message that no stream takes fails, and not those beside it', async () => {
  const { connection } = await open({ allow_atomic: true })
  const batches = new BatchedPublish(connection)
  const tooLarge = { ...message(99), payload: 'x'.repeat(connection.maxPayloadBytes) }
  const answers = await Promise.allSettled([
    ...numbers(30).map((n) => batches.publish(message(n))),
    batches.publish(tooLarge),
  ])
  expect(answers.map(({ status }) => status)).toEqual([...Array(30).fill('fulfilled'), 'rejected'])
  expect((await stored(connection)).toSorted((a, b) => a - b)).toEqual(numbers(30))
})

test('whatever was answered is stored once after the server was killed in the middle', async () => {
  const { nats, connection } = await open({ allow_atomic: true })
  const batches = new BatchedPublish(connection)
  const answered: number[] = []
  const publish = async (n: number) => {
    await batches.publish(message(n))
    answered.push(n)
  }
  const working: Promise<void>[] = []
  for (let round = 0; round < 30; round += 1) {
    working.push(...numbers(50, round * 50).map(publish))
    if (round % 10 === 5) {
      await nats.kill()
      await nats.start()
    }
    await sleep(10)
  }
  await Promise.all(working)
  expect(answered).toHaveLength(1_500)
  expect((await stored(connection)).toSorted((a, b) => a - b)).toEqual(numbers(1_500))
})
