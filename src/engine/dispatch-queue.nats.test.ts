import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { startNats, type TestNats } from '../../test/harness/nats-server.ts'
import { silentLog } from '../core/log.ts'
import type { OrderInbox } from '../execution/ports.ts'
import type { StartOrder } from '../model/execution.ts'
import type { Dispatcher } from '../schedule/ports.ts'
import { type Connection, openConnection } from './connection.ts'
import { openDispatcher } from './dispatch-queue.ts'
import { openOrderInbox } from './order-inbox.ts'
import { streamInfo } from './stream-setup.ts'

let nats: TestNats
let connection: Connection
let dispatcher: Dispatcher

beforeAll(async () => {
  nats = await startNats()
  connection = await openConnection({ url: nats.url, name: 'test', log: silentLog })
  dispatcher = await openDispatcher(connection)
})

afterAll(async () => {
  await connection.close()
  await nats[Symbol.asyncDispose]()
})

const order = (n: number, command = 'true'): StartOrder => ({
  jobName: `job-${n}`,
  group: String(n),
  attempt: 1,
  scheduledAt: null,
  command,
  isShell: false,
  runAsUser: null,
  concurrency: 'allow',
  timeLimitMs: null,
  startBeforeAt: null,
})

/** Consumes a node's inbox until the test ends; collects the groups. */
async function consuming(nodeName: string, accept: (orders: readonly StartOrder[]) => Promise<void> = async () => {}) {
  const inbox: OrderInbox = await openOrderInbox(connection, nodeName)
  const groups: string[] = []
  const abort = new AbortController()
  const running = inbox.consume(async (orders) => {
    await accept(orders)
    groups.push(...orders.map(({ group }) => group))
  }, abort.signal)
  const stop = async () => {
    abort.abort()
    await running
  }
  onTestFinished(stop)
  return { groups, stop }
}

test('orders reach their node and no other', async () => {
  const a = await consuming('node.a')
  const b = await consuming('node b')
  await dispatcher.dispatch('node.a', [order(1), order(2)], 'x')
  await dispatcher.dispatch('node b', [order(3)], 'x')
  await eventually(() => a.groups.length === 2 && b.groups.length === 1, 5_000)
  expect([a.groups, b.groups]).toEqual([['1', '2'], ['3']])
})

test('orders wait for a node that is not there yet', async () => {
  await dispatcher.dispatch('later', [order(1)], 'x')
  const { groups } = await consuming('later')
  await eventually(() => groups.length === 1, 5_000)
})

test('dispatching again under the same id adds nothing', async () => {
  const { groups } = await consuming('twice')
  for (let n = 0; n < 3; n += 1) await dispatcher.dispatch('twice', [order(1)], 'second-5')
  await dispatcher.dispatch('twice', [order(2)], 'second-6')
  await eventually(() => groups.includes('2'), 5_000)
  expect(groups).toEqual(['1', '2'])
})

test('a message that was not accepted comes again', async () => {
  let refusals = 2
  const { groups } = await consuming('refusing', async () => {
    refusals -= 1
    if (refusals >= 0) throw new Error('journal is full')
  })
  await dispatcher.dispatch('refusing', [order(1)], 'x')
  await eventually(() => groups.length === 1, 10_000)
  expect(refusals).toBe(-1)
})

test('10,000 orders of one second arrive, split over messages', async () => {
  const { groups } = await consuming('busy')
  const orders = Array.from({ length: 10_000 }, (_, n) => order(n, 'x'.repeat(1_000)))
  const startedMs = performance.now()
  await dispatcher.dispatch('busy', orders, 'x')
  const storedMs = performance.now() - startedMs
  await eventually(() => groups.length >= 10_000, 20_000)
  console.log(
    `10,000 orders stored in ${storedMs.toFixed(0)} ms, with the node in ${(performance.now() - startedMs).toFixed(0)} ms`,
  )
  expect(groups).toEqual(orders.map(({ group }) => group))
})

test('accepted messages leave the queue', async () => {
  const { groups, stop } = await consuming('leaving')
  await dispatcher.dispatch('leaving', [order(1)], 'x')
  await eventually(() => groups.length === 1, 5_000)
  await stop()
  await eventually(async () => {
    const info = await streamInfo(connection, 'DISPATCH')
    return info?.state.messages === 0
  }, 5_000)
})

test('no order is lost when the server is killed with -9 between dispatch and acceptance', async () => {
  const seen = new Set<string>()
  await consuming('killed', async (orders) => {
    for (const { group } of orders) seen.add(group)
  })
  const sending = (async () => {
    for (let n = 0; n < 300; n += 1) await dispatcher.dispatch('killed', [order(n)], `k-${n}`)
  })()
  for (const threshold of [50, 150]) {
    await eventually(() => seen.size > threshold, 20_000)
    await nats.kill()
    await nats.start()
  }
  await sending
  await eventually(() => seen.size === 300, 60_000)
})
