import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startNats, type TestNats } from '../../test/harness/nats-server.ts'
import { ConflictError, LeadershipLostError } from '../core/errors.ts'
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
  await deleteStream(connection, 'KV_cursors')
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

const record = (second: number): FireRecord => ({
  second,
  jobs: [{ nodeNames: ['node-a'], order: order(`job-${second}`) }],
})

async function listed(afterSecond: number): Promise<number[]> {
  const found: number[] = []
  for await (const { second } of log.listAfter(afterSecond)) found.push(second)
  return found
}

test('an old leader that comes back can append nothing, and finds out', async () => {
  const other = await openConnection({ url: nats.url, name: 'other', log: silentLog })
  const otherLog = await openFireLog(other)
  const old = await log.lead(1)
  await old.append(record(10))
  const present = await otherLog.lead(2)
  await expect(old.append(record(11))).rejects.toBeInstanceOf(LeadershipLostError)
  await expect(old.append(record(12))).rejects.toBeInstanceOf(LeadershipLostError)
  await expect(log.lead(1)).rejects.toBeInstanceOf(LeadershipLostError)
  await present.append(record(13))
  expect(await listed(0)).toEqual([10, 13])
  await other.close()
})

test('an old leader moves no cursor of its successor', async () => {
  const old: FireCursorStore = await openFireCursor(connection)
  const present: FireCursorStore = await openFireCursor(connection)
  await old.put({ throughSecond: 7, term: 1 })
  expect(await present.get()).toEqual({ throughSecond: 7, term: 1 })
  await present.put({ throughSecond: 8, term: 2 })
  await expect(old.put({ throughSecond: 90, term: 1 })).rejects.toBeInstanceOf(LeadershipLostError)
  expect(await present.get()).toEqual({ throughSecond: 8, term: 2 })
})

test('a leader that begins anew ends its earlier writer, and appends at once have one order', async () => {
  const first = await log.lead(3)
  const second = await log.lead(3)
  await expect(first.append(record(1))).rejects.toBeInstanceOf(ConflictError)
  const sequences = await Promise.all([2, 3, 4, 5].map((at) => second.append(record(at))))
  expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
  expect(await listed(0)).toEqual([2, 3, 4, 5])
})

test('nothing is listed from an empty log, nor from one that has only terms', async () => {
  expect(await listed(0)).toEqual([])
  await log.lead(1)
  expect(await listed(0)).toEqual([])
})

test('records after a second are listed by second, also when they were stored a little out of order', async () => {
  const writer = await log.lead(1)
  for (const second of [100, 102, 101, 104, 103]) await writer.append(record(second))
  await log.createRun('1700000000000000001', { nodeNames: ['node-a'], order: order('manual') })
  expect(await listed(101)).toEqual([102, 103, 104])
  expect(await listed(104)).toEqual([])
})

test('the end of a long log is found without reading the whole of it', async () => {
  const count = 2_000
  const writer = await log.lead(1)
  for (let n = 0; n < count; n += 1) await writer.append(record(1_000_000 + n * 10))
  await log.lead(2)
  const startedMs = performance.now()
  expect(await listed(1_000_000 + (count - 4) * 10)).toHaveLength(3)
  console.log(`the end of ${count} fire records found in ${(performance.now() - startedMs).toFixed(0)} ms`)
})

test('of two run-nows of one group the first stands', async () => {
  const run = (nodeName: string) => ({ nodeNames: [nodeName], order: order('manual') })
  const first = await log.createRun('1', run('node-a'))
  const second = await log.createRun('1', run('node-b'))
  expect(second).toEqual(first)
  expect(second.job.nodeNames).toEqual(['node-a'])
})

test('of two retries of one execution the first stands', async () => {
  const retry = (nodeName: string) => ({ nodeNames: [nodeName], order: { ...order('job'), attempt: 2 } })
  const first = await log.createRetry('job/1-1-node-a', retry('node-a'))
  const second = await log.createRetry('job/1-1-node-a', retry('node-b'))
  expect(second).toEqual(first)
  expect(second.job.nodeNames).toEqual(['node-a'])
})

test('who follows hears of fires, runs and retries in their order', async () => {
  const writer = await log.lead(1)
  await writer.append(record(5))
  const end = new AbortController()
  const heard: string[] = []
  for await (const event of log.follow(0, end.signal)) {
    if (event.kind === 'fired') heard.push(...event.jobs.map((job) => job.order.jobName))
    else {
      heard.push('caught up')
      await log.createRun('2', { nodeNames: ['a'], order: order('run') })
      await log.createRetry('key', { nodeNames: ['a'], order: order('retry') })
    }
    if (heard.includes('retry')) end.abort()
  }
  expect(heard).toEqual(['job-5', 'caught up', 'run', 'retry'])
})

test('records acknowledged before a kill -9 are there after it, each once', async () => {
  const writer = await log.lead(1)
  const writing = (async () => {
    for (let second = 1; second <= 200; second += 1) await writer.append(record(second))
  })()
  await nats.kill()
  await nats.start()
  await writing
  expect(await listed(0)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
})
