/** Where a job stands, in figures. Both tasks are always there, with zeros until their first report. */
import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { Member } from '../../model/member.ts'
import type { ReplicationJob, TaskRole } from '../../model/replication-job.ts'
import type { JobStatus } from '../../replication/service/job-status.ts'
import type { TaskState } from '../../replication/service/replication-progress.ts'
import type { TableProgress, TaskProblem } from '../../replication/task-context.ts'
import { taskType } from './job-json.ts'

export interface JobFigures {
  readonly job: ReplicationJob
  readonly status: JobStatus
  readonly tasks: Readonly<Record<TaskRole, TaskState>>
  readonly members: readonly Member[]
}

export function statsJson({ job, status, tasks, members }: JobFigures): object {
  return {
    ID: job.id,
    Name: job.name,
    Status: status.status,
    StatusDescription: status.description,
    Tasks: [taskStatsJson('source', tasks.source, members), taskStatsJson('target', tasks.target, members)],
  }
}

export function taskStatsJson(role: TaskRole, { nodeId, record }: TaskState, members: readonly Member[]): object {
  const report = record?.report
  return {
    Type: taskType(role),
    NodeId: nodeId ?? '',
    NodeName: members.find((member) => member.nodeId === nodeId)?.nodeName ?? record?.nodeName ?? '',
    Stage: report?.stage ?? 'starting',
    Description: report?.description ?? '',
    RowsDone: record?.copied.rowsDone ?? 0,
    RowsTotal: record?.copied.rowsTotal ?? 0,
    BytesDone: record?.copied.bytesDone ?? 0,
    BytesTotal: record?.copied.bytesTotal ?? 0,
    RowsPerSecond: report?.rowsPerSecond ?? 0,
    BytesPerSecond: report?.bytesPerSecond ?? 0,
    TransactionsPerSecond: report?.transactionsPerSecond ?? 0,
    TransactionsTotal: report?.transactionsTotal ?? 0,
    LagMs: report?.lagMs ?? null,
    Position: report?.position ?? '',
    EtaMs: report?.etaMs ?? null,
    Strategy: report?.strategy ?? null,
    DdlTotal: report?.ddlTotal ?? 0,
    QueuedBytes: report?.queuedBytes ?? 0,
    Tables: (report?.tables ?? []).map(tableJson),
    LastError: problemJson(record?.lastProblem ?? null),
    At: record === null ? null : formatRfc3339(record.at),
  }
}

function tableJson({ schema, table, rowsDone, rowsTotal, bytesDone, bytesTotal, isDone }: TableProgress): object {
  return {
    TableSchema: schema,
    TableName: table,
    RowsDone: rowsDone,
    RowsTotal: rowsTotal,
    BytesDone: bytesDone,
    BytesTotal: bytesTotal,
    Done: isDone,
  }
}

function problemJson(problem: TaskProblem | null): object | null {
  if (problem === null) return null
  const { code, message, remedy, at } = problem
  return { Code: code, Message: message, Remedy: remedy, At: formatRfc3339(at) }
}
