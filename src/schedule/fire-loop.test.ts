import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MemoryBucket } from '../../test/doubles/memory-bucket.ts'
import {
  MemoryCursorStore,
  MemoryDispatcher,
  MemoryExecutionLog,
  MemoryFireLog,
} from '../../test/doubles/memory-logs.ts'
import { sampleExecution, sampleJob, sampleMember, sampleNowMs } from '../../test/doubles/samples.ts'
import { FakeClock } from '../core/clock.ts'
import { UnavailableError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { executionId } from '../model/execution.ts'
import type { Member } from '../model/member.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'
import { FireLoop } from './fire-loop.ts'
import { JobView } from './job-view.ts'
import { OpenExecutions } from './open-executions.ts'
import { OverlapGate } from './overlap-gate.ts'
import { Placer } from './placer.ts'
import type { ExecutionState, NodeStates } from './ports.ts'

const start = sampleNowMs
const at = (second: number) => start + second * 1_000

let clock: FakeClock
let bucket: MemoryBucket<ScheduledJob>
let fireLog: MemoryFireLog
let dispatcher: MemoryDispatcher
let history: MemoryExecutionLog
let cursors: MemoryCursorStore
let members: Member[]
let open: OpenExecutions
/** What the nodes say of executions that they are asked about. */
let nodes: NodeStates
let reigns: { end: AbortController; done: Promise<unknown> }[]

beforeEach(() => {
  clock = new FakeClock(start)
  bucket = new MemoryBucket()
  fireLog = new MemoryFireLog()
  dispatcher = new MemoryDispatcher(() => clock.now())
  history = new MemoryExecutionLog()
  cursors = new MemoryCursorStore()
  members = [sampleMember('node-1')]
  reigns = []
  open = new OpenExecutions()
  nodes = { statesOf: async (_node, keys) => keys.map(() => 'ended') }
})

afterEach(async () => {
  for (const reign of reigns) await endReign(reign)
})

/** Lets everything that is on its way arrive. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** Moves the time in small steps, as it moves for real. */
async function pass(seconds: number): Promise<void> {
  for (let step = 0; step < seconds * 4; step += 1) {
    await clock.advance(250)
    await settle()
  }
}

async function lead(term = 1, historyLimit = 100) {
  const end = new AbortController()
  const jobs = new JobView(bucket)
  void jobs.follow(end.signal)
  const placer = new Placer(() => members, { runningOn: () => 0, refusesOrders: () => false }, clock)
  const loop = new FireLoop({
    jobs,
    fireLog,
    dispatcher,
    history,
    cursors,
    placer,
    gate: new OverlapGate({
      open: () => open,
      confirm: async () => {},
      members: () => members,
      nodes: { statesOf: (...asked) => nodes.statesOf(...asked) },
      turns: { withdraw: async () => {} },
      clock,
    }),
    onRecorded: (sequence, records) => open.note(sequence, records, clock.now()),
    clock,
    log: silentLog,
    agentZone: 'UTC',
    historyLimit,
  })
  const reign = { end, done: loop.lead({ number: term, leaderName: 'node-1' }, end.signal).catch(() => {}) }
  reigns.push(reign)
  await settle()
  return reign
}

async function endReign({ end, done }: { end: AbortController; done: Promise<unknown> }): Promise<void> {
  end.abort()
  await done
}

/** The process is gone: whatever it would still have written is lost. */
async function crash(reign: { end: AbortController; done: Promise<unknown> }): Promise<void> {
  const stored = cursors.stored
  await endReign(reign)
  cursors.stored = stored
}

function outcomesOf(jobName: string): readonly [number | null, string][] {
  const found = history.all.filter((execution) => execution.jobName === jobName)
  return found
    .map((execution): [number | null, string] => [execution.scheduledAt, execution.outcome])
    .sort(([a], [b]) => (a ?? 0) - (b ?? 0))
}

const put = (change: Partial<ScheduledJob> = {}) => {
  const job = sampleJob(change)
  return bucket.put(job.name, job)
}

describe('in good order', () => {
  test('every job fires in its very second, never before it', async () => {
    await put({ schedule: '* * * * * *' })
    await put({ name: 'third', schedule: '*/3 * * * * *' })
    await lead()
    await pass(6)
    expect(dispatcher.startsOf('job')).toEqual([1, 2, 3, 4, 5, 6].map(at))
    expect(dispatcher.startsOf('third')).toEqual([at(1), at(4)])
    for (const { atMs, orders } of dispatcher.messages) expect(atMs).toBe(orders[0]?.scheduledAt)
  })

  test('a second is one record and one message a node', async () => {
    members = [sampleMember('a'), sampleMember('b')]
    for (const name of ['x', 'y', 'z']) await put({ name })
    await lead()
    await pass(1)
    expect(fireLog.records).toMatchObject([{ second: at(1) / 1_000 }])
    expect(fireLog.records[0]?.jobs).toHaveLength(3)
    expect(dispatcher.messages.map(({ nodeName, orders }) => [nodeName, orders.length])).toEqual([
      ['a', 3],
      ['b', 3],
    ])
    expect(dispatcher.messages[0]?.orders[0]).toMatchObject({
      group: `${at(1)}000000`,
      scheduledAt: at(1),
      startBeforeAt: at(61),
    })
  })

  test('a second with more than 512 KB of jobs is split, and everything starts once', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `big-${index}`)
    for (const name of names) await put({ name, command: `echo ${'x'.repeat(100_000)}` })
    await lead()
    await pass(1)
    expect(fireLog.records.map(({ second, jobs }) => [second, jobs.length])).toEqual([
      [at(1) / 1_000, 5],
      [at(1) / 1_000, 5],
      [at(1) / 1_000, 2],
    ])
    for (const record of fireLog.records) expect(JSON.stringify(record).length).toBeLessThan(600_000)
    for (const name of names) expect(dispatcher.startsOf(name)).toEqual([at(1)])
  })

  test('jobs can be added, edited, disabled and deleted without disturbing the others', async () => {
    await put({ name: 'steady' })
    await put({ name: 'edited' })
    await put({ name: 'deleted' })
    await lead()
    await pass(2)
    await put({ name: 'new', schedule: '* * * * * *', createdAt: at(2), scheduledSince: at(2) })
    await put({ name: 'edited', schedule: '*/5 * * * * *', scheduledSince: at(2) })
    await bucket.delete('deleted')
    await settle()
    await pass(2)
    await put({ name: 'new', isDisabled: true, createdAt: at(2), scheduledSince: at(2) })
    await settle()
    await pass(2)
    expect(dispatcher.startsOf('steady')).toEqual([1, 2, 3, 4, 5, 6].map(at))
    expect(dispatcher.startsOf('edited')).toEqual([at(1), at(2), at(5)])
    expect(dispatcher.startsOf('deleted')).toEqual([at(1), at(2)])
    expect(dispatcher.startsOf('new')).toEqual([at(3), at(4)])
  })

  test('a job that no node matches is recorded with the reason, once', async () => {
    await put({ tags: { role: 'web' }, schedule: '*/10 * * * * *' })
    await lead()
    await pass(6)
    expect(outcomesOf('job')).toEqual([[at(5), 'unplaced']])
    expect(history.all[0]).toMatchObject({ nodeName: '', reason: 'no alive node matches the tag role=web' })
  })

  test('a job saved just before its second, but heard of after it, fires all the same', async () => {
    await put({ name: 'other' })
    await lead()
    await pass(2)
    await put({ name: 'late', schedule: '@every 1h', createdAt: at(1) + 500 - 3_600_000, scheduledSince: at(0) })
    await put({ name: 'later', createdAt: at(1) + 900, scheduledSince: at(1) + 900 })
    await settle()
    expect(dispatcher.startsOf('later')).toEqual([at(2)])
    expect(fireLog.records.filter(({ second }) => second === at(2) / 1_000)).toHaveLength(2)
    await pass(1)
    expect(dispatcher.startsOf('later')).toEqual([at(2), at(3)])
    expect(dispatcher.startsOf('other')).toEqual([at(1), at(2), at(3)])
  })

  test('jobs that the leader hears of half a minute late lose no fire without a record', async () => {
    const held: (() => void)[] = []
    let isBehind = false
    const watch = bucket.watch.bind(bucket)
    bucket.watch = async function* (signal) {
      for await (const change of watch(signal)) {
        if (isBehind) await new Promise<void>((resolve) => held.push(resolve))
        yield change
      }
    }
    await put({ name: 'other' })
    await lead()
    await pass(20)
    isBehind = true
    await put({ name: 'late', schedule: '* * * * * *', createdAt: at(20), scheduledSince: at(20), lateLimitMs: 25_000 })
    await pass(30)
    expect(dispatcher.startsOf('other')).toHaveLength(50)
    expect(cursors.stored?.throughSecond).toBeLessThanOrEqual(at(20) / 1_000)
    isBehind = false
    for (const tell of held) tell()
    await pass(4)
    const seconds = (from: number, through: number) =>
      Array.from({ length: through - from + 1 }, (_, index) => at(from + index))
    expect(outcomesOf('late')).toEqual(seconds(21, 25).map((atMs) => [atMs, 'missed']))
    expect(dispatcher.startsOf('late')).toEqual(seconds(26, 54))
    await pass(8)
    expect(cursors.stored?.throughSecond).toBeGreaterThan(at(50) / 1_000)
  })

  test('an @at between two seconds fires at the end of its second, not before', async () => {
    await put({ schedule: '@at 2026-01-02T03:04:07.250Z' })
    await lead()
    await pass(5)
    expect(dispatcher.messages.map(({ atMs }) => atMs)).toEqual([at(3)])
    expect(dispatcher.startsOf('job')).toEqual([at(2) + 250])
  })

  test('a job whose stored schedule nobody understands stops no other', async () => {
    await put({ name: 'broken', schedule: 'rubbish' })
    await put({ name: 'lost', timezone: 'Mars/Olympus' })
    await put({})
    await lead()
    await pass(2)
    expect(dispatcher.startsOf('job')).toEqual([at(1), at(2)])
  })
})

