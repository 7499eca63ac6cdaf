import { expect, test } from 'vitest'
import { FakeClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { leaveCluster } from './leave.ts'

const stepsOf = (events: string[], drain: (signal: AbortSignal) => Promise<void>) => ({
  markLeaving: async () => void events.push('leaving'),
  stepDown: async () => void events.push('stepped down'),
  drain,
  markLeft: async () => void events.push('left'),
})

test('a node that leaves says so, steps down, drains, and says that it is gone', async () => {
  const events: string[] = []
  const steps = stepsOf(events, async () => void events.push('drained'))
  expect(await leaveCluster(steps, 10_000, new FakeClock(0), silentLog)).toBe(true)
  expect(events).toEqual(['leaving', 'stepped down', 'drained', 'left'])
})

test('work that does not end in time is told to stop, and the node leaves all the same', async () => {
  const clock = new FakeClock(0)
  const events: string[] = []
  const steps = stepsOf(events, async (signal) => {
    signal.addEventListener('abort', () => events.push('stopped'))
    await new Promise(() => {})
  })
  const leaving = leaveCluster(steps, 10_000, clock, silentLog)
  await clock.advance(1)
  await clock.advance(10_000)
  expect(await leaving).toBe(false)
  expect(events).toEqual(['leaving', 'stepped down', 'stopped', 'left'])
})

test('a duty that does not end and a drain that fails do not keep a node from leaving', async () => {
  const clock = new FakeClock(0)
  const events: string[] = []
  const steps = stepsOf(events, async () => Promise.reject(new Error('no luck')))
  const leaving = leaveCluster({ ...steps, stepDown: () => new Promise(() => {}) }, 10_000, clock, silentLog)
  await clock.advance(1)
  await clock.advance(3_000)
  expect(await leaving).toBe(false)
  expect(events).toEqual(['leaving', 'left'])
})
