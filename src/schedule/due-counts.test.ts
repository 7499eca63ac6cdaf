import { expect, test } from 'vitest'
import { sampleJob, sampleNowMs } from '../../test/doubles/samples.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'
import { countDue, type DueQuestion } from './due-counts.ts'
import { SharedTimesTable } from './shared-times.ts'

const minute = 60_000

function tableOf(jobs: readonly Partial<ScheduledJob>[]): SharedTimesTable {
  const table = new SharedTimesTable('UTC')
  for (const job of jobs) table.take(sampleJob(job))
  return table
}

function count(jobs: readonly Partial<ScheduledJob>[], change: Partial<DueQuestion> = {}) {
  const usual = {
    nowMs: sampleNowMs,
    fromMs: sampleNowMs,
    toMs: sampleNowMs + 10 * minute,
    stepMs: minute,
    mostFires: 10_000,
  }
  return countDue(tableOf(jobs).all(), { ...usual, ...change })
}

function total(counts: { readonly bySpan: ReadonlyMap<number, number> }): number {
  return [...counts.bySpan.values()].reduce((sum, number) => sum + number, 0)
}

test('fires to come are counted in their spans, those of disabled jobs and those behind us are not', async () => {
  const jobs = [{ schedule: '0 * * * * *' }, { schedule: '0 * * * * *' }, { schedule: '0 * * * * *', isDisabled: true }]
  const counts = await count(jobs, { fromMs: sampleNowMs - 60 * minute })
  expect(counts.isComplete).toBe(true)
  expect([...counts.bySpan.values()]).toEqual(Array.from({ length: 10 }, () => 2))
  expect(Math.min(...counts.bySpan.keys())).toBe(Math.floor(sampleNowMs / minute) + 1)
})

test('jobs share what they have in common: intervals only when they count from the same moment within it', () => {
  const created = (secondsLater: number) => ({ schedule: '@every 1m', createdAt: sampleNowMs + secondsLater * 1_000 })
  expect(tableOf([created(0), created(60), created(120)]).all()).toHaveLength(1)
  expect(tableOf([created(0), created(1)]).all()).toHaveLength(2)
  expect(tableOf([{ schedule: '0 5 * * *', createdAt: 1 }, { schedule: '0 5 * * *' }]).all()).toHaveLength(1)
  expect(tableOf([{ schedule: '0 5 * * *', timezone: 'Asia/Tokyo' }, { schedule: '0 5 * * *' }]).all()).toHaveLength(2)
})

test('what is asked of a table is what each job would do alone', async () => {
  const counts = await count([{ schedule: '@every 90s', createdAt: sampleNowMs - 30_000 }], { stepMs: 1_000 })
  const seconds = [...counts.bySpan.keys()].map((second) => second - Math.floor(sampleNowMs / 1_000))
  expect(seconds).toEqual([60, 150, 240, 330, 420, 510, 600])
})

test('released times are forgotten with the last job that had them', () => {
  const table = new SharedTimesTable('UTC')
  const [one, other] = [sampleJob({ isDisabled: true }), sampleJob()]
  const times = table.take(one)
  expect(table.take(other)).toBe(times)
  expect(times.enabledCount).toBe(1)
  table.release(times, other)
  expect([times.enabledCount, table.all().length]).toEqual([0, 1])
  table.release(times, one)
  expect(table.all()).toEqual([])
})

test('very many fires are not all worked out, and the answer says so', async () => {
  const counts = await count([{ schedule: '* * * * * *' }, { schedule: '@every 1s' }], { mostFires: 700 })
  expect(counts.isComplete).toBe(false)
  expect(total(counts)).toBe(700)
})

test('100,000 jobs with as many schedules are counted in many short turns', async () => {
  const jobs = Array.from({ length: 100_000 }, (_, number) => ({
    schedule: `${number % 60} ${Math.floor(number / 60) % 60} ${Math.floor(number / 3_600) % 24} * * *`,
  }))
  const schedules = tableOf(jobs).all()
  let turns = 0
  const timer = setInterval(() => {
    turns += 1
  }, 1)
  const question = {
    nowMs: sampleNowMs,
    fromMs: sampleNowMs,
    toMs: sampleNowMs + 60 * minute,
    stepMs: 5_000,
    mostFires: 200_000,
  }
  const counts = await countDue(schedules, question)
  clearInterval(timer)
  // 86,400 seconds of a day for 100,000 jobs: each second has one job or two.
  expect(total(counts)).toBeGreaterThanOrEqual(3_600)
  expect(turns).toBeGreaterThan(5)
}, 60_000)
