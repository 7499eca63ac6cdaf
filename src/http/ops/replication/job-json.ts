/** A replication job as `/ops/replication-jobs` tells it. Nothing here reads a password. */
import { formatRfc3339 } from '../../../core/rfc3339.ts'
import type { ReplicationJob, TaskRole } from '../../../model/replication-job.ts'
import type { JobEvents, PastProblem } from '../../../replication/service/job-journal.ts'
import type { JobStatus } from '../../../replication/service/job-status.ts'
import { cureOf } from '../../../replication/service/problem-cure.ts'
import type { TaskState } from '../../../replication/service/replication-progress.ts'
import { type CopyTotals, shownFirst } from '../../../replication/service/task-report-record.ts'
import type { SeenDdl, TableProgress, TaskProblem } from '../../../replication/task-context.ts'
import { timeText } from '../time-text.ts'
import type { ReplicationDomain } from './ports.ts'

export interface JobFacts {
  readonly job: ReplicationJob
  readonly status: JobStatus
  readonly tasks: Readonly<Record<TaskRole, TaskState>>
  readonly members: ReturnType<ReplicationDomain['members']>
}

const nothingCopied: CopyTotals = { rowsDone: 0, rowsTotal: 0, bytesDone: 0, bytesTotal: 0 }

export function jobSummaryJson(facts: JobFacts): object {
  const { job, status, tasks } = facts
  const report = tasks.target.record?.report
  const isAtWork = tasks.target.record?.isRunning === true
  const copied = copyOf(facts)
  return {
    id: job.id,
    name: job.name,
    type: job.kind,
    status: status.status,
    description: status.description,
    stage: status.status === 'complete' ? 'complete' : (report?.stage ?? 'starting'),
    lag_ms: isAtWork ? (report?.lagMs ?? null) : null,
    rows_copied: copied.rowsDone,
    rows_total: copied.rowsTotal,
    eta_ms: isAtWork ? (report?.etaMs ?? null) : null,
    rows_per_second: report?.rowsPerSecond ?? 0,
    transactions_per_second: report?.transactionsPerSecond ?? 0,
    bytes_per_second: report?.bytesPerSecond ?? 0,
    backlog_bytes: tasks.source.record?.report.backlogBytes ?? null,
    source: serverJson('source', facts),
    target: serverJson('target', facts),
    created_at: formatRfc3339(job.createdAt),
    updated_at: formatRfc3339(job.updatedAt),
  }
}

export function jobDetailsJson(facts: JobFacts, { ddl, problems }: JobEvents): object {
  const told = problems.map(pastProblemJson)
  return {
    ...jobSummaryJson(facts),
    tasks: { source: taskJson('source', facts), target: taskJson('target', facts) },
    copy: copyJson(facts),
    tables: shownFirst(tablesOf(facts)).map(tableJson),
    ddl: ddl.map(ddlJson),
    problems: told,
    conflicts: told.filter((_, index) => problems[index]?.isConflict),
    notes: facts.tasks.target.record?.report.notes ?? [],
  }
}

function serverJson(role: TaskRole, facts: JobFacts): object {
  const { host, port, user } = facts.job[role].server
  return { host, port, user, ...nodeOf(role, facts) }
}

function nodeOf(role: TaskRole, { tasks, members }: JobFacts): { node_id: string | null; node_name: string | null } {
  const { nodeId, record } = tasks[role]
  const member = members.find((one) => one.nodeId === nodeId)
  const told = record?.nodeId === nodeId ? record?.nodeName : undefined
  return { node_id: nodeId, node_name: nodeId === null ? null : (member?.nodeName ?? told ?? null) }
}

function taskJson(role: TaskRole, facts: JobFacts): object {
  const { record } = facts.tasks[role]
  const report = record?.report
  return {
    ...nodeOf(role, facts),
    is_running: record?.isRunning ?? false,
    stage: report?.stage ?? 'starting',
    description: report?.description ?? '',
    at: timeText(record?.at ?? null),
    rows: report?.rowsTotal ?? 0,
    bytes: report?.bytesTotal ?? 0,
    transactions: report?.transactionsTotal ?? 0,
    ddl: report?.ddlTotal ?? 0,
    rows_per_second: report?.rowsPerSecond ?? 0,
    bytes_per_second: report?.bytesPerSecond ?? 0,
    transactions_per_second: report?.transactionsPerSecond ?? 0,
    lag_ms: report?.lagMs ?? null,
    eta_ms: report?.etaMs ?? null,
    position: report?.position ?? '',
    strategy: report?.strategy ?? null,
    queued_bytes: report?.queuedBytes ?? 0,
    problem: report?.problem == null ? null : problemJson({ ...report.problem, role }, cureOf(report.problem)),
  }
}

/** What the target has; before its first word, what the source has sent. */
function tellerOf({ tasks }: JobFacts): TaskState {
  return (tasks.target.record?.report.tables.length ?? 0) > 0 ? tasks.target : tasks.source
}

function tablesOf(facts: JobFacts): readonly TableProgress[] {
  return tellerOf(facts).record?.report.tables ?? []
}

function copyOf(facts: JobFacts): CopyTotals {
  return tellerOf(facts).record?.copied ?? nothingCopied
}

function copyJson(facts: JobFacts): object {
  const tables = tablesOf(facts)
  const copied = copyOf(facts)
  return {
    tables: copied.tables ?? tables.length,
    tables_done: copied.tablesDone ?? tables.filter(({ isDone }) => isDone).length,
    rows_copied: copied.rowsDone,
    rows_total: copied.rowsTotal,
    bytes_copied: copied.bytesDone,
    bytes_total: copied.bytesTotal,
  }
}

function tableJson(table: TableProgress): object {
  const { rowsPerSecond = null, bytesPerSecond = null } = table
  return {
    schema: table.schema,
    name: table.table,
    rows_copied: table.rowsDone,
    rows_total: table.rowsTotal,
    bytes_copied: table.bytesDone,
    bytes_total: table.bytesTotal,
    rows_per_second: rowsPerSecond,
    bytes_per_second: bytesPerSecond,
    eta_ms: etaMs(table),
    is_done: table.isDone,
  }
}

function etaMs({ isDone, rowsPerSecond = 0, rowsDone, rowsTotal }: TableProgress): number | null {
  // An estimate that was exceeded tells nothing.
  if (isDone || rowsPerSecond === 0 || rowsTotal <= rowsDone) return null
  return Math.round(((rowsTotal - rowsDone) * 1000) / rowsPerSecond)
}

function ddlJson({ at, schema, sql, outcome }: SeenDdl): object {
  return { at: timeText(at), schema, sql, outcome }
}

function pastProblemJson(problem: PastProblem): object {
  return { ...problemJson(problem, problem.cureText), is_current: problem.isCurrent }
}

function problemJson(problem: TaskProblem & { readonly role: TaskRole }, cure: string | null): object {
  const { role, code, remedy, message, at } = problem
  return { role, code, remedy, message, cure, at: timeText(at) }
}
