/** What scheduling needs from outside. `engine` implements the logs on JetStream; `agent` wires them. */
import type { Execution, StartOrder } from '../model/execution.ts'
import type { JobCounters } from '../model/scheduled-job.ts'

/** One job in a fire: enough to dispatch it again without the job's definition. */
export interface FiredJob {
  /** Node names chosen when the fire was recorded; none when no node matched. */
  readonly nodeNames: readonly string[]
  readonly order: StartOrder
  /** Why no node was chosen, in words. Only there when `nodeNames` is empty. */
  readonly unplacedReason?: string
}

/** All that is due in one second, written once, before anything of it is dispatched. */
export interface FireRecord {
  /** Whole seconds since the epoch. */
  readonly second: number
  /** 0, 1, ... when the jobs of one second do not fit one record of 512 KB. */
  readonly part: number
  /** True for the last part. A new leader that finds no last part completes the second. */
  readonly isLast: boolean
  readonly jobs: readonly FiredJob[]
}

/** How far firing has come. Everything due at or before `throughSecond` has been recorded and dispatched. */
export interface FireCursor {
  readonly throughSecond: number
}

export interface FireLog {
  /** Writes a record only if no record of that second and part exists. */
  create(record: FireRecord): Promise<'created' | 'exists'>
  /** Every record of a second after `afterSecond`, oldest first. */
  listAfter(afterSecond: number): AsyncIterable<FireRecord>
  /** A run-now, recorded under its own id. */
  createRun(group: string, job: FiredJob): Promise<void>
}

export interface Dispatcher {
  /** Puts orders for one node on its work queue; durable when it resolves. `dedupeId` only saves work. */
  dispatch(nodeName: string, orders: readonly StartOrder[], dedupeId: string): Promise<void>
}

/** How busy the nodes are, as far as this node knows. */
export interface NodeLoad {
  /** Commands that run on a node now. */
  runningOn(nodeName: string): number
}

/** The history of what ended. */
export interface ExecutionLog {
  /** Durable when it resolves; publishing the same execution again adds nothing. */
  append(execution: Execution): Promise<void>
  /** Oldest first, at most the history limit. */
  list(jobName: string): Promise<readonly Execution[]>
  /** Forgets a job's history. */
  purge(jobName: string): Promise<void>
  /** Every execution recorded after `sequence` (0: from the oldest kept), then live, until `signal` aborts. */
  follow(
    afterSequence: number,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly sequence: number; readonly execution: Execution }>
}

/** What an execution history added up to for some of the jobs: one record a shard, and one for the whole. */
export interface CountersRecord {
  /** Every execution up to this sequence of the execution log is counted. */
  readonly throughSequence: number
  readonly jobs: readonly StoredCounters[]
}

export interface StoredCounters extends JobCounters {
  readonly jobName: string
  /** Tells a job from an earlier one of the same name. */
  readonly jobCreatedAt: number
}

/** The cursor's single record. */
export interface FireCursorStore {
  get(): Promise<FireCursor | null>
  put(cursor: FireCursor): Promise<void>
}