describe('after a change of leader', () => {
  test('nothing is lost and nothing fires twice', async () => {
    await put({})
    const first = await lead()
    await pass(4)
    await crash(first)
    await pass(3)
    await lead(2)
    await pass(2)
    expect(dispatcher.startsOf('job')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map(at))
    const records = fireLog.records.map(({ second }) => second)
    expect(new Set(records).size).toBe(records.length)
    expect(history.all).toEqual([])
  })

  test('what was recorded but not dispatched is dispatched', async () => {
    await put({ schedule: '5 4 3 * * *', createdAt: at(-10), scheduledSince: at(-10) })
    cursors.stored = { throughSecond: at(-1) / 1_000, term: 1 }
    dispatcher.beforeDispatch = () => {
      throw new UnavailableError('gone')
    }
    const first = await lead()
    expect(fireLog.records).toHaveLength(1)
    await crash(first)
    dispatcher.beforeDispatch = () => {}
    await lead(2)
    expect(dispatcher.startsOf('job')).toEqual([at(0)])
    expect(fireLog.records).toHaveLength(1)
  })

  test('of what was recorded long ago only what the history does not know is dispatched: nodes forget', async () => {
    members = [sampleMember('node-1'), sampleMember('node-2')]
    await put({ schedule: '5 4 3 * * *', createdAt: at(-10), scheduledSince: at(-10), lateLimitMs: 7 * 86_400_000 })
    cursors.stored = { throughSecond: at(-1) / 1_000, term: 1 }
    const first = await lead()
    await crash(first)
    cursors.stored = { throughSecond: at(-1) / 1_000, term: 1 }
    const [order] = dispatcher.messages.flatMap(({ orders }) => orders)
    if (order === undefined) throw new Error('nothing was dispatched')
    const id = executionId(order, 'node-1')
    await history.append(sampleExecution({ id, group: order.group, nodeName: 'node-1', outcome: 'succeeded' }))
    dispatcher.messages.length = 0
    await clock.advance(86_400_000 + 3_600_000)
    await lead(2)
    const again = dispatcher.messages.filter(({ orders }) => orders.some(({ group }) => group === order.group))
    expect(again.map(({ nodeName }) => nodeName)).toEqual(['node-2'])
  })

  test('a second of which only the first part was recorded is completed', async () => {
    for (let index = 0; index < 8; index += 1) await put({ name: `big-${index}`, command: 'x'.repeat(100_000) })
    await lead()
    await pass(1)
    const [first] = fireLog.records
    const after = new MemoryFireLog()
    after.records.push(...(first === undefined ? [] : [first]))
    fireLog = after
    dispatcher = new MemoryDispatcher()
    cursors.stored = { throughSecond: at(0) / 1_000, term: 1 }
    for (const reign of reigns) await crash(reign)
    cursors.stored = { throughSecond: at(0) / 1_000, term: 1 }
    await lead(2)
    expect(fireLog.records.map(({ jobs }) => jobs.length)).toEqual([5, 3])
    expect(dispatcher.started.size).toBe(8)
  })

  test('of two leaders at once the one of the higher term fires, and the other nothing', async () => {
    await put({})
    await put({ name: 'other', schedule: '*/2 * * * * *' })
    await lead(1)
    await lead(2)
    await pass(4)
    expect(dispatcher.startsOf('job')).toEqual([1, 2, 3, 4].map(at))
    expect(dispatcher.startsOf('other')).toEqual([1, 3].map(at))
    expect(fireLog.records).toHaveLength(4)
  })

  test('a leader that stood still calls nothing missed that another one may have fired', async () => {
    await put({ catchup: 'none' })
    await lead(1)
    await pass(2)
    await fireLog.lead(2)
    clock.jump(10_000)
    await put({ catchup: 'none', owner: 'edited' })
    await pass(1)
    expect(history.all).toEqual([])
  })

  test('a fire recorded as unplaced stays so when a node comes later', async () => {
    await put({ tags: { role: 'web' }, schedule: '6 4 3 * * *' })
    const first = await lead()
    await pass(2)
    await crash(first)
    members = [sampleMember('web-1', { tags: { role: 'web' } })]
    await lead(2)
    await pass(1)
    expect(outcomesOf('job')).toEqual([[at(1), 'unplaced']])
    expect(dispatcher.messages).toEqual([])
  })

  test('a first leader fires what was saved before it was elected', async () => {
    await put({ scheduledSince: at(0), createdAt: at(0) })
    await pass(3)
    await lead()
    expect(dispatcher.startsOf('job')).toEqual([1, 2, 3].map(at))
  })

  test('an edit or a new enabling owes nothing for the time before it', async () => {
    cursors.stored = { throughSecond: at(0) / 1_000, term: 1 }
    await pass(10)
    await put({ scheduledSince: at(8) })
    await lead()
    expect(dispatcher.startsOf('job')).toEqual([at(9), at(10)])
    expect(history.all).toEqual([])
  })
})

