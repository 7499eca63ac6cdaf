import { expect, test } from 'vitest'
import type { StartOrder } from '../model/execution.ts'
import { packOrders } from './dispatch-queue.ts'

const order = (n: number): StartOrder => ({
  jobName: `job-${n}`,
  group: String(n),
  attempt: 1,
  scheduledAt: null,
  command: 'ü'.repeat(n),
  isShell: false,
  runAsUser: null,
  concurrency: 'allow',
  timeLimitMs: null,
  startBeforeAt: null,
})

test('orders are packed into as few messages as the limit allows, in their order', () => {
  const orders = Array.from({ length: 50 }, (_, n) => order(n))
  const messages = packOrders(orders, 2_000)
  expect(messages.flatMap((message) => JSON.parse(message))).toEqual(orders)
  for (const message of messages) expect(Buffer.byteLength(message)).toBeLessThanOrEqual(2_000)
  expect(messages.length).toBeLessThan(10)
})

test('an order larger than the limit is a message of its own', () => {
  expect(packOrders([order(1), order(5_000), order(2)], 1_000)).toHaveLength(3)
})

test('no orders make no message', () => {
  expect(packOrders([], 1_000)).toEqual([])
})
