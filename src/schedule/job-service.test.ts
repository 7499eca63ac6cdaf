import { describe, expect, onTestFinished, test } from 'vitest'
import { MemoryBucket } from '../../test/doubles/memory-bucket.ts'
import { MemoryDispatcher, MemoryExecutionLog, MemoryFireLog } from '../../test/doubles/memory-logs.ts'
import { sampleExecution, sampleMember, sampleNowMs } from '../../test/doubles/samples.ts'
import { FakeClock } from '../core/clock.ts'
import { ConflictError, InvalidError, NotFoundError } from '../core/errors.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'
import { noCounters } from './counters-shard.ts'
import type { JobPatch } from './job-patch.ts'
import { JobService } from './job-service.ts'
import { JobView } from './job-view.ts'
import { Placer } from './placer.ts'
import { groupOf } from './start-order.ts'

function makeNode(bucket = new MemoryBucket<ScheduledJob>(), members = [sampleMember('node-1')]) {
  const clock = new FakeClock(sampleNowMs)
  // Retries after a lost race must not wait for the fake clock.
  clock.sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  const view = new JobView(bucket)
  const history = new MemoryExecutionLog()
  const fireLog = new MemoryFireLog()
  const dispatcher = new MemoryDispatcher()
  const forgotten: string[] = []
  const alone: { jobName: string; group: string }[] = []
  const service = new JobService({
    bucket,
    view,
    clock,
    history,
    fireLog,
    dispatcher,
    placer: new Placer(() => members, { runningOn: () => 0, refusesOrders: () => false }, clock),
    runAlone: async (jobName, group) => {
      alone.push({ jobName, group })
    },
    counters: { of: () => noCounters, forget: (name) => forgotten.push(name) },
    checks: {
      agentZone: 'UTC',
      checkCommand: (command) => (command.includes("'") ? 'has a quote that is not closed' : null),
      checkRunAsUser: (name) => (name === 'nobody' ? null : `there is no user '${name}' on this machine`),
    },
  })
  const follow = () => {
    const ending = new AbortController()
    onTestFinished(() => ending.abort())
    void view.follow(ending.signal)
    return view.ready()
  }
  return { bucket, clock, view, history, fireLog, dispatcher, forgotten, alone, service, follow }
}

const patch: JobPatch = { name: 'Nightly Report', schedule: '0 0 3 * * *', command: 'report' }

async function issuesOf(saving: Promise<unknown>): Promise<readonly string[]> {
  const error = await saving.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof InvalidError)) throw new Error(`expected an InvalidError, got ${error}`)
  return error.issues.map(({ field }) => field)
}

