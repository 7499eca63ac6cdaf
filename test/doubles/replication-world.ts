/** Jobs, placement and supervision of several agents on a store and processes in memory, with a clock that a test moves. */
import { onTestFinished } from 'vitest'
import { FakeClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { SecretBox } from '../../src/core/secret-box.ts'
import type { Member } from '../../src/model/member.ts'
import type { ReplicationJob } from '../../src/model/replication-job.ts'
import { type Assignment, leaderKey } from '../../src/replication/service/assignment.ts'
import type { NameClaim } from '../../src/replication/service/name-claims.ts'
import { createReplicationService } from '../../src/replication/service/replication-service.ts'
import type { TaskReportRecord } from '../../src/replication/service/task-report-record.ts'
import { MemoryBucket } from './memory-bucket.ts'
import { clusterOf, jobDraft, member } from './replication-jobs.ts'
import { MemoryTaskLauncher } from './task-launcher.ts'

export class World {
  readonly clock = new FakeClock(1_000_000)
  readonly removedStreams: string[] = []
  /** What a NATS that is not the cluster's does when it is asked to remove a stream. */
  elsewhere: () => Promise<void> = async () => undefined
  readonly buckets = {
    jobs: new MemoryBucket<ReplicationJob>(),
    names: new MemoryBucket<NameClaim>(),
    assignments: new MemoryBucket<Assignment>(),
    reports: new MemoryBucket<TaskReportRecord>(),
  }

  /** An agent; the one that leads places tasks. */
  start(isLeader: boolean, ...members: readonly Member[]) {
    const launcher = new MemoryTaskLauncher()
    const service = createReplicationService({
      buckets: this.buckets,
      cluster: clusterOf(...members),
      isKnownNode: () => true,
      loadOf: () => null,
      launcher,
      streams: {
        remove: async ({ jobId, natsAddress }) => {
          this.removedStreams.push(jobId)
          if (natsAddress !== null) await this.elsewhere()
        },
      },
      secrets: new SecretBox(Buffer.alloc(32, 1)),
      clock: this.clock,
      log: silentLog,
    })
    const ending = new AbortController()
    const running = [service.run(ending.signal)]
    if (isLeader) running.push(service.placement.lead({ number: 1, leaderName: 'alpha' }, ending.signal))
    const end = async () => {
      ending.abort()
      await Promise.all(running)
    }
    onTestFinished(end)
    return { ...service, launcher, end, status: (job: ReplicationJob) => service.progress.status(job) }
  }

  /** Lets everything that is under way happen, and `ms` pass. */
  async pass(ms = 0): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await this.clock.advance(0)
    if (ms > 0) await this.clock.advance(ms)
    for (let turn = 0; turn < 20; turn += 1) await this.clock.advance(0)
  }

  async term(jobId: string, role: string): Promise<number> {
    return (await this.buckets.assignments.get(`${jobId}.${role}`))?.value.ownerTerm ?? 0
  }
}

export const alpha = member('alpha')

/** One agent that leads, with a job `j1` whose tasks both run. */
export async function lonelyNode() {
  const world = new World()
  const node = world.start(true, alpha)
  const { value: job } = await node.jobs.save(jobDraft({ id: 'j1' }))
  await world.pass()
  const [source] = node.launcher.running('source')
  const [target] = node.launcher.running('target')
  if (source === undefined || target === undefined) throw new Error('both tasks should run')
  return { world, node, job, source, target }
}

/** The keys of everything that is stored but who leads. */
export async function recordsOf(world: World): Promise<readonly string[]> {
  const lists = await Promise.all(Object.values(world.buckets).map((bucket) => bucket.list()))
  return lists.flat().flatMap(({ key }) => (key === leaderKey ? [] : [key]))
}
