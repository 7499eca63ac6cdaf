import { afterEach, beforeEach, expect, test } from 'vitest'
import { MemoryBucket } from '../../test/doubles/memory-bucket.ts'
import { sampleExecution, sampleJob, sampleNowMs } from '../../test/doubles/samples.ts'
import type { JobCounters, ScheduledJob } from '../model/scheduled-job.ts'
import type { CountersChange } from './counters.ts'
import { noCounters } from './counters-shard.ts'
import { JobIndex } from './job-index.ts'
import { type JobQuery, queryJobs, usedTags } from './job-query.ts'
import { JobView } from './job-view.ts'

const end = { signal: new AbortController() }

class CountersDouble {
  readonly stored = new Map<string, JobCounters>()
  readonly #listeners = new Set<(change: CountersChange) => void>()

  of({ name }: Pick<ScheduledJob, 'name'>): JobCounters {
    return this.stored.get(name) ?? noCounters
  }

  subscribe(listener: (change: CountersChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  count(jobName: string, change: Partial<JobCounters>): void {
    this.stored.set(jobName, { ...this.of({ name: jobName }), ...change })
    const execution = sampleExecution({ jobName })
    for (const listener of this.#listeners) listener({ kind: 'counted', execution, sequence: 1 })
  }
}

beforeEach(() => {
  end.signal = new AbortController()
})

afterEach(() => end.signal.abort())

function makeIndex(jobs: readonly Partial<ScheduledJob>[]) {
  const view = new JobView(new MemoryBucket())
  const counters = new CountersDouble()
  let revision = 0
  const save = (job: Partial<ScheduledJob>) => {
    revision += 1
    view.noteSaved(sampleJob(job), revision)
  }
  for (const job of jobs) save(job)
  void view.follow(end.signal.signal)
  const index = new JobIndex({ view, counters, agentZone: 'UTC' })
  const running = new Map<string, number>()
  const parts = { index, counters, runningOf: (name: string) => running.get(name) ?? 0, now: () => sampleNowMs }
  const usual: JobQuery = {
    ...{ search: '', status: null, tag: null, sort: 'name', isDescending: false, offset: 0, limit: 50 },
  }
  const query = (change: Partial<JobQuery> = {}) => queryJobs({ ...usual, ...change }, parts)
  const names = async (change: Partial<JobQuery> = {}) => (await query(change)).jobs.map(({ job }) => job.name)
  const remove = (name: string) => view.noteDeleted(name, 1_000_000)
  return { save, remove, query, names, counters, index, running }
}

test('jobs come by name, whenever they were saved, and page by page', async () => {
  const { save, remove, names } = makeIndex(['d', 'a', 'c', 'b'].map((name) => ({ name })))
  expect(await names()).toEqual(['a', 'b', 'c', 'd'])
  save({ name: 'bb' })
  save({ name: 'c', command: 'other' })
  remove('a')
  expect(await names()).toEqual(['b', 'bb', 'c', 'd'])
  expect(await names({ offset: 1, limit: 2 })).toEqual(['bb', 'c'])
  expect(await names({ offset: 1, limit: 2, isDescending: true })).toEqual(['c', 'bb'])
  expect(await names({ offset: 3, isDescending: true })).toEqual(['b'])
  expect(await names({ offset: 9 })).toEqual([])
})

test('a job that was deleted before anybody had sorted it is not there', async () => {
  const { save, remove, names } = makeIndex([{ name: 'a' }])
  await names()
  save({ name: 'b' })
  remove('b')
  save({ name: 'c' })
  expect(await names()).toEqual(['a', 'c'])
})

test('text is found in names and commands in any case, and means itself', async () => {
  const { names, query } = makeIndex([
    { name: 'backup', command: 'pg_dump > /x' },
    { name: 'mail', command: 'send', displayName: 'Back Office' },
    { name: 'odd', command: 'a.*b [x]' },
  ])
  expect(await names({ search: 'BACK' })).toEqual(['backup', 'mail'])
  expect(await names({ search: 'PG_' })).toEqual(['backup'])
  expect(await names({ search: '.*b [' })).toEqual(['odd'])
  expect(await query({ search: 'nothing' })).toMatchObject({ total: 3, matched: 0, jobs: [] })
})

test('jobs are told by how they do, by tag and by what runs', async () => {
  const { names, counters, running, index } = makeIndex([
    { name: 'good', tags: { role: 'web' } },
    { name: 'bad', tags: { role: 'db' } },
    { name: 'off', isDisabled: true },
    { name: 'new' },
  ])
  await names()
  counters.count('good', { successCount: 2, lastSuccessAt: 5, lastErrorAt: 4 })
  counters.count('bad', { errorCount: 1, lastErrorAt: 7 })
  running.set('bad', 2)
  expect(await names({ status: 'failing' })).toEqual(['bad'])
  expect(await names({ status: 'succeeding' })).toEqual(['good'])
  expect(await names({ status: 'disabled' })).toEqual(['off'])
  expect(await names({ status: 'never' })).toEqual(['new'])
  expect(await names({ status: 'running' })).toEqual(['bad'])
  expect(await names({ tag: { name: 'role', value: null } })).toEqual(['bad', 'good'])
  expect(await names({ tag: { name: 'role', value: 'web' } })).toEqual(['good'])
  expect(index.counts).toEqual({ failing: 1, succeeding: 1, disabled: 1, never: 1 })
  expect(await usedTags(index, 1)).toEqual([{ name: 'role', value: 'db', jobs: 1 }])
})

test('jobs are sorted by when they fire, ended, failed and how often they succeed; what has nothing comes last', async () => {
  const { names, counters } = makeIndex([
    { name: 'a', schedule: '@every 1h' },
    { name: 'b', schedule: '@every 1m' },
    { name: 'c', schedule: '@manually' },
    { name: 'd', schedule: 'not a schedule' },
    { name: 'e', schedule: '@every 1s', isDisabled: true },
  ])
  await names()
  counters.count('a', { successCount: 1, errorCount: 1, lastSuccessAt: 10, lastErrorAt: 50 })
  counters.count('b', { successCount: 3, errorCount: 0, lastSuccessAt: 90 })
  expect(await names({ sort: 'next' })).toEqual(['b', 'a', 'c', 'd', 'e'])
  expect(await names({ sort: 'next', isDescending: true })).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(await names({ sort: 'last', isDescending: true, limit: 3 })).toEqual(['b', 'a', 'c'])
  expect(await names({ sort: 'failures', isDescending: true, limit: 2 })).toEqual(['a', 'b'])
  expect(await names({ sort: 'success_rate', limit: 2 })).toEqual(['a', 'b'])
})

test('100,000 jobs are sorted every way, in many short turns', async () => {
  const minutes = (number: number) => `${number % 60} ${number % 60} ${number % 24} * * *`
  const { query, counters } = makeIndex(
    Array.from({ length: 100_000 }, (_, number) => ({ name: `job-${number}`, schedule: minutes(number) })),
  )
  let turns = 0
  const timer = setInterval(() => {
    turns += 1
  }, 1)
  await query({ sort: 'next' })
  counters.count('job-77777', { errorCount: 3, lastErrorAt: 1 })
  for (const sort of ['name', 'next', 'last', 'failures', 'success_rate'] as const) {
    const page = await query({ sort, search: 'job', isDescending: true })
    expect(page).toMatchObject({ total: 100_000, matched: 100_000 })
    if (sort === 'failures') expect(page.jobs[0]?.job.name).toBe('job-77777')
  }
  clearInterval(timer)
  expect(turns).toBeGreaterThan(5)
}, 60_000)
