import { expect, test } from 'vitest'
import { sampleJob, sampleNowMs } from '../../test/doubles/samples.ts'
import { FireTimes } from './fire-times.ts'

test('@every counts from the whole second of creation', () => {
  const times = new FireTimes(sampleJob({ schedule: '@every 1m30s', createdAt: sampleNowMs + 789 }), 'UTC')
  expect(times.next(sampleNowMs + 789)).toBe(sampleNowMs + 90_000)
})

test("the job's zone wins over the agent's, and the schedule's own over both", () => {
  const schedule = '0 0 12 * * *'
  const noonIn = (change: object, agentZone: string) => {
    const next = new FireTimes(sampleJob({ schedule, ...change }), agentZone).next(sampleNowMs)
    return new Date(next ?? 0).toISOString().slice(11, 16)
  }
  expect(noonIn({}, 'Asia/Tokyo')).toBe('03:00')
  expect(noonIn({ timezone: 'Europe/Berlin' }, 'Asia/Tokyo')).toBe('11:00')
  expect(noonIn({ timezone: 'Europe/Berlin', schedule: `CRON_TZ=UTC ${schedule}` }, 'Asia/Tokyo')).toBe('12:00')
})

test('the newest fires of a long time are found without walking through it', () => {
  const times = new FireTimes(sampleJob(), 'UTC')
  // Three billion fires: a walk would outlast any patience.
  const throughMs = sampleNowMs + 100 * 365 * 86_400_000
  const { fires, firstLeftOut } = times.newest(sampleNowMs, throughMs, 3)
  expect(fires).toEqual([throughMs - 2_000, throughMs - 1_000, throughMs])
  expect(firstLeftOut).toBe(sampleNowMs + 1_000)
})

test.each([
  ['0 0 0 * * *', 4, 4],
  ['0 0 0 * * *', 5, 5],
  ['0 0 0 * * *', 6, 5],
  ['0 0 0 1 1 *', 5, 0],
])('%s: of five days the newest %i are %i', (schedule, limit, count) => {
  const times = new FireTimes(sampleJob({ schedule }), 'UTC')
  const { fires, firstLeftOut } = times.newest(sampleNowMs, sampleNowMs + 5 * 86_400_000, limit)
  expect(fires).toHaveLength(count)
  expect(firstLeftOut === null).toBe(limit >= 5)
  expect(fires).toEqual(fires.toSorted((a, b) => a - b))
})
