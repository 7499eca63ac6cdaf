import { expect, test } from 'vitest'
import { FakeClock } from '../core/clock.ts'
import { UnavailableError } from '../core/errors.ts'
import { RunnerRefusedError, RunnerUnavailableError } from './errors.ts'
import { OrderRefusals } from './order-refusals.ts'

async function refused(refusals: OrderRefusals, error: Error): Promise<void> {
  await expect(refusals.watch(() => Promise.reject(error))).rejects.toBe(error)
}

test.each([
  ['a runner that cannot write', new RunnerRefusedError('no space left on device'), true],
  ['a runner that is away', new RunnerUnavailableError('not back yet'), true],
  ['nobody who says whose turn it is', new UnavailableError('NATS does not answer'), false],
])('after %s refused orders, the node does so: %#', async (_case, error, areRecent) => {
  const refusals = new OrderRefusals(new FakeClock(0))
  expect(refusals.areRecent).toBe(false)
  await refused(refusals, error)
  expect(refusals.areRecent).toBe(areRecent)
})

test('an order that is taken ends it', async () => {
  const refusals = new OrderRefusals(new FakeClock(0))
  await refused(refusals, new RunnerRefusedError('no space left on device'))
  await refusals.watch(async () => {})
  expect(refusals.areRecent).toBe(false)
})

test('where no order comes any more, time ends it', async () => {
  const clock = new FakeClock(0)
  const refusals = new OrderRefusals(clock)
  await refused(refusals, new RunnerRefusedError('no space left on device'))
  await clock.advance(12_000)
  expect(refusals.areRecent).toBe(true)
  await clock.advance(3_000)
  expect(refusals.areRecent).toBe(false)
})
