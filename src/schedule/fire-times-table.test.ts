import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sampleJob, sampleNowMs } from '../../test/doubles/samples.ts'
import { FireTimes } from './fire-times.ts'
import { FireTimesTable } from './fire-times-table.ts'

test('jobs of the same schedule and zone share their times, whenever they were created', () => {
  const table = new FireTimesTable('UTC')
  const times = table.of(sampleJob({ name: 'one' }))
  expect(table.of(sampleJob({ name: 'two', createdAt: sampleNowMs + 5_000 }))).toBe(times)
  expect(table.of(sampleJob({ timezone: 'UTC' }))).toBe(times)
  expect(table.of(sampleJob({ timezone: 'Asia/Tokyo' }))).not.toBe(times)
})

test('jobs of the same interval share their times only if they count from the same second', () => {
  const table = new FireTimesTable('UTC')
  const job = sampleJob({ schedule: 'CRON_TZ=UTC @every 1m' })
  expect(table.of({ ...job, createdAt: sampleNowMs + 999 })).toBe(table.of(job))
  expect(table.of({ ...job, createdAt: sampleNowMs + 60_000 })).not.toBe(table.of(job))
})

test('a schedule that is not valid is refused each time', () => {
  const table = new FireTimesTable('UTC')
  const job = sampleJob({ schedule: 'at noon' })
  for (let time = 0; time < 2; time += 1) expect(() => table.of(job)).toThrow('schedule')
})

test('times that were asked before tell the same as fresh ones', () => {
  const schedules = [
    '* * * * * *',
    '0 */7 * * * *',
    '0 30 2 * * *',
    '0 0 0 29 2 *',
    '@every 90m',
    '@at 2026-03-01T00:00:00Z',
  ]
  const instants = fc.integer({ min: -86_400_000, max: 400 * 86_400_000 }).map((ms) => sampleNowMs + ms)
  const property = fc.property(
    fc.constantFrom(...schedules),
    fc.array(instants, { maxLength: 20 }),
    (schedule, asked) => {
      const job = sampleJob({ schedule, timezone: 'Europe/Berlin' })
      const times = new FireTimes(job, 'UTC')
      for (const afterMs of asked) expect(times.next(afterMs)).toBe(new FireTimes(job, 'UTC').next(afterMs))
    },
  )
  fc.assert(property, { numRuns: 40 })
})
