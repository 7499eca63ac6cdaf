/**
 * The tasks of a job as the original listed them: one allocation a task, with the counters its clients know
 * (`AllocListStub` and `TaskStatistics` of the original's API package, of which it left most empty).
 */
import type { Member } from '../../model/member.ts'
import type { ReplicationJob, TaskRole } from '../../model/replication-job.ts'
import type { JobStatus } from '../../replication/service/job-status.ts'
import type { TaskState } from '../../replication/service/replication-progress.ts'
import { taskType } from './job-json.ts'
import { taskStatsJson } from './stats-json.ts'

export interface AllocationFacts {
  readonly job: ReplicationJob
  readonly role: TaskRole
  readonly task: TaskState
  readonly status: JobStatus
  readonly members: readonly Member[]
}

/** A task keeps its allocation for ever: it is one of two halves of a job, wherever it runs. */
export function allocationId(jobId: string, role: TaskRole): string {
  return `${jobId}-${taskType(role)}`
}

export function parseAllocationId(id: string): { readonly jobId: string; readonly role: TaskRole } | null {
  const match = /^(.+)-(src|dest)$/i.exec(id)
  if (match?.[1] === undefined) return null
  return { jobId: match[1], role: match[2]?.toLowerCase() === 'src' ? 'source' : 'target' }
}

export function allocationJson({ job, role, task, status, members }: AllocationFacts): object {
  return {
    ID: allocationId(job.id, role),
    Name: `${job.name}.${taskType(role)}`,
    JobID: job.id,
    NodeID: task.nodeId ?? '',
    NodeName: members.find((member) => member.nodeId === task.nodeId)?.nodeName ?? '',
    Task: taskType(role),
    DesiredStatus: job.isPaused || status.status === 'complete' ? 'stop' : 'run',
    ClientStatus: clientStatus(task, status),
    ClientDescription: task.record?.report.description ?? status.description,
  }
}

export function allocationStatsJson({ job, role, task, members }: AllocationFacts): object {
  const report = task.record?.report
  const isSource = role === 'source'
  const [rows, transactions] = [report?.rowsTotal ?? 0, report?.transactionsTotal ?? 0]
  return {
    ID: allocationId(job.id, role),
    JobID: job.id,
    ...taskStatsJson(role, task, members),
    CurrentCoordinates: { GtidSet: report?.position ?? '' },
    ProgressPct: progressPercent(task),
    ReadMasterRowCount: isSource ? rows : 0,
    ReadMasterTxCount: isSource ? transactions : 0,
    ExecMasterRowCount: isSource ? 0 : rows,
    ExecMasterTxCount: isSource ? 0 : transactions,
    ETA: report?.etaMs == null ? 'N/A' : `${Math.round(report.etaMs / 1000)}s`,
    Backlog: `${report?.queuedBytes ?? 0} bytes`,
    Timestamp: task.record === null ? 0 : task.record.at * 1_000_000,
  }
}

function clientStatus({ nodeId, record }: TaskState, { status }: JobStatus): string {
  if (status === 'complete') return 'complete'
  if (nodeId === null) return 'pending'
  if (record === null || !record.isRunning) return 'pending'
  return record.report.problem === null ? 'running' : 'failed'
}

function progressPercent({ record }: TaskState): string {
  if (record === null) return '0.0'
  const { rowsDone, rowsTotal } = record.copied
  if (record.report.stage === 'incremental' || record.report.stage === 'complete') return '100.0'
  return rowsTotal === 0 ? '0.0' : Math.min(100, (rowsDone / rowsTotal) * 100).toFixed(1)
}
