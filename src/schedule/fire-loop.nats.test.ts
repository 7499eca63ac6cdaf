/** Firing over a real NATS server: what the in-memory doubles of the other tests promise is what JetStream does. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sampleJob, sampleMember } from '../../test/doubles/samples.ts'
import { eventually } from '../../test/harness/eventually.ts'
import { startNats, type TestNats } from '../../test/harness/nats-server.ts'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { type Connection, openConnection } from '../engine/connection.ts'
import { openDispatcher } from '../engine/dispatch-queue.ts'
import { openExecutionLog } from '../engine/execution-log.ts'
import { openFireCursor } from '../engine/fire-cursor.ts'
import { openFireLog } from '../engine/fire-log.ts'
import { openBucket } from '../engine/kv-bucket.ts'
import { openOrderInbox } from '../engine/order-inbox.ts'
import { executionKey } from '../model/execution.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'
import { ExecutionCounters } from './counters.ts'
import { FireLoop } from './fire-loop.ts'
import { JobView } from './job-view.ts'
import { OpenExecutions } from './open-executions.ts'
import { OverlapGate } from './overlap-gate.ts'
import { Placer } from './placer.ts'
import type { CountersRecord } from './ports.ts'
import { groupOf, scheduledOrder } from './start-order.ts'

const nodeName = 'node-1'
const historyLimit = 20

let nats: TestNats
let ending: AbortController
let connections: Connection[]
let work: Promise<unknown>[]

beforeEach(async () => {
  nats = await startNats()
  ending = new AbortController()
  connections = []
  work = []
})

afterEach(async () => {
  ending.abort()
  await Promise.allSettled(work)
  for (const connection of connections) await connection.close()
  await nats[Symbol.asyncDispose]()
})

function background(running: Promise<unknown>): void {
  work.push(running.catch(() => {}))
}

async function connect(): Promise<Connection> {
  const connection = await openConnection({ url: nats.url, name: 'test', log: silentLog })
  connections.push(connection)
  return connection
}

async function openNode(connection: Connection) {
  const bucket = await openBucket<ScheduledJob>(connection, { name: 'jobs', storage: 'file' })
  const jobs = new JobView(bucket)
  background(jobs.follow(ending.signal))
  const open = new OpenExecutions()
  const members = () => [sampleMember(nodeName)]
  const parts = {
    jobs,
    fireLog: await openFireLog(connection),
    dispatcher: await openDispatcher(connection),
    history: await openExecutionLog(connection, { historyLimit }),
    cursors: await openFireCursor(connection),
    placer: new Placer(members, { runningOn: () => 0, refusesOrders: () => false }, systemClock),
    gate: new OverlapGate({
      open: () => open,
      confirm: async () => {},
      members,
      nodes: { statesOf: async () => [] },
      turns: { withdraw: async () => {} },
      clock: systemClock,
    }),
    onRecorded: () => {},
    clock: systemClock,
    log: silentLog,
    agentZone: 'UTC',
    historyLimit,
  }
  return { bucket, ...parts, loop: new FireLoop(parts) }
}

function lead(loop: FireLoop, number: number): AbortController {
  const reign = new AbortController()
  ending.signal.addEventListener('abort', () => reign.abort())
  background(loop.lead({ number, leaderName: nodeName }, reign.signal))
  return reign
}

/** Starts each order once, as a node with its journal does. */
async function journal(connection: Connection) {
  const started = new Map<string, number>()
  const inbox = await openOrderInbox(connection, nodeName)
  background(
    inbox.consume(async (orders) => {
      for (const order of orders) {
        const key = executionKey(order.jobName, order.group)
        if (!started.has(key)) started.set(key, Date.now() - (order.scheduledAt ?? 0))
      }
    }, ending.signal),
  )
  return started
}

