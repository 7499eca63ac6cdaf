/** What scheduling needs from outside. `engine` implements the logs on JetStream; `agent` wires them. */
import type { Execution, StartOrder } from '../model/execution.ts'
import type { JobCounters } from '../model/scheduled-job.ts'

/** One job in a fire: enough to dispatch it again without the job's definition. */
export interface FiredJob {
  /** Node names chosen when the fire was recorded; none when it is started nowhere. */
  readonly nodeNames: readonly string[]
  readonly order: StartOrder
  /** Why no node was chosen, in words. Only there when `nodeNames` is empty. */
  readonly unplacedReason?: string
  /** Why it was not to start, in words: an earlier execution ran. Only there when `nodeNames` is empty. */
  readonly skippedReason?: string
}

/** What is due in one second, or a part of it, written once before anything of it is dispatched. */
export interface FireRecord {
  /** Whole seconds since the epoch. */
  readonly second: number
  readonly jobs: readonly FiredJob[]
}

export interface RecordedFire extends FireRecord {
  /** Unique and growing. */
  readonly sequence: number
}

/** A run or a retry, recorded on its own. */
export interface RecordedJob {
  readonly sequence: number
  readonly job: FiredJob
}

/** How far firing has come. Everything due at or before `throughSecond` has been recorded and dispatched. */
export interface FireCursor {
  readonly throughSecond: number
  /** The leader's that saved it. */
  readonly term: number
}

/** Records timed fires, for one reign. */
export interface FireWriter {
  /**
   * Durable when it resolves; one record after the other.
   *
   * @returns its sequence
   * @throws LeadershipLostError when a higher term has written; after any error this writer is spent
   */
  append(record: FireRecord): Promise<number>
}

export type FireLogEvent =
  | { readonly kind: 'fired'; readonly sequence: number; readonly jobs: readonly FiredJob[] }
  /** All that was there when following began has been told. */
  | { readonly kind: 'caught-up' }

export interface FireLog {
  /** Ends every writer made before, here or elsewhere. @throws LeadershipLostError when a higher term has written */
  lead(term: number): Promise<FireWriter>
  /** For decisions that are not recorded here. @throws LeadershipLostError when a higher term has written by now */
  confirm(term: number): Promise<void>
  /** Every record of a second after `afterSecond`, by second. */
  listAfter(afterSecond: number): AsyncIterable<RecordedFire>
  /** A run-now; each group has one at most. @returns the one that stands */
  createRun(group: string, job: FiredJob): Promise<RecordedJob>
  /** A retry of the execution that `key` names; each has one at most. @returns the one that stands */
  createRetry(key: string, job: FiredJob): Promise<RecordedJob>
  /** The sequence of the last record of any kind; 0 when there is none. */
  lastSequence(): Promise<number>
  /** Everything recorded after `afterSequence`, then live, until `signal` aborts. */
  follow(afterSequence: number, signal: AbortSignal): AsyncIterable<FireLogEvent>
}

export interface Dispatcher {
  /** Puts orders for one node on its work queue; durable when it resolves. `dedupeId` only saves work. */
  dispatch(nodeName: string, orders: readonly StartOrder[], dedupeId: string): Promise<void>
}

/** What a node knows of an execution: it waits or runs there, it is over, or its order has not come. */
export type ExecutionState = 'active' | 'ended' | 'unknown'

export interface NodeStates {
  /** In the order of `keys`. @throws UnavailableError when the node does not answer in time */
  statesOf(nodeName: string, keys: readonly string[], withinMs: number): Promise<readonly ExecutionState[]>
}

/** Takes orders of jobs that forbid overlap back, also from nodes that cannot be asked. */
export interface FireTurns {
  /**
   * When it resolves, none of these executions starts that its node had not been about to start before.
   *
   * @param successor what takes their place, in words
   * @throws LeadershipLostError, UnavailableError
   */
  withdraw(jobName: string, ids: readonly string[], successor: string): Promise<void>
}

/** How busy the nodes are, as far as this node knows. */
export interface NodeLoad {
  /** Commands that run on a node now. */
  runningOn(nodeName: string): number
  /** It said that it cannot take orders now. */
  refusesOrders(nodeName: string): boolean
}

/** The history of what ended. */
export interface ExecutionLog {
  /** Durable when it resolves; publishing the same execution again adds nothing. */
  append(execution: Execution): Promise<void>
  /** Oldest first, at most the history limit. */
  list(jobName: string): Promise<readonly Execution[]>
  /** Records that an execution is lost, unless anything is recorded of it. */
  appendLost(execution: Execution): Promise<'recorded' | 'known'>
  /** Of all jobs; 0 when nothing was ever recorded. */
  lastSequence(): Promise<number>
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
  /** Of the leader that stored it. */
  readonly term?: number
}

export interface StoredCounters extends JobCounters {
  readonly jobName: string
  /** Tells a job from an earlier one of the same name. */
  readonly jobCreatedAt: number
  /** Executions that count as errors because they were lost; absent when there are none. */
  readonly lost?: readonly CountedLoss[]
}

/** A lost execution, until its true end is told. */
export interface CountedLoss {
  readonly id: string
  readonly atMs: number
  /** The last error before it. */
  readonly lastErrorBefore: number | null
}

/** The cursor's single record. */
export interface FireCursorStore {
  get(): Promise<FireCursor | null>
  /** @throws LeadershipLostError when a higher term has saved */
  put(cursor: FireCursor): Promise<void>
}