describe('after an outage', () => {
  beforeEach(async () => {
    cursors.stored = { throughSecond: at(0) / 1_000, term: 1 }
  })

  test('catch-up all makes up what is within the limit and records the rest as missed', async () => {
    await put({ schedule: '*/10 * * * * *', lateLimitMs: 30_000 })
    await pass(62)
    await lead()
    expect(dispatcher.startsOf('job')).toEqual([at(35), at(45), at(55)])
    expect(outcomesOf('job')).toEqual([5, 15, 25].map((second) => [at(second), 'missed']))
    expect(history.all[0]?.reason).toBe(
      'not started: no leader was there in time, it was 57 s late and the job allows 30 s',
    )
  })

  test('catch-up last makes up the newest and records the others', async () => {
    await put({ schedule: '*/10 * * * * *', catchup: 'last' })
    await pass(42)
    await lead()
    expect(dispatcher.startsOf('job')).toEqual([at(35)])
    expect(outcomesOf('job')).toEqual([5, 15, 25].map((second) => [at(second), 'missed']))
  })

  test('catch-up none records all', async () => {
    await put({ schedule: '*/10 * * * * *', catchup: 'none' })
    await pass(42)
    await lead()
    expect(dispatcher.startsOf('job')).toEqual([])
    expect(outcomesOf('job')).toEqual([5, 15, 25, 35].map((second) => [at(second), 'missed']))
    await pass(3)
    expect(dispatcher.startsOf('job')).toEqual([at(45)])
  })

  test('of days only the newest are recorded one by one, with one record for the rest', async () => {
    await put({ lateLimitMs: 2_000 })
    clock.jump(3 * 86_400_000)
    await lead(1, 10)
    const missed = history.all.map(({ scheduledAt, reason }) => [scheduledAt, reason] as const)
    expect(missed).toHaveLength(11)
    const now = at(3 * 86_400)
    expect(missed.map(([scheduledAt]) => scheduledAt)).toEqual([
      at(1),
      ...Array.from({ length: 10 }, (_, index) => now - 12_000 + index * 1_000),
    ])
    expect(missed[0]?.[1]).toMatch(/^not started, like every fire from 2026-01-02T03:04:06.000Z until 2026-01-05T/)
    expect(dispatcher.startsOf('job')).toEqual([now - 2_000, now - 1_000, now])
  })

  test('a crash while missed fires are being recorded loses none and doubles none', async () => {
    await put({ schedule: '*/5 * * * * *', lateLimitMs: 5_000 })
    await pass(100)
    let count = 0
    history.beforeAppend = () => {
      count += 1
      if (count > 3) throw new UnavailableError('gone')
    }
    const first = await lead()
    await pass(10)
    await endReign(first)
    expect(outcomesOf('job').length).toBeLessThan(10)
    history.beforeAppend = () => {}
    await lead(2)
    await settle()
    const accounted = [...outcomesOf('job').map(([second]) => second), ...dispatcher.startsOf('job')]
    expect(accounted.toSorted()).toEqual(Array.from({ length: 22 }, (_, index) => at(5 * (index + 1))))
  })
})