describe('saving', () => {
  test('creates a job under its slug with defaults, and tells the next fire', async () => {
    const { service } = makeNode()
    const saved = await service.save(patch)
    expect(saved).toMatchObject({ isNew: true, nextAt: Date.UTC(2026, 0, 3, 3), counters: noCounters })
    expect(saved.job).toMatchObject({
      name: 'nightly-report',
      isShell: false,
      catchup: 'all',
      lateLimitMs: 60_000,
      createdAt: sampleNowMs,
      scheduledSince: sampleNowMs,
    })
    expect((await service.get(' NIGHTLY  report')).job).toEqual(saved.job)
  })

  test('replaces what is given, resets what is null, and keeps what is absent', async () => {
    const { service, clock } = makeNode()
    await service.save({ ...patch, owner: 'ops', tags: { role: 'web' }, isShell: true, lateLimitMs: 5_000 })
    await clock.advance(10_000)
    const { job, isNew } = await service.save({ name: 'nightly report', owner: '', tags: {}, isShell: null })
    expect(isNew).toBe(false)
    expect(job).toMatchObject({ owner: '', tags: {}, isShell: false, lateLimitMs: 5_000, command: 'report' })
    expect(job).toMatchObject({ createdAt: sampleNowMs, scheduledSince: sampleNowMs })
  })

  test.each([
    ['another schedule', { schedule: '0 0 4 * * *' }],
    ['another zone', { timezone: 'Asia/Tokyo' }],
    ['being enabled again', { isDisabled: false }],
  ])('%s starts a new time plan but keeps the anchor', async (_name, change) => {
    const { service, clock } = makeNode()
    await service.save({ ...patch, isDisabled: 'isDisabled' in change })
    await clock.advance(10_000)
    const { job } = await service.save({ name: patch.name, ...change })
    expect([job.createdAt, job.scheduledSince]).toEqual([sampleNowMs, sampleNowMs + 10_000])
  })

  test('a disabled job has no next fire', async () => {
    const { service } = makeNode()
    expect((await service.save({ ...patch, isDisabled: true })).nextAt).toBeNull()
  })

  test('reports all problems at once and stores nothing', async () => {
    const { service, bucket } = makeNode()
    const bad: JobPatch = {
      name: '!?',
      schedule: '*/0 * * * * *',
      command: "echo 'open",
      timezone: 'Mars/Olympus',
      runAsUser: 'ghost',
      tags: { role: 'web:0', zone: '(' },
      lateLimitMs: 500,
      timeLimitMs: 0,
      owner: 'x'.repeat(2_000),
    }
    expect(await issuesOf(service.save(bad))).toEqual([
      'name',
      'schedule',
      'timezone',
      'command',
      'runAsUser',
      'owner',
      'tags.role',
      'tags.zone',
      'lateLimitMs',
      'timeLimitMs',
    ])
    expect(await bucket.list()).toEqual([])
  })

  test.each<[string, Partial<JobPatch>, string]>([
    ['no schedule', { schedule: null }, 'schedule'],
    ['a blank schedule', { schedule: '  ' }, 'schedule'],
    ['a day that never comes', { schedule: '0 0 0 30 2 *' }, 'schedule'],
    ['a time that has passed', { schedule: '@at 2020-01-01T00:00:00Z' }, 'schedule'],
    ['no command', { command: '' }, 'command'],
    ['a blank command', { command: ' \t' }, 'command'],
    ['a command that no system starts', { command: 'x'.repeat(131_072) }, 'command'],
    ['a name without end', { name: 'n'.repeat(201) }, 'name'],
    ['too many tags', { tags: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`t${i}`, ''])) }, 'tags'],
    ['too much metadata', { metadata: { text: 'x'.repeat(70_000) } }, 'metadata'],
    ['an endless time limit', { timeLimitMs: Number.MAX_SAFE_INTEGER }, 'timeLimitMs'],
  ])('%s is refused', async (_name, change, field) => {
    expect(await issuesOf(makeNode().service.save({ ...patch, ...change }))).toEqual([field])
  })

  test('problems the caller has found are reported with the others, each field once', async () => {
    const known = [{ field: 'command', value: 7, message: 'must be a string' }]
    const { service } = makeNode()
    expect(await issuesOf(service.save({ name: 'x', schedule: 'bad' }, known))).toEqual(['command', 'schedule'])
    expect(await issuesOf(service.save({ name: 'x', schedule: '@daily' }, known))).toEqual(['command'])
  })

  test('what a save does not change is not held against it', async () => {
    const bucket = new MemoryBucket<ScheduledJob>()
    const { job } = await makeNode(bucket).service.save({
      ...patch,
      schedule: '@at 2026-01-02T04:00:00Z',
      runAsUser: 'nobody',
    })
    await bucket.put(job.name, { ...job, runAsUser: 'removed-user' })
    const { service, clock } = makeNode(bucket)
    await clock.advance(7_200_000)
    const all = { ...patch, schedule: job.schedule, runAsUser: 'removed-user', isDisabled: true }
    expect((await service.save(all)).job.isDisabled).toBe(true)
  })
})