test('two leaders at once, one of which dies, miss no second and start none twice', async () => {
  const [one, two] = [await openNode(await connect()), await openNode(await connect())]
  const started = await journal(await connect())
  const createdAt = Date.now()
  await one.bucket.put('job', sampleJob({ createdAt, scheduledSince: createdAt }))
  const first = lead(one.loop, 1)
  await eventually(() => started.size >= 2, 10_000)
  lead(two.loop, 2)
  await eventually(() => started.size >= 4, 10_000)
  first.abort()
  await eventually(() => started.size >= 7, 10_000)
  const seconds = [...started.keys()].map((key) => Number(key.slice('job/'.length, -9))).sort()
  const firstSecond = Math.floor(createdAt / 1_000) + 1
  expect(seconds).toEqual(seconds.map((_, index) => (firstSecond + index) as number))
})

test('a NATS server that is killed and comes back delays fires and loses none', async () => {
  const node = await openNode(await connect())
  const started = await journal(await connect())
  const createdAt = Date.now()
  await node.bucket.put('job', sampleJob({ createdAt, scheduledSince: createdAt }))
  lead(node.loop, 1)
  await eventually(() => started.size >= 2, 10_000)
  await nats.kill()
  await systemClock.sleep(3_000)
  await nats.start()
  const until = Math.floor(Date.now() / 1_000)
  await eventually(() => {
    const missing: number[] = []
    for (let second = Math.floor(createdAt / 1_000) + 1; second <= until; second += 1)
      if (!started.has(executionKey('job', groupOf(second * 1_000)))) missing.push(second)
    expect(missing).toEqual([])
    return true
  }, 30_000)
})

test('10,000 jobs due in one second are recorded and dispatched at once', async () => {
  const node = await openNode(await connect())
  const started = await journal(await connect())
  const createdAt = Date.now()
  const dueAt = (Math.floor(createdAt / 1_000) + 25) * 1_000
  const schedule = `@at ${new Date(dueAt).toISOString()}`
  const names = Array.from({ length: 10_000 }, (_, index) => `job-${index}`)
  for (let at = 0; at < names.length; at += 500)
    await Promise.all(
      names.slice(at, at + 500).map((name) => {
        return node.bucket.put(name, sampleJob({ name, schedule, createdAt, scheduledSince: createdAt }))
      }),
    )
  expect(Date.now()).toBeLessThan(dueAt - 1_000)
  lead(node.loop, 1)
  await eventually(() => started.size === names.length, 60_000)
  const lateness = [...started.values()].sort((a, b) => a - b)
  expect(lateness[0]).toBeGreaterThanOrEqual(0)
  // Milliseconds on an idle machine; the bound leaves room for a busy one.
  expect(lateness.at(-1)).toBeLessThan(3_000)
})

test('counters stay exact while the stream forgets and the counting node is replaced', async () => {
  const connection = await connect()
  const node = await openNode(connection)
  const bucket = await openBucket<CountersRecord>(connection, { name: 'counters', storage: 'file' })
  const createdAt = Date.now()
  const job = sampleJob({ createdAt, scheduledSince: createdAt })
  await node.bucket.put('job', job)
  const startCounting = () => {
    const end = new AbortController()
    ending.signal.addEventListener('abort', () => end.abort())
    const { history, jobs } = node
    const counters = new ExecutionCounters({ bucket, history, jobs, clock: systemClock, log: silentLog, historyLimit })
    background(counters.run(end.signal))
    background(counters.keeper().lead({ number: 1, leaderName: nodeName }, end.signal))
    return { counters, end }
  }
  const total = 300
  let current = startCounting()
  for (let index = 0; index < total; index += 1) {
    const { group } = scheduledOrder(job, createdAt + index)
    await node.history.append({
      ...{ id: `${group}-1-${nodeName}`, jobName: 'job', group, attempt: 1, nodeName, scheduledAt: createdAt + index },
      ...{ startedAt: Date.now(), finishedAt: Date.now(), outcome: index % 3 === 0 ? 'failed' : 'succeeded' },
      ...{ reason: '', exitCode: 0, signal: null, output: '', outputBytes: 0 },
    })
    if (index % 100 === 50) {
      await eventually(() => current.counters.of(job).successCount > 0, 5_000)
      current.end.abort()
      current = startCounting()
    }
  }
  await eventually(() => {
    const { successCount, errorCount } = current.counters.of(job)
    expect([successCount, errorCount]).toEqual([200, 100])
    return true
  }, 10_000)
  expect((await node.history.list('job')).length).toBe(historyLimit)
})
