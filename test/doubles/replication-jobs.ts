/** Jobs, drafts and members for tests of the replication service and its API. */
import type { ClusterView, Member } from '../../src/model/member.ts'
import type { ReplicationJob, ReplicationTask, TaskRole } from '../../src/model/replication-job.ts'
import type { JobDraft, TaskDraft } from '../../src/replication/service/job-draft.ts'
import { emptyReport } from '../../src/replication/service/task-problem.ts'
import type { TaskReportRecord } from '../../src/replication/service/task-report-record.ts'
import type { TaskReport } from '../../src/replication/task-context.ts'

export function draftTask(role: TaskRole, change: Partial<TaskDraft> = {}): TaskDraft {
  return {
    role,
    nodeId: null,
    driver: 'MySQL',
    server: {
      host: `${role}.example`,
      port: 3306,
      user: 'repl',
      password: { kind: 'clear', text: `planted-${role}` },
    },
    natsAddress: null,
    parallelWorkers: 4,
    gtid: null,
    bufferedMessages: 600,
    frameBytes: 20_480,
    include: [{ schema: 'shop', tables: [] }],
    exclude: [],
    forceSql: false,
    dropTableIfExists: false,
    skipCreateTable: false,
    ...change,
  }
}

export function jobDraft(change: Partial<JobDraft> = {}): JobDraft {
  return {
    id: null,
    name: 'orders',
    kind: 'synchronous',
    source: draftTask('source'),
    target: draftTask('target'),
    ...change,
  }
}

export function storedTask(role: TaskRole, change: Partial<ReplicationTask> = {}): ReplicationTask {
  const draft = draftTask(role)
  return { ...draft, server: { ...draft.server, password: { kind: 'sealed', box: `box of ${role}` } }, ...change }
}

export function replicationJob(change: Partial<ReplicationJob> = {}): ReplicationJob {
  return {
    id: 'j1',
    name: 'orders',
    kind: 'synchronous',
    source: storedTask('source'),
    target: storedTask('target'),
    isPaused: false,
    createdAt: 1_000,
    updatedAt: 2_000,
    ...change,
  }
}

export function member(name: string, change: Partial<Member> = {}): Member {
  return {
    nodeId: `id-of-${name}`,
    nodeName: name,
    status: 'alive',
    address: '127.0.0.1',
    dkronPort: 8080,
    udupPort: 8190,
    natsPort: 8193,
    natsRoutePort: 8194,
    natsRole: 'server',
    tags: {},
    version: '0.1.0',
    startedAt: 0,
    ...change,
  }
}

/** @param members the first is the node that asks, and leads */
export function clusterOf(...members: readonly Member[]): ClusterView {
  const [self] = members
  if (self === undefined) throw new Error('a cluster has at least one member')
  return { self, members: () => members, leader: () => self }
}

export function taskReport(role: TaskRole, change: Partial<TaskReport> = {}): TaskReport {
  return { ...emptyReport(role, `${role} at work`, null), stage: 'incremental', ...change }
}

export function reportRecord(
  role: TaskRole,
  report: Partial<TaskReport> = {},
  change: Partial<TaskReportRecord> = {},
): TaskReportRecord {
  return {
    nodeId: 'id-of-alpha',
    nodeName: 'alpha',
    ownerTerm: 7,
    definition: { createdAt: 1_000, updatedAt: 2_000 },
    isRunning: true,
    at: 5_000,
    unmovedMs: 0,
    report: taskReport(role, report),
    copied: { rowsDone: 0, rowsTotal: 0, bytesDone: 0, bytesTotal: 0 },
    lastProblem: null,
    ...change,
  }
}
