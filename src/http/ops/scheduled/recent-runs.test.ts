import { expect, test } from 'vitest'
import { sampleExecution, sampleNowMs } from '../../../../test/doubles/samples.ts'
import { FakeClock } from '../../../core/clock.ts'
import type { Execution } from '../../../model/execution.ts'
import { RecentRuns } from './recent-runs.ts'

function runAt(second: number, change: Partial<Execution> = {}): Execution {
  const startedAt = sampleNowMs + second * 1_000
  return sampleExecution({ id: `e${second}`, startedAt, finishedAt: startedAt + 50, ...change })
}

test('a history is read once, and what ends from then on is added; the last 20 are told, oldest first', async () => {
  let reads = 0
  const executions = async () => {
    reads += 1
    return Array.from({ length: 30 }, (_, second) => runAt(second))
  }
  const recent = new RecentRuns({ executions, clock: new FakeClock(0) })
  expect((await recent.of(['job'])).get('job')).toHaveLength(20)
  recent.note(runAt(30, { outcome: 'failed' }))
  recent.note(runAt(29, { outcome: 'lost' }))
  recent.note(runAt(31, { jobName: 'other' }))
  const runs = (await recent.of(['job'])).get('job')
  expect(reads).toBe(1)
  expect(runs).toHaveLength(20)
  expect(runs?.slice(-2)).toMatchObject([{ outcome: 'lost', durationMs: 50 }, { outcome: 'failed' }])
  recent.forget('job')
  await recent.of(['job'])
  expect(reads).toBe(2)
})

test('a history that cannot be read in time is left out, and told the next time', async () => {
  const clock = new FakeClock(0)
  const slow = Promise.withResolvers<readonly Execution[]>()
  const executions = async (name: string) => (name === 'slow' ? slow.promise : [runAt(1)])
  const recent = new RecentRuns({ executions, clock })
  const asked = recent.of(['slow', 'quick'])
  await clock.advance(0)
  await clock.advance(2_000)
  expect([...(await asked).keys()]).toEqual(['quick'])
  slow.resolve([runAt(2)])
  expect([...(await recent.of(['slow', 'quick'])).keys()]).toEqual(['slow', 'quick'])
})

test('a history that could not be read is tried again', async () => {
  let isBroken = true
  const executions = async () => {
    if (isBroken) throw new Error('broken')
    return [runAt(1)]
  }
  const recent = new RecentRuns({ executions, clock: new FakeClock(0) })
  expect((await recent.of(['job'])).size).toBe(0)
  isBroken = false
  expect((await recent.of(['job'])).size).toBe(1)
})
