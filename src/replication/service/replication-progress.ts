/** Where each job stands, for whoever asks: status, where its tasks are, and what they told last. */
import type { ReplicationJob, TaskRole } from '../../model/replication-job.ts'
import { type Assignment, taskKey } from './assignment.ts'
import type { BucketView } from './bucket-view.ts'
import { currentRecord, type JobStatus, jobStatus, type TaskFacts } from './job-status.ts'
import type { TaskReportRecord } from './task-report-record.ts'

export interface TaskState {
  /** Null while it is nowhere. */
  readonly nodeId: string | null
  /** What its node told last; null before the first report of the definition that stands. */
  readonly record: TaskReportRecord | null
}

export interface ReplicationProgressParts {
  readonly assignments: BucketView<Assignment>
  readonly reports: BucketView<TaskReportRecord>
}

export class ReplicationProgress {
  readonly #parts: ReplicationProgressParts

  constructor(parts: ReplicationProgressParts) {
    this.#parts = parts
  }

  status(job: ReplicationJob): JobStatus {
    const tasks = { source: this.#facts(job, 'source'), target: this.#facts(job, 'target') }
    return jobStatus({ job, tasks })
  }

  task(job: ReplicationJob, role: TaskRole): TaskState {
    const facts = this.#facts(job, role)
    return { nodeId: facts.assignment?.nodeId ?? null, record: currentRecord(job, facts) ?? resting(job, facts) }
  }

  #facts(job: ReplicationJob, role: TaskRole): TaskFacts {
    const key = taskKey(job.id, role)
    return {
      assignment: this.#parts.assignments.get(key)?.value ?? null,
      record: this.#parts.reports.get(key)?.value ?? null,
      silentMs: this.#parts.reports.silenceMs(key),
    }
  }
}

/** While a job rests, its tasks' last words are still worth showing. */
function resting(job: ReplicationJob, { assignment, record }: TaskFacts): TaskReportRecord | null {
  const isHere = assignment === null || assignment.nodeId === null
  return isHere && record?.definition.createdAt === job.createdAt ? record : null
}