describe('jobs that forbid overlap', () => {
  const ask = (answer: () => ExecutionState | Promise<ExecutionState>) => {
    nodes = { statesOf: async (_node, keys) => Promise.all(keys.map(answer)) }
  }

  test('a fire is skipped with the reason while another one runs, and starts when that is over', async () => {
    await put({ concurrency: 'forbid' })
    let isRunning = true
    ask(() => (isRunning ? 'active' : 'ended'))
    await lead()
    await pass(3)
    isRunning = false
    await pass(1)
    expect(dispatcher.startsOf('job')).toEqual([at(1), at(4)])
    expect(outcomesOf('job')).toEqual([
      [at(2), 'skipped'],
      [at(3), 'skipped'],
    ])
    expect(history.all[0]?.reason).toBe(
      `not started: the earlier execution ${at(1)}000000-1-node-1 still runs on node "node-1"`,
    )
  })

  test('waiting for an answer delays no other job, and the cursor waits for it', async () => {
    await put({ concurrency: 'forbid' })
    await put({ name: 'other' })
    let answer: (state: ExecutionState) => void = () => {}
    ask(
      () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    )
    const first = await lead()
    await pass(8)
    expect(dispatcher.startsOf('other')).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map(at))
    expect(dispatcher.startsOf('job')).toEqual([at(1)])
    expect(cursors.stored?.throughSecond ?? 0).toBeLessThan(at(2) / 1_000)
    ask(() => 'ended')
    answer('ended')
    await pass(1)
    expect(dispatcher.startsOf('job')).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map(at))
    await endReign(first)
  })

  test('many of them in one second share their records', async () => {
    for (let index = 0; index < 50; index += 1) await put({ name: `job-${index}`, concurrency: 'forbid' })
    ask(() => 'active')
    await lead()
    await pass(2)
    expect(history.all).toHaveLength(50)
    expect(fireLog.records.length).toBeLessThan(10)
  })

  test('what could not be decided is decided later, in order and once', async () => {
    await put({ concurrency: 'forbid' })
    await lead()
    await pass(1)
    let isDown = true
    fireLog.beforeCreate = () => {
      if (isDown) throw new UnavailableError('no quorum')
    }
    await pass(4)
    expect(dispatcher.startsOf('job')).toEqual([at(1)])
    isDown = false
    await pass(6)
    expect(dispatcher.startsOf('job')).toEqual(Array.from({ length: 11 }, (_, index) => at(index + 1)))
    expect(fireLog.records).toHaveLength(11)
  })

  test('a fire that was recorded as skipped stays so for the next leader', async () => {
    await put({ concurrency: 'forbid', schedule: '6,7 4 3 * * *' })
    ask(() => 'active')
    const first = await lead()
    await pass(3)
    await crash(first)
    ask(() => 'ended')
    cursors.stored = { throughSecond: at(0) / 1_000, term: 1 }
    await lead(2)
    await pass(1)
    expect(dispatcher.startsOf('job')).toEqual([at(1)])
    expect(outcomesOf('job')).toEqual([[at(2), 'skipped']])
  })
})

