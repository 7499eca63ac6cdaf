import { afterEach, beforeEach, expect, test } from 'vitest'
import { MemoryBucket } from '../../test/doubles/memory-bucket.ts'
import { MemoryExecutionLog } from '../../test/doubles/memory-logs.ts'
import { sampleExecution, sampleJob, sampleNowMs } from '../../test/doubles/samples.ts'
import { FakeClock } from '../core/clock.ts'
import { UnavailableError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import type { Outcome } from '../model/execution.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'
import { ExecutionCounters } from './counters.ts'
import { JobView } from './job-view.ts'
import type { CountersRecord } from './ports.ts'
import { groupOf } from './start-order.ts'

const historyLimit = 10

let clock: FakeClock
let jobBucket: MemoryBucket<ScheduledJob>
let bucket: MemoryBucket<CountersRecord>
let history: MemoryExecutionLog
let ends: AbortController[]

beforeEach(async () => {
  clock = new FakeClock(sampleNowMs)
  jobBucket = new MemoryBucket()
  bucket = new MemoryBucket()
  history = new MemoryExecutionLog()
  ends = []
  await jobBucket.put('job', sampleJob())
})

afterEach(() => {
  for (const end of ends) end.abort()
})

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** A node that counts; it also stores when it leads. */
async function startNode(leads: boolean) {
  const end = new AbortController()
  ends.push(end)
  const jobs = new JobView(jobBucket)
  void jobs.follow(end.signal)
  const counters = new ExecutionCounters({ bucket, history, jobs, clock, log: silentLog, historyLimit })
  void counters.run(end.signal)
  if (leads) void counters.keeper().lead({ number: 1, leaderName: 'node' }, end.signal)
  await settle()
  return { counters, end }
}

let count = 0
function append(outcome: Outcome, change: { jobName?: string; atMs?: number } = {}): Promise<void> {
  count += 1
  const { jobName = 'job', atMs = sampleNowMs + count } = change
  return history.append(
    sampleExecution({ id: `e${count}`, jobName, outcome, group: groupOf(atMs), finishedAt: atMs + 5 }),
  )
}

const job = { name: 'job', createdAt: sampleNowMs }

test('counts a success as success and every other outcome as error, with the times of the last ones', async () => {
  const { counters } = await startNode(false)
  expect(counters.of(job)).toEqual({ successCount: 0, errorCount: 0, lastSuccessAt: null, lastErrorAt: null })
  for (const outcome of ['succeeded', 'failed', 'missed', 'skipped', 'unplaced', 'unknown', 'succeeded'] as const)
    await append(outcome)
  await settle()
  expect(counters.of(job)).toEqual({
    successCount: 2,
    errorCount: 5,
    lastSuccessAt: sampleNowMs + count + 5,
    lastErrorAt: sampleNowMs + count + 4,
  })
})

test('stays exact over restarts of everybody, though the history keeps only the last ten', async () => {
  for (let round = 0; round < 5; round += 1) {
    const { end } = await startNode(true)
    for (let index = 0; index < 23; index += 1) {
      await append('succeeded')
      history.trim(historyLimit)
      await settle()
    }
    end.abort()
    await settle()
  }
  const { counters } = await startNode(false)
  expect(counters.of(job).successCount).toBe(115)
})

test('a leader that is killed loses no count', async () => {
  const { end } = await startNode(true)
  for (let index = 0; index < 33; index += 1) {
    await append('failed')
    history.trim(historyLimit)
    await settle()
  }
  bucket.beforeWrite = () => {
    throw new UnavailableError('the process is gone')
  }
  end.abort()
  await settle()
  bucket.beforeWrite = () => {}
  const { counters } = await startNode(true)
  expect(counters.of(job).errorCount).toBe(33)
})

test('two leaders and a reader agree', async () => {
  const nodes = [await startNode(true), await startNode(true), await startNode(false)]
  for (let index = 0; index < 40; index += 1) await append(index % 2 === 0 ? 'succeeded' : 'failed')
  await settle()
  await clock.advance(10_000)
  await settle()
  for (const { counters } of [...nodes, await startNode(false)])
    expect(counters.of(job)).toMatchObject({ successCount: 20, errorCount: 20 })
})

test('a node that fell behind the history takes over what the leader stored', async () => {
  await startNode(true)
  for (let index = 0; index < 40; index += 1) await append('succeeded')
  await settle()
  await clock.advance(6_000)
  await settle()
  history.trim(historyLimit)
  const { counters } = await startNode(false)
  await append('succeeded')
  await settle()
  expect(counters.of(job).successCount).toBe(41)
})

test('a store that fails for a while costs no count', async () => {
  bucket.beforeWrite = () => {
    throw new UnavailableError('no quorum')
  }
  await startNode(true)
  for (let index = 0; index < 8; index += 1) await append('succeeded')
  await settle()
  await clock.advance(20_000)
  bucket.beforeWrite = () => {}
  await clock.advance(20_000)
  await settle()
  const stored = (await bucket.list()).flatMap(({ value }) => value.jobs)
  expect(stored).toMatchObject([{ jobName: 'job', successCount: 8 }])
})

test('a job deleted and made again begins at zero, and a late end of an old run does not count', async () => {
  const { counters } = await startNode(true)
  await append('succeeded')
  await settle()
  await jobBucket.delete('job')
  await settle()
  await history.purge('job')
  await append('failed')
  await settle()
  expect(await history.list('job')).toEqual([])
  const createdAt = sampleNowMs + 1_000_000
  await jobBucket.put('job', sampleJob({ createdAt }))
  await settle()
  await append('failed')
  await append('succeeded', { atMs: createdAt + 1 })
  await settle()
  expect(counters.of({ name: 'job', createdAt })).toMatchObject({ successCount: 1, errorCount: 0 })
  await clock.advance(6_000)
  const next = await startNode(false)
  expect(next.counters.of({ name: 'job', createdAt })).toMatchObject({ successCount: 1, errorCount: 0 })
})

test('names of many jobs share records without touching each other', async () => {
  const names = Array.from({ length: 300 }, (_, index) => (index === 0 ? '__proto__' : `job-${index}`))
  for (const name of names) await jobBucket.put(name, sampleJob({ name }))
  await startNode(true)
  for (const [index, jobName] of names.entries()) await append(index % 2 === 0 ? 'succeeded' : 'failed', { jobName })
  await settle()
  await clock.advance(6_000)
  await settle()
  const { counters } = await startNode(false)
  for (const [index, name] of names.entries())
    expect(counters.of({ name, createdAt: sampleNowMs }).successCount).toBe(index % 2 === 0 ? 1 : 0)
  expect((await bucket.list()).length).toBeLessThanOrEqual(65)
})

test('a lost execution counts as an error until its true end is told, and then as that', async () => {
  const { counters } = await startNode(true)
  await append('failed', { atMs: sampleNowMs + 1 })
  const lost = sampleExecution({
    id: 'x',
    group: groupOf(sampleNowMs + 2),
    outcome: 'lost',
    finishedAt: sampleNowMs + 900,
  })
  await history.appendLost(lost)
  await settle()
  expect(counters.of(job)).toMatchObject({ successCount: 0, errorCount: 2, lastErrorAt: sampleNowMs + 900 })
  await clock.advance(6_000)
  await settle()
  const { counters: another } = await startNode(false)
  await history.append({ ...lost, outcome: 'succeeded', finishedAt: sampleNowMs + 1_000 })
  await settle()
  for (const one of [counters, another])
    expect(one.of(job)).toEqual({
      successCount: 1,
      errorCount: 1,
      lastSuccessAt: sampleNowMs + 1_000,
      lastErrorAt: sampleNowMs + 6,
    })
})

test('a leader of a lower term stores nothing over what its successor stored', async () => {
  const { counters } = await startNode(true)
  await bucket.put('whole', { throughSequence: 0, jobs: [], term: 9 })
  await append('succeeded')
  await clock.advance(6_000)
  await settle()
  expect((await bucket.get('whole'))?.value.term).toBe(9)
  expect(counters.of(job).successCount).toBe(1)
})