describe('racing', () => {
  test('a hundred saves of different fields at once all count', async () => {
    const bucket = new MemoryBucket<ScheduledJob>()
    const nodes = [makeNode(bucket), makeNode(bucket), makeNode(bucket)]
    await nodes[0]?.service.save(patch)
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const node = nodes[index % 3]
        // A turn of the event loop before each write lets the other nodes come between.
        bucket.beforeWrite = () => new Promise((resolve) => setImmediate(resolve))
        const field = (['owner', 'ownerEmail', 'displayName'] as const)[index % 3] ?? 'owner'
        await node?.service.save({ name: patch.name, [field]: `v${index}` })
      }),
    )
    const stored = (await bucket.get('nightly-report'))?.value
    expect(stored).toMatchObject({ owner: 'v99', ownerEmail: 'v97', displayName: 'v98' })
  })

  test('two creations of one name become one job with the fields of both', async () => {
    const bucket = new MemoryBucket<ScheduledJob>()
    bucket.beforeWrite = () => new Promise((resolve) => setImmediate(resolve))
    const [one, two] = [makeNode(bucket), makeNode(bucket)]
    const saved = await Promise.all([
      one.service.save({ ...patch, owner: 'one' }),
      two.service.save({ ...patch, ownerEmail: 'two' }),
    ])
    expect(saved.filter(({ isNew }) => isNew)).toHaveLength(1)
    expect((await bucket.get('nightly-report'))?.value).toMatchObject({ owner: 'one', ownerEmail: 'two' })
  })

  test('a job that was deleted elsewhere is created anew by a save', async () => {
    const { service, bucket, clock } = makeNode()
    await service.save({ ...patch, owner: 'first' })
    await bucket.delete('nightly-report')
    await clock.advance(1_000)
    const { job, isNew } = await service.save(patch)
    expect([isNew, job.owner, job.createdAt]).toEqual([true, '', sampleNowMs + 1_000])
  })

  test('who never wins gives up with a conflict', async () => {
    const { service, bucket } = makeNode()
    await service.save(patch)
    bucket.beforeWrite = () => {
      throw new ConflictError('somebody was faster')
    }
    await expect(service.save({ ...patch, owner: 'x' })).rejects.toThrow(ConflictError)
  })

  test('creates a job without asking for it first', async () => {
    const { service, bucket } = makeNode()
    bucket.get = () => Promise.reject(new Error('asked'))
    expect((await service.save(patch)).isNew).toBe(true)
    await expect(service.save({ name: 'other' })).rejects.toThrow('asked')
  })

  test('a whole job changes the one that another node has just created, and does not replace it', async () => {
    const bucket = new MemoryBucket<ScheduledJob>()
    const [one, two] = [makeNode(bucket), makeNode(bucket)]
    const first = await one.service.save({ ...patch, owner: 'one' })
    const second = await two.service.save({ ...patch, command: 'other' })
    expect(second).toMatchObject({ isNew: false, job: { owner: 'one', command: 'other' } })
    expect(second.job.createdAt).toBe(first.job.createdAt)
  })
})

describe('reading', () => {
  test('lists by name, from the bucket before the view is ready and from the view after', async () => {
    const { service, follow, bucket } = makeNode()
    await service.save({ ...patch, name: 'b' })
    await service.save({ ...patch, name: 'a' })
    const other = makeNode(bucket)
    expect((await other.service.list()).map(({ job }) => job.name)).toEqual(['a', 'b'])
    await follow()
    await service.delete('b')
    expect((await service.list()).map(({ job }) => job.name)).toEqual(['a'])
  })

  test('finds what another node stored a moment ago', async () => {
    const bucket = new MemoryBucket<ScheduledJob>()
    const [one, two] = [makeNode(bucket), makeNode(bucket)]
    await one.service.save(patch)
    expect((await two.service.get(patch.name)).job.command).toBe('report')
  })

  test('shows what another node changed or deleted a moment ago, not what it knew itself', async () => {
    const bucket = new MemoryBucket<ScheduledJob>()
    const [one, two] = [makeNode(bucket), makeNode(bucket)]
    await one.service.save(patch)
    await two.service.save({ name: patch.name, command: 'other' })
    expect((await one.service.get(patch.name)).job.command).toBe('other')
    await two.service.delete(patch.name)
    await expect(one.service.get(patch.name)).rejects.toThrow(NotFoundError)
  })

  test('shows what it knows when the store does not answer', async () => {
    const bucket = new MemoryBucket<ScheduledJob>()
    const { service } = makeNode(bucket)
    await service.save(patch)
    bucket.get = () => new Promise(() => {})
    expect((await service.get(patch.name)).job.command).toBe('report')
  })

  test('asks the store one thing for many who read at the same moment, and nothing about each job', async () => {
    const { service, bucket, follow } = makeNode()
    for (let n = 0; n < 20; n += 1) await service.save({ ...patch, name: `job-${n}` })
    await follow()
    let looks = 0
    let reads = 0
    const { lastRevision, get } = bucket
    bucket.lastRevision = () => {
      looks += 1
      return lastRevision.call(bucket)
    }
    bucket.get = (key) => {
      reads += 1
      return get.call(bucket, key)
    }
    const found = await Promise.all(Array.from({ length: 20 }, (_none, n) => service.get(`job-${n}`)))
    expect(found.map(({ job }) => job.name)).toEqual(Array.from({ length: 20 }, (_none, n) => `job-${n}`))
    expect([looks, reads]).toEqual([1, 0])
  })

  test('reads from the store what the watch has not told yet', async () => {
    const { service, bucket, follow } = makeNode()
    const { job } = await service.save(patch)
    await follow()
    const revision = 1_000_000
    bucket.lastRevision = async () => revision
    bucket.get = async (key) => ({ key, value: { ...job, command: 'newest' }, revision })
    expect((await service.get(patch.name)).job.command).toBe('newest')
  })

  test('shows what it knows when the store does not tell how far it is', async () => {
    const { service, bucket } = makeNode()
    await service.save(patch)
    bucket.lastRevision = () => new Promise(() => {})
    expect((await service.get(patch.name)).job.command).toBe('report')
    bucket.lastRevision = () => Promise.reject(new Error('away'))
    expect((await service.get(patch.name)).job.command).toBe('report')
  })

  test.each(['missing', '', '///', 'x'.repeat(5_000)])('%j is not found', async (name) => {
    const { service } = makeNode()
    await expect(service.get(name)).rejects.toThrow(NotFoundError)
    await expect(service.delete(name)).rejects.toThrow(NotFoundError)
    await expect(service.runNow(name)).rejects.toThrow(NotFoundError)
    await expect(service.executions(name)).rejects.toThrow(NotFoundError)
  })

  test('shows no execution of an earlier job of the same name', async () => {
    const { service, history } = makeNode()
    await service.save({ ...patch, name: 'job' })
    await history.append(sampleExecution({ group: groupOf(sampleNowMs - 1), id: 'old' }))
    await history.append(sampleExecution({ group: groupOf(sampleNowMs), id: 'own' }))
    expect((await service.executions('job')).map(({ id }) => id)).toEqual(['own'])
  })
})