describe('in trouble', () => {
  test('a store that fails for a while makes fires late, not lost', async () => {
    await put({})
    let isDown = false
    fireLog.beforeCreate = () => {
      if (isDown) throw new UnavailableError('no quorum')
    }
    await lead()
    await pass(2)
    isDown = true
    await pass(10)
    expect(dispatcher.startsOf('job')).toEqual([at(1), at(2)])
    isDown = false
    await pass(6)
    expect(dispatcher.startsOf('job')).toEqual(Array.from({ length: 18 }, (_, index) => at(index + 1)))
    expect(history.all).toEqual([])
  })

  test('a write whose answer was lost is not repeated', async () => {
    await put({})
    let hasFailed = false
    fireLog.afterCreate = () => {
      if (hasFailed) return
      hasFailed = true
      throw new UnavailableError('timed out')
    }
    await lead()
    await pass(3)
    expect(dispatcher.startsOf('job')).toEqual([1, 2, 3].map(at))
    expect(fireLog.records).toHaveLength(3)
  })

  test('an edit while a failing write is on its way does not lose the fire', async () => {
    await put({})
    let fail = () => {}
    fireLog.beforeCreate = () =>
      new Promise((_resolve, reject) => {
        fail = () => reject(new UnavailableError('timed out'))
      })
    await lead()
    await pass(1)
    await put({ owner: 'somebody' })
    await settle()
    fireLog.beforeCreate = () => {}
    fail()
    await pass(1)
    expect(dispatcher.startsOf('job')).toEqual([at(1), at(2)])
  })

  describe('a change while the leader is behind', () => {
    let goOn: (error?: Error) => void

    beforeEach(async () => {
      await put({ schedule: '* * * * * *', lateLimitMs: 6_000 })
      fireLog.beforeCreate = () =>
        new Promise((resolve, reject) => {
          goOn = (error) => (error === undefined ? resolve() : reject(error))
        })
      await lead()
      await pass(1)
    })

    async function letGo(error?: Error): Promise<void> {
      fireLog.beforeCreate = () => {}
      goOn(error)
      await pass(3)
    }

    test('that disables a job drops no fire that was due before it', async () => {
      await pass(3)
      await put({ schedule: '* * * * * *', isDisabled: true })
      await letGo()
      expect(dispatcher.startsOf('job')).toEqual([1, 2, 3, 4].map(at))
      expect(history.all).toEqual([])
    })

    test('that gives a job another schedule fires what the old one owed first', async () => {
      await pass(3)
      await put({ schedule: '*/2 * * * * *', scheduledSince: at(3) + 500 })
      await put({ schedule: '*/2 * * * * *', scheduledSince: at(3) + 500, owner: 'somebody' })
      await letGo()
      const odd = start % 2_000 === 0 ? [4, 6] : [5, 7]
      expect(dispatcher.startsOf('job')).toEqual([1, 2, 3, ...odd].map(at))
    })

    test('that disables a job and enables it again owes nothing for the time between', async () => {
      await put({ schedule: '* * * * * *', isDisabled: true })
      await settle()
      await pass(2)
      await put({ schedule: '* * * * * *', scheduledSince: clock.now() })
      await letGo()
      expect(dispatcher.startsOf('job')).toEqual([1, 4, 5, 6].map(at))
    })

    test('that comes too late for what was due is preceded by a record of it', async () => {
      await pass(9)
      await put({ schedule: '* * * * * *', isDisabled: true })
      await letGo()
      expect(outcomesOf('job')).toEqual([2, 3, 4].map((second) => [at(second), 'missed']))
      expect(dispatcher.startsOf('job')).toEqual([1, 5, 6, 7, 8, 9, 10].map(at))
    })

    test('whose write then fails does not lose the fire either', async () => {
      await put({ schedule: '* * * * * *', isDisabled: true })
      await settle()
      await letGo(new UnavailableError('timed out'))
      expect(dispatcher.startsOf('job')).toEqual([at(1)])
    })

    test('that deletes a job ends it at once', async () => {
      await pass(3)
      await bucket.delete('job')
      await letGo()
      expect(dispatcher.startsOf('job')).toEqual([at(1)])
    })
  })

  test('a clock that jumps ahead counts as lateness', async () => {
    await put({ schedule: '*/10 * * * * *', lateLimitMs: 30_000 })
    await lead()
    await pass(6)
    clock.jump(60_000)
    await pass(2)
    expect(dispatcher.startsOf('job')).toEqual([5, 45, 55, 65].map(at).filter((ms) => ms <= clock.now()))
    expect(outcomesOf('job')).toEqual([15, 25, 35].map((second) => [at(second), 'missed']))
  })

  test('a clock that is set back by minutes never fires a second again', async () => {
    await put({})
    const first = await lead()
    await pass(5)
    clock.jump(-120_000)
    await pass(3)
    await crash(first)
    await lead(2)
    await pass(3)
    expect(dispatcher.startsOf('job')).toEqual([1, 2, 3, 4, 5].map(at))
    clock.jump(114_000)
    await pass(2)
    expect(dispatcher.startsOf('job').slice(5)).toEqual([6, 7].map(at))
  })

  test('a clock that came back from years ahead does not silence jobs for years', async () => {
    await put({})
    await lead()
    await pass(2)
    clock.jump(10 * 365 * 86_400_000)
    await pass(3)
    clock.jump(-10 * 365 * 86_400_000)
    await pass(4)
    const starts = dispatcher.startsOf('job').filter((ms) => (ms ?? 0) < at(100))
    // 3 and 4 passed while the clock was ahead. That it came back is noticed just before 6: 4 is not yet two seconds late.
    expect(starts).toEqual([1, 2, 4, 5, 6, 7, 8, 9].map(at))
  })
})

test('the cursor follows a few seconds behind and is saved at the end', async () => {
  await put({})
  const reign = await lead()
  await pass(20)
  expect(cursors.stored?.throughSecond).toBeGreaterThanOrEqual(at(12) / 1_000)
  await endReign(reign)
  expect(cursors.stored?.throughSecond).toBe(at(15) / 1_000)
})
