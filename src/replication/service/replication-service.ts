/** Everything around replication jobs on one node, joined: what the agent starts and what the APIs ask. */
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Bucket } from '../../model/bucket.ts'
import type { ClusterView, LeaderDuty, NodeLoad } from '../../model/member.ts'
import type { ReplicationJob } from '../../model/replication-job.ts'
import { type Assignment, jobIdOfTask } from './assignment.ts'
import { BucketView } from './bucket-view.ts'
import { JobJournal } from './job-journal.ts'
import { type NameClaim, NameClaims } from './name-claims.ts'
import { PlacementDuty } from './placement-duty.ts'
import type { FrameStreams, SecretSealer, TaskLauncher } from './ports.ts'
import { ReplicationJobs } from './replication-jobs.ts'
import { ReplicationProgress } from './replication-progress.ts'
import { isOutdatedReport, type TaskReportRecord } from './task-report-record.ts'
import { TaskSupervisor } from './task-supervisor.ts'

export interface ReplicationServiceParts {
  readonly buckets: {
    readonly jobs: Bucket<ReplicationJob>
    readonly names: Bucket<NameClaim>
    readonly assignments: Bucket<Assignment>
    /** May be kept in memory: what must last of them is in the assignments. */
    readonly reports: Bucket<TaskReportRecord>
  }
  readonly cluster: ClusterView
  /** True for every node that is or ever was a member. */
  isKnownNode(nodeId: string): boolean
  /** How busy a node is as far as this one knows; null when it does not. */
  loadOf(nodeName: string): NodeLoad | null
  readonly launcher: TaskLauncher
  readonly streams: FrameStreams
  readonly secrets: SecretSealer
  readonly clock: Clock
  readonly log: Log
}

export interface ReplicationService {
  readonly jobs: ReplicationJobs
  readonly progress: ReplicationProgress
  /** What this node has heard lately. */
  readonly journal: JobJournal
  readonly placement: LeaderDuty
  /** Keeps the views up to date and this node's tasks running until `signal` aborts; then stops those tasks. */
  run(signal: AbortSignal): Promise<void>
  /**
   * While this node leaves: waits until other nodes have its tasks, as far as they can; `run` ends the others. Returns
   * when `signal` aborts, whatever is left.
   */
  drain(signal: AbortSignal): Promise<void>
  /** How many processes of tasks this node has. */
  readonly taskCount: number
  /** Tells a job's id whenever it was saved or deleted, or where its tasks are or what they tell changed. @returns ends it */
  onChange(listener: (jobId: string) => void): () => void
  /** Resolves when jobs, assignments and reports are known. */
  whenReady(): Promise<void>
}

export function createReplicationService(parts: ReplicationServiceParts): ReplicationService {
  const { buckets, cluster, clock, log, launcher, streams, secrets } = parts
  const views = {
    jobs: new BucketView(buckets.jobs, clock),
    assignments: new BucketView(buckets.assignments, clock),
    reports: new BucketView(buckets.reports, clock, isOutdatedReport),
  }
  const { nodeId, nodeName } = cluster.self
  const members = () => cluster.members()
  const supervisor = new TaskSupervisor({ nodeId, nodeName, ...views, members, launcher, streams, clock, log })
  const jobs = new ReplicationJobs({
    jobs: views.jobs,
    names: new NameClaims(buckets.names),
    secrets,
    isKnownNode: (id) => parts.isKnownNode(id),
    clock,
    onRemoved: (job) => {
      supervisor
        .forgetTarget(job)
        .catch((error: unknown) => log.info({ reason: messageOf(error) }, 'bookkeeping of a deleted job stays'))
    },
  })
  const progress = new ReplicationProgress(views)
  const journal = new JobJournal({ ...views, progress, clock, log })
  return {
    jobs,
    progress,
    journal,
    placement: new PlacementDuty({ ...views, streams, members, loadOf: (name) => parts.loadOf(name), clock, log }),
    drain: (signal) => supervisor.drain(signal),
    get taskCount() {
      return supervisor.taskCount
    },
    onChange(listener) {
      const ofTask = (key: string | null) => {
        const jobId = key === null ? null : jobIdOfTask(key)
        if (jobId !== null) listener(jobId)
      }
      const ends = [
        views.jobs.onChange((key) => key !== null && listener(key)),
        views.assignments.onChange(ofTask),
        views.reports.onChange(ofTask),
      ]
      return () => {
        for (const end of ends) end()
      }
    },
    async whenReady() {
      await Promise.all(Object.values(views).map((view) => view.whenReady()))
    },
    async run(signal) {
      const following = Object.entries(views).map(([bucket, view]) => view.run(signal, log.child({ bucket })))
      await Promise.all([...following, supervisor.run(signal), journal.run(signal)])
    },
  }
}
