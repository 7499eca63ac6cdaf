import type { Server } from '@nats-io/nats-core'
import { beforeEach, expect, test } from 'vitest'
import { DialOrder } from './dial-order.ts'

const pool = ['a:1', 'b:1', 'c:1'].map((listen) => ({ listen }) as Server)
let nowMs = 0
let order: DialOrder
const next = (among: readonly Server[] = pool) => order.next(among).server.listen

beforeEach(() => {
  nowMs = 1_000
  order = new DialOrder(() => nowMs)
})

test('servers that were never tried come in the order of the pool', () => {
  const order: string[] = []
  for (let count = 0; count < 3; count += 1) {
    order.push(next())
    nowMs += 1_000
  }
  expect(order).toEqual(['a:1', 'b:1', 'c:1'])
})

test('whichever server the client would take, the one tried last comes last', () => {
  next()
  nowMs += 60_000
  expect(next()).toBe('b:1')
  nowMs += 60_000
  expect(next([...pool].reverse())).toBe('c:1')
  nowMs += 60_000
  expect(next([...pool].reverse())).toBe('a:1')
})

test('the first try is at once, the next one of the same server after a pause', () => {
  const [only] = pool.slice(0, 1) as [Server]
  expect(order.next([only]).delay).toBe(0)
  const { delay } = order.next([only])
  expect(delay).toBeGreaterThanOrEqual(100)
  expect(delay).toBeLessThanOrEqual(200)
  nowMs += 1_000
  expect(order.next([only]).delay).toBe(0)
})

test('what was preferred counts until there is a connection, and each server once', () => {
  order.prefer(['c:1', 'c:1', 'b:1'])
  expect([next(), next()]).toEqual(['c:1', 'b:1'])
  order.prefer(['c:1', 'b:1'])
  expect(next()).toBe('c:1')
  order.connected()
  expect(next()).toBe('a:1')
})

test('preferred servers come first, each once, and those that are not there are passed over', () => {
  order.prefer(['x:1', 'c:1', 'b:1'])
  expect([next(), next(), next()]).toEqual(['c:1', 'b:1', 'a:1'])
})
