import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MemoryBucket } from '../../test/doubles/memory-bucket.ts'
import { MemoryDispatcher, MemoryExecutionLog, MemoryFireLog } from '../../test/doubles/memory-logs.ts'
import { sampleExecution, sampleJob, sampleMember, sampleNowMs } from '../../test/doubles/samples.ts'
import { FakeClock } from '../core/clock.ts'
import { LeadershipLostError, UnavailableError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { type Execution, executionId, type Outcome, type StartOrder } from '../model/execution.ts'
import type { Member } from '../model/member.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'
import { ExecutionTracker } from './execution-tracker.ts'
import { JobView } from './job-view.ts'
import type { SnapshotRecord } from './open-snapshot.ts'
import { OverlapGate } from './overlap-gate.ts'
import { Placer } from './placer.ts'
import { ExclusiveRuns } from './run-now.ts'
import { groupOf, scheduledOrder } from './start-order.ts'

let clock: FakeClock
let jobBucket: MemoryBucket<ScheduledJob>
let snapshots: MemoryBucket<SnapshotRecord>
let fireLog: MemoryFireLog
let dispatcher: MemoryDispatcher
let history: MemoryExecutionLog
let members: Member[]
let reigns: { end: AbortController; done: Promise<unknown> }[]

beforeEach(async () => {
  clock = new FakeClock(sampleNowMs)
  jobBucket = new MemoryBucket()
  snapshots = new MemoryBucket()
  fireLog = new MemoryFireLog()
  dispatcher = new MemoryDispatcher(() => clock.now())
  history = new MemoryExecutionLog()
  members = [sampleMember('a'), sampleMember('b')]
  reigns = []
  await jobBucket.put('job', sampleJob({ retries: 2, retryDelayMs: 1_000 }))
})

afterEach(async () => {
  for (const reign of reigns) await endReign(reign)
})

async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

async function pass(ms: number): Promise<void> {
  for (let step = 0; step < ms; step += 250) {
    await clock.advance(250)
    await settle()
  }
}

async function lead(term: number) {
  const end = new AbortController()
  const jobs = new JobView(jobBucket)
  void jobs.follow(end.signal)
  const placer = new Placer(() => members, { runningOn: () => 0, refusesOrders: () => false }, clock)
  const nodes = { statesOf: async (_node: string, keys: readonly string[]) => keys.map(() => 'active' as const) }
  const gate = new OverlapGate({
    ...{ open: () => tracker.open, confirm: () => tracker.confirm(), members: () => members },
    ...{ nodes, turns: { withdraw: async () => {} }, clock },
  })
  const shared = { fireLog, dispatcher, history, placer, gate, clock, log: silentLog }
  const tracker: ExecutionTracker = new ExecutionTracker({ ...shared, jobs, snapshots, members: () => members })
  const runs = new ExclusiveRuns({ ...shared, onRecorded: tracker.noteRecorded.bind(tracker) })
  const done = tracker.lead({ number: term, leaderName: 'a' }, end.signal).catch((error: unknown) => error)
  const reign = { end, done, tracker, runs }
  reigns.push(reign)
  await settle()
  await clock.advance(20)
  await settle()
  return reign
}

async function endReign({ end, done }: { end: AbortController; done: Promise<unknown> }): Promise<unknown> {
  end.abort()
  return done
}

async function fire(atMs: number, ...nodeNames: readonly string[]): Promise<StartOrder> {
  const order = scheduledOrder(sampleJob(), atMs)
  await fireLog.createRun(order.group, { nodeNames, order })
  await settle()
  return order
}

function record(order: Pick<StartOrder, 'group' | 'attempt'>, nodeName: string, outcome: Outcome): Promise<void> {
  const { group, attempt } = order
  const id = executionId(order, nodeName)
  return history.append(sampleExecution({ id, group, attempt, nodeName, outcome, finishedAt: clock.now() }))
}

const outcomes = () => history.all.map(({ nodeName, attempt, outcome }) => [nodeName, attempt, outcome])
const retries = () => fireLog.retries.map(({ job }) => [job.order.attempt, job.nodeNames])

describe('a lost node', () => {
  test('its open executions are recorded as lost after 30 s, and those of others are not', async () => {
    await lead(1)
    const order = await fire(clock.now(), 'a', 'b')
    await record(order, 'a', 'succeeded')
    members = [sampleMember('a'), sampleMember('b', { status: 'failed' })]
    await pass(29_000)
    expect(outcomes()).toEqual([['a', 1, 'succeeded']])
    await pass(3_000)
    expect(outcomes()).toEqual([
      ['a', 1, 'succeeded'],
      ['b', 1, 'lost'],
    ])
    expect(history.all[1]?.reason).toMatch(/^node "b" is gone since 2026-01-02T03:04:0\d/)
    await pass(40_000)
    expect(history.all.filter(({ outcome }) => outcome === 'lost')).toHaveLength(1)
  })

  test('what a deleted job left there is not recorded', async () => {
    await lead(1)
    await fire(clock.now(), 'b')
    await jobBucket.delete('job')
    members = [sampleMember('a')]
    await pass(32_000)
    expect(history.all).toEqual([])
  })

  test('a new leader knows what was ordered before it, without reading it again', async () => {
    const first = await lead(1)
    await fire(clock.now(), 'b')
    await pass(4_000)
    await endReign(first)
    fireLog.runs.length = 0
    members = [sampleMember('a')]
    await lead(2)
    await pass(32_000)
    expect(outcomes()).toEqual([['b', 1, 'lost']])
  })
})

describe('a retry', () => {
  test('of what failed goes to the same node after its delay, once, and again with twice the delay', async () => {
    await lead(1)
    const order = await fire(clock.now(), 'b')
    await record(order, 'b', 'failed')
    await pass(750)
    expect(retries()).toEqual([])
    await pass(1_000)
    expect(retries()).toEqual([[2, ['b']]])
    await record({ ...order, attempt: 2 }, 'b', 'failed')
    await pass(1_500)
    expect(retries()).toHaveLength(1)
    await pass(1_500)
    expect(retries()).toEqual([
      [2, ['b']],
      [3, ['b']],
    ])
    await record({ ...order, attempt: 3 }, 'b', 'failed')
    await pass(60_000)
    expect(retries()).toHaveLength(2)
    expect([...dispatcher.started.keys()]).toEqual([`job/${order.group}-2-b`, `job/${order.group}-3-b`])
  })

  test('of what is lost goes to another node, and its late success changes nothing about that', async () => {
    members = [sampleMember('a'), sampleMember('b'), sampleMember('c')]
    await lead(1)
    const order = await fire(clock.now(), 'b', 'a')
    await record(order, 'a', 'succeeded')
    members = [sampleMember('a'), sampleMember('c')]
    await pass(34_000)
    expect(retries()).toEqual([[2, ['c']]])
    await record(order, 'b', 'failed')
    await pass(10_000)
    expect(retries()).toHaveLength(1)
  })

  test('is ordered once whatever a change of leader repeats', async () => {
    const first = await lead(1)
    const order = await fire(clock.now(), 'b')
    await record(order, 'b', 'failed')
    await pass(3_500)
    expect(retries()).toHaveLength(1)
    const before = await snapshots.get('open')
    await endReign(first)
    // As if the first leader had died before it stored anything.
    const early = { ...before?.value, term: 1, firesThrough: 0, executionsThrough: 0 } as SnapshotRecord
    await snapshots.put('open', early)
    await lead(2)
    await pass(3_000)
    expect(retries()).toHaveLength(1)
    expect(new Set(dispatcher.messages.map(({ dedupeId }) => dedupeId)).size).toBe(1)
  })

  test('that is pending survives its leader', async () => {
    const first = await lead(1)
    await jobBucket.put('job', sampleJob({ retries: 1, retryDelayMs: 20_000 }))
    await settle()
    const order = await fire(clock.now(), 'b')
    await record(order, 'b', 'unknown')
    await pass(5_000)
    await endReign(first)
    await lead(2)
    await pass(10_000)
    expect(retries()).toEqual([])
    await pass(6_000)
    expect(retries()).toEqual([[2, ['b']]])
  })

  test('of a job that forbids overlap waits for what runs, and is skipped in the end', async () => {
    await jobBucket.put('job', sampleJob({ retries: 1, concurrency: 'forbid', lateLimitMs: 10_000 }))
    await lead(1)
    const order = await fire(clock.now(), 'b')
    await record(order, 'b', 'failed')
    await fire(clock.now() + 1_000, 'a')
    await pass(9_000)
    expect(retries()).toEqual([])
    await pass(4_000)
    expect(retries()).toEqual([[2, []]])
    expect(outcomes().at(-1)).toEqual(['', 2, 'skipped'])
  })

  test('of what ended before there was ever a leader is not made', async () => {
    await history.append(sampleExecution({ outcome: 'failed' }))
    await lead(1)
    await pass(5_000)
    expect(retries()).toEqual([])
  })
})

test('a leader that stood still decides about no run once another one has begun', async () => {
  const { runs } = await lead(1)
  await fireLog.lead(2)
  const running = runs.run(sampleJob({ concurrency: 'forbid' }), groupOf(clock.now()))
  await expect(running).rejects.toBeInstanceOf(LeadershipLostError)
  expect(fireLog.runs).toEqual([])
})

test('a leader of a lower term ends at once and stores nothing', async () => {
  await lead(5)
  const stored = await snapshots.get('open')
  const late = await lead(4)
  expect(await late.done).toBeInstanceOf(LeadershipLostError)
  expect(await snapshots.get('open')).toEqual(stored)
})

test('a leader that is overtaken stops at its next snapshot', async () => {
  const old = await lead(1)
  await lead(2)
  await fire(clock.now(), 'a')
  await pass(4_000)
  expect(await old.done).toBeInstanceOf(LeadershipLostError)
  expect((await snapshots.get('open'))?.value.term).toBe(2)
})

test('of runs asked for at once that forbid overlap one starts, and a repeated request starts none', async () => {
  const { runs } = await lead(1)
  const job = sampleJob({ concurrency: 'forbid', tags: {} })
  const groups = [1, 2].map((n) => groupOf(clock.now() + n))
  await Promise.all([...groups, ...groups].map((group) => runs.run(job, group)))
  expect(fireLog.runs.map(({ job: fired }) => fired.nodeNames)).toEqual([['a', 'b'], []])
  const [skipped]: readonly (Execution | undefined)[] = history.all
  expect(skipped).toMatchObject({ outcome: 'skipped', nodeName: '' })
  expect(skipped?.reason).toContain(`${groups[0]}-1-a still runs on node "a"`)
})

test('a run that was recorded and not sent on its way is sent by whoever is asked for it again', async () => {
  const job = sampleJob({ concurrency: 'forbid', tags: {} })
  const group = groupOf(clock.now())
  const first = await lead(1)
  dispatcher.beforeDispatch = () => {
    throw new UnavailableError('NATS is not connected')
  }
  await expect(first.runs.run(job, group)).rejects.toBeInstanceOf(UnavailableError)
  await endReign(first)
  dispatcher.beforeDispatch = () => {}
  const { runs } = await lead(2)
  await runs.run(job, group)
  expect(fireLog.runs).toHaveLength(1)
  expect([...dispatcher.started.keys()]).toEqual([`job/${group}-1-a`, `job/${group}-1-b`])
})
