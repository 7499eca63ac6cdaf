/**
 * What a task process is given, and what it tells.
 *
 * `runSourceTask(context)` and `runTargetTask(context)` run until `signal` aborts. They heal by themselves: an error
 * whose remedy is `retry` is tried again with back-off (at most 15 s apart), every other error every 30 s, and each is in
 * the report until it is gone.
 */
import type { Clock } from '../core/clock.ts'
import type { Remedy } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { ReplicationJob, TaskRole } from '../model/replication-job.ts'
import type { FrameSink, FrameSource, TaskLink } from './ports.ts'

/** A server to connect to, its password in clear: lives in the task process only and is never logged. */
export interface ServerEndpoint {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
}

export interface TaskContext {
  readonly job: ReplicationJob
  readonly role: TaskRole
  /** This task's own server. */
  readonly server: ServerEndpoint
  /** Grows with every assignment of this task; the target's checkpoint row refuses an owner with a smaller one. */
  readonly ownerTerm: number
  readonly link: TaskLink
  readonly clock: Clock
  readonly log: Log
  report(report: TaskReport): void
}

export interface SourceTaskContext extends TaskContext {
  openSink(): Promise<FrameSink>
}

export interface TargetTaskContext extends TaskContext {
  openSource(): Promise<FrameSource>
}

export type TaskStage = 'starting' | 'full' | 'incremental' | 'complete'

export interface TableProgress {
  readonly schema: string
  readonly table: string
  readonly rowsDone: number
  /** The server's estimate until the table is done. */
  readonly rowsTotal: number
  readonly bytesDone: number
  readonly bytesTotal: number
  readonly isDone: boolean
  /** Over the last seconds; absent while nothing of it moves, and from an agent of before. */
  readonly rowsPerSecond?: number
  readonly bytesPerSecond?: number
}

/** A statement of the source that the target ran, or tried to. */
export interface SeenDdl {
  /** When it was committed at the source, epoch milliseconds. */
  readonly at: number
  /** The default schema it ran in; empty for none. */
  readonly schema: string
  /** Shortened, and without the texts in quotes, which may be data. */
  readonly sql: string
  readonly outcome: 'applied' | 'failed'
}

export interface TaskProblem {
  readonly code: string
  readonly message: string
  readonly remedy: Remedy
  readonly at: number
  /** The statement, or line of configuration, that cures it; absent where the message tells all. */
  readonly cure?: string
}

/** Sent about once a second and at every change of stage or problem. Totals count since this process began. */
export interface TaskReport {
  readonly role: TaskRole
  readonly stage: TaskStage
  /** One sentence: what it does or waits for, naming server and object. */
  readonly description: string
  readonly problem: TaskProblem | null
  readonly tables: readonly TableProgress[]
  readonly rowsTotal: number
  readonly bytesTotal: number
  readonly transactionsTotal: number
  readonly rowsPerSecond: number
  readonly bytesPerSecond: number
  readonly transactionsPerSecond: number
  /** Commit on the source to commit on the target; while idle from the last heartbeat. Null: not known yet. Target only. */
  readonly lagMs: number | null
  /** `formatPosition` of what was read (source) or committed (target). */
  readonly position: string
  /** Milliseconds to the end of the copy; null when unknown or over. */
  readonly etaMs: number | null
  /** `row-images` or `sql`; target only. */
  readonly strategy: string | null
  /** DDL statements passed on or applied. */
  readonly ddlTotal: number
  /** Bytes held in this process's queues. */
  readonly queuedBytes: number
  /** The last 20 statements, the oldest first; target only. This and what follows is absent from an agent of before. */
  readonly ddl?: readonly SeenDdl[]
  /** What is done otherwise than at the source, by intention; target only. */
  readonly notes?: readonly string[]
  /**
   * What the source had committed by then is applied: epoch milliseconds by this process's clock. Null: not known. Target
   * only.
   */
  readonly appliedUpTo?: number | null
  /** Bytes in the job's stream that the target has not given back; null: not known. Source only. */
  readonly backlogBytes?: number | null
}
