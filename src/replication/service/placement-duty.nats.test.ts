/** Two leaders at once, as a leader that was stopped and comes back makes them, on a real NATS. */
import { expect, onTestFinished, test } from 'vitest'
import { MemoryBucket } from '../../../test/doubles/memory-bucket.ts'
import { member, replicationJob } from '../../../test/doubles/replication-jobs.ts'
import { eventually } from '../../../test/harness/eventually.ts'
import { startNats } from '../../../test/harness/nats-server.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLog } from '../../core/log.ts'
import { openConnection } from '../../engine/connection.ts'
import { openBucket } from '../../engine/kv-bucket.ts'
import type { Member } from '../../model/member.ts'
import type { ReplicationJob } from '../../model/replication-job.ts'
import { type Assignment, leaderKey } from './assignment.ts'
import { BucketView } from './bucket-view.ts'
import { PlacementDuty } from './placement-duty.ts'
import type { TaskReportRecord } from './task-report-record.ts'

const [alpha, beta, gamma] = [member('alpha'), member('beta'), member('gamma')]

class Leader {
  members: readonly Member[]
  readonly assignments: BucketView<Assignment>
  readonly jobs: BucketView<ReplicationJob>
  readonly #duty: PlacementDuty
  readonly #ending = new AbortController()
  readonly #views: readonly Promise<void>[]

  private constructor(
    jobs: BucketView<ReplicationJob>,
    assignments: BucketView<Assignment>,
    members: readonly Member[],
  ) {
    const reports = new BucketView(new MemoryBucket<TaskReportRecord>(), systemClock)
    this.members = members
    this.jobs = jobs
    this.assignments = assignments
    const parts = { jobs, assignments, reports, clock: systemClock, log: silentLog }
    this.#views = [jobs, assignments, reports].map((view) => view.run(this.#ending.signal, silentLog))
    this.#duty = new PlacementDuty({
      ...parts,
      streams: { remove: async () => undefined },
      members: () => this.members,
      loadOf: () => null,
    })
  }

  static async open(url: string, members: readonly Member[]): Promise<Leader> {
    const connection = await openConnection({ url, name: 'leader', log: silentLog })
    onTestFinished(() => connection.close())
    const view = async <Value>(name: string) =>
      new BucketView(await openBucket<Value>(connection, { name, storage: 'file' }), systemClock)
    const leader = new Leader(await view<ReplicationJob>('jobs'), await view<Assignment>('assignments'), members)
    onTestFinished(() => leader.end())
    return leader
  }

  lead(term: number): void {
    void this.#duty.lead({ number: term, leaderName: 'x' }, this.#ending.signal)
  }

  /** One look as this leader sees things, whoever leads by now. */
  async place(term: number): Promise<void> {
    await this.#duty.place({ number: term, leaderName: 'x' }, this.#ending.signal)
  }

  async end(): Promise<void> {
    this.#ending.abort()
    await Promise.all(this.#views)
  }
}

async function assignment(leader: Leader, key: string): Promise<Assignment | undefined> {
  return (await leader.assignments.bucket.get(key))?.value
}

test('a leader that was replaced places nothing, whatever it still believes', async () => {
  await using nats = await startNats()
  const everybody = [alpha, beta, gamma]
  const old = await Leader.open(nats.url, everybody)
  for (const id of ['j1', 'j2']) await old.jobs.bucket.create(id, replicationJob({ id }))
  old.lead(3)
  await eventually(async () => {
    for (const key of ['j1.source', 'j1.target', 'j2.source', 'j2.target'])
      expect((await assignment(old, key))?.nodeId).toBeTypeOf('string')
    return true
  }, 10_000)
  const before = await assignment(old, 'j1.source')

  const next = await Leader.open(nats.url, everybody)
  next.lead(4)
  await eventually(async () => {
    for (const { value } of await next.assignments.bucket.list()) expect(value.leaderTerm).toBe(4)
    return true
  }, 10_000)
  expect(await assignment(next, 'j1.source')).toEqual({ ...before, leaderTerm: 4 })

  // The old one takes every node but gamma for dead, and would move all tasks there.
  old.members = [gamma, ...[alpha, beta].map((one) => ({ ...one, status: 'failed' as const }))]
  const standing = await next.assignments.bucket.list()
  for (let look = 0; look < 5; look += 1) await old.place(3)
  expect(await next.assignments.bucket.list()).toEqual(standing)
})

test('what a replaced leader places for a new job stands under its old term until the new leader makes it its own', async () => {
  await using nats = await startNats()
  const old = await Leader.open(nats.url, [alpha])
  old.lead(3)
  await eventually(async () => (await assignment(old, leaderKey)) ?? undefined, 10_000)
  const next = await Leader.open(nats.url, [beta])
  next.lead(5)
  await eventually(async () => expect((await assignment(old, leaderKey))?.leaderTerm).toBe(5) ?? true, 10_000)
  await eventually(async () => (old.assignments.get(leaderKey)?.value.leaderTerm === 5 ? true : undefined), 10_000)
  await old.jobs.bucket.create('j1', replicationJob({ id: 'j1' }))
  await eventually(async () => {
    await old.place(3)
    expect(await assignment(next, 'j1.source')).toMatchObject({ nodeId: beta.nodeId, leaderTerm: 5 })
    return true
  }, 10_000)
})

test('a new leader keeps the term that a node has claimed while it took over', async () => {
  await using nats = await startNats()
  const old = await Leader.open(nats.url, [alpha])
  await old.jobs.bucket.create('j1', replicationJob({ id: 'j1' }))
  old.lead(1)
  await eventually(async () => (await assignment(old, 'j1.target')) ?? undefined, 10_000)
  const held = await old.assignments.bucket.get('j1.target')
  if (held === null) throw new Error('the task is placed')
  const claimed = held.value.ownerTerm + 1_000
  const next = await Leader.open(nats.url, [alpha])
  next.lead(2)
  await eventually(async () => {
    const now = await old.assignments.bucket.get('j1.target')
    if (now === null) throw new Error('the task is placed')
    return await old.assignments.bucket.update('j1.target', { ...now.value, ownerTerm: claimed }, now.revision)
  }, 10_000)
  await eventually(async () => {
    expect(await assignment(next, 'j1.target')).toMatchObject({
      ownerTerm: claimed,
      leaderTerm: 2,
      nodeId: alpha.nodeId,
    })
    return true
  }, 10_000)
})