test('deleting takes history and counters along, and answers the job as it was', async () => {
  const { service, history, forgotten } = makeNode()
  await service.save({ ...patch, name: 'job' })
  await history.append(sampleExecution())
  expect((await service.delete('JOB')).job.command).toBe('report')
  expect([await history.list('job'), forgotten]).toEqual([[], ['job']])
  await expect(service.get('job')).rejects.toThrow(NotFoundError)
})

describe('running now', () => {
  test('orders a run on every node that matches, also for a disabled job, recorded first', async () => {
    const members = [sampleMember('a'), sampleMember('b')]
    const { service, dispatcher, fireLog } = makeNode(new MemoryBucket(), members)
    await service.save({ ...patch, name: 'job', isDisabled: true })
    await service.runNow('job')
    await service.runNow('job')
    expect(dispatcher.messages.map(({ nodeName }) => nodeName)).toEqual(['a', 'b', 'a', 'b'])
    const [first, , second] = dispatcher.messages.map(({ orders }) => orders[0])
    expect(first).toMatchObject({ jobName: 'job', attempt: 1, scheduledAt: null, startBeforeAt: null })
    expect(BigInt(second?.group ?? 0)).toBeGreaterThan(BigInt(first?.group ?? 0))
    expect(fireLog.runs.map(({ group }) => group)).toEqual([first?.group, second?.group])
  })

  test('leaves a job that forbids overlap to the leader', async () => {
    const { service, dispatcher, fireLog, alone } = makeNode()
    await service.save({ ...patch, name: 'job', concurrency: 'forbid' })
    await service.runNow('job')
    await service.runNow('job')
    expect(alone.map(({ jobName }) => jobName)).toEqual(['job', 'job'])
    expect(new Set(alone.map(({ group }) => group)).size).toBe(2)
    expect([dispatcher.messages, fireLog.runs]).toEqual([[], []])
  })

  test('records why a run found no node', async () => {
    const { service, dispatcher, history } = makeNode()
    await service.save({ ...patch, name: 'job', tags: { role: 'web' } })
    await service.runNow('job')
    expect(dispatcher.messages).toEqual([])
    expect(await history.list('job')).toMatchObject([
      { outcome: 'unplaced', nodeName: '', reason: 'no alive node matches the tag role=web', scheduledAt: null },
    ])
  })
})
