import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startNats, type TestNats } from '../../test/harness/nats-server.ts'
import { ConflictError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import type { StartOrder } from '../model/execution.ts'
import type { FireCursorStore, FireLog, FireRecord } from '../schedule/ports.ts'
import { type Connection, openConnection } from './connection.ts'
import { openFireCursor } from './fire-cursor.ts'
import { openFireLog } from './fire-log.ts'
import { deleteStream } from './stream-setup.ts'

let nats: TestNats
let connection: Connection
let log: FireLog

beforeAll(async () => {
  nats = await startNats()
  connection = await openConnection({ url: nats.url, name: 'test', log: silentLog })
})

afterAll(async () => {
  await connection.close()
  await nats[Symbol.asyncDispose]()
})

beforeEach(async () => {
  await deleteStream(connection, 'FIRES')
  log = await openFireLog(connection)
})

const order = (jobName: string): StartOrder => ({
  jobName,
  group: '1700000000000000000',
  attempt: 1,
  scheduledAt: 1_700_000_000_000,
  command: 'true',
  isShell: false,
  runAsUser: null,
  concurrency: 'allow',
  timeLimitMs: null,
  startBeforeAt: null,
})

const record = (second: number, part = 0, isLast = true): FireRecord => ({
  second,
  part,
  isLast,
  jobs: [{ nodeNames: ['node-a'], order: order(`job-${second}`) }],
})

async function listed(afterSecond: number): Promise<string[]> {
  const found: string[] = []
  for await (const { second, part } of log.listAfter(afterSecond)) found.push(`${second}.${part}`)
  return found
}

test('of two nodes that record the same second one creates and the other hears that it exists', async () => {
  const other = await openConnection({ url: nats.url, name: 'other', log: silentLog })
  const otherLog = await openFireLog(other)
  const results = await Promise.all([log.create(record(10)), otherLog.create(record(10))])
  expect(results.toSorted()).toEqual(['created', 'exists'])
  await other.close()
})

test('parts of one second are records of their own', async () => {
  expect(await log.create(record(10, 0, false))).toBe('created')
  expect(await log.create(record(10, 1))).toBe('created')
  expect(await log.create(record(10, 1))).toBe('exists')
  expect(await listed(9)).toEqual(['10.0', '10.1'])
})

test('nothing is listed from an empty log', async () => {
  expect(await listed(0)).toEqual([])
})

test('records after a second are listed oldest first, also when they were stored a little out of order', async () => {
  for (const second of [100, 102, 101, 104, 103]) await log.create(record(second))
  await log.createRun('1700000000000000001', { nodeNames: ['node-a'], order: order('manual') })
  expect(await listed(101)).toEqual(['102.0', '103.0', '104.0'])
  expect(await listed(104)).toEqual([])
})

test('the end of a long log is found without reading the whole of it', async () => {
  const count = 3_000
  for (let start = 0; start < count; start += 300)
    await Promise.all(Array.from({ length: 300 }, (_, n) => log.create(record(1_000_000 + (start + n) * 10))))
  const startedMs = performance.now()
  expect(await listed(1_000_000 + (count - 4) * 10)).toHaveLength(3)
  console.log(`the end of ${count} fire records found in ${(performance.now() - startedMs).toFixed(0)} ms`)
})

test('a run-now is recorded once', async () => {
  const job = { nodeNames: ['node-a'], order: order('manual') }
  await log.createRun('1', job)
  await expect(log.createRun('1', job)).rejects.toBeInstanceOf(ConflictError)
})

test('records acknowledged before a kill -9 are there after it, each once', async () => {
  const created: number[] = []
  const writing = (async () => {
    for (let second = 1; second <= 200; second += 1)
      if ((await log.create(record(second))) === 'created') created.push(second)
  })()
  await nats.kill()
  await nats.start()
  await writing
  expect(created).toHaveLength(200)
  expect(await listed(0)).toHaveLength(200)
})

test('the cursor is what was put last', async () => {
  const cursor: FireCursorStore = await openFireCursor(connection)
  expect(await cursor.get()).toBeNull()
  await cursor.put({ throughSecond: 7 })
  await cursor.put({ throughSecond: 8 })
  expect(await cursor.get()).toEqual({ throughSecond: 8 })
})
