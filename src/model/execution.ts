/**
 * Executions: one run of a job on one node for one fire, and the orders that start them.
 *
 * Easy to get wrong: `executionKey` is what makes a start unique. A node starts one key at most once, whatever is
 * dispatched again.
 */

/**
 * How an execution ended.
 * - `succeeded`, `failed`: the command ran (or could not be started: failed).
 * - `missed`: not started, because it would have been too late or catch-up did not ask for it.
 * - `skipped`: not started, because an earlier execution still ran and the job forbids overlap.
 * - `unplaced`: no node matched the job's tags.
 * - `unknown`: it was started, and nobody saw how it ended.
 * - `lost`: its node is gone and may have started it or not. Should the node come back, what it then tells takes this
 *   record's place.
 */
export type Outcome = 'succeeded' | 'failed' | 'missed' | 'skipped' | 'unplaced' | 'unknown' | 'lost'

/** An order to one node to start one execution. Everything the node needs; it asks nobody. */
export interface StartOrder {
  readonly jobName: string
  /** The fire in nanoseconds since the epoch, as decimal text: larger than 2^53. Equal on every node of one fire. */
  readonly group: string
  /** 1 for the first try of this fire on this node. */
  readonly attempt: number
  /** The scheduled instant, or null for a run-now. */
  readonly scheduledAt: number | null
  readonly command: string
  readonly isShell: boolean
  readonly runAsUser: string | null
  readonly concurrency: 'allow' | 'forbid'
  readonly timeLimitMs: number | null
  /** Not started after this instant (epoch ms): recorded as missed. Null: always started. */
  readonly startBeforeAt: number | null
}

/** One execution as it is recorded once it has ended, in whatever way. */
export interface Execution {
  readonly id: string
  readonly jobName: string
  readonly group: string
  readonly attempt: number
  /** Empty when no node was chosen. */
  readonly nodeName: string
  readonly scheduledAt: number | null
  /** When the command started; for what never started, when that was decided. */
  readonly startedAt: number
  readonly finishedAt: number
  readonly outcome: Outcome
  /** Why, in words, for every outcome but a plain success or exit status. Empty otherwise. */
  readonly reason: string
  /** The exit status, or null when there is none (a signal, never started, unknown). */
  readonly exitCode: number | null
  /** The signal's name that ended it, or null. */
  readonly signal: string | null
  /** Standard output and error as they came; the last bytes when there was more than the limit. */
  readonly output: string
  /** All bytes the command wrote, kept or not. */
  readonly outputBytes: number
}

/** An execution whose command runs now. */
export interface RunningExecution {
  readonly id: string
  readonly jobName: string
  readonly group: string
  readonly attempt: number
  readonly nodeName: string
  readonly scheduledAt: number | null
  readonly startedAt: number
  readonly pid: number
  /** What it wrote so far (its end). */
  readonly output: string
}

/** Begins the reason of an execution that somebody stopped. */
export const stoppedByRequest = 'stopped by request'

export function isStoppedByRequest({ outcome, reason }: Pick<Execution, 'outcome' | 'reason'>): boolean {
  return outcome === 'failed' && reason.startsWith(stoppedByRequest)
}

/** The id of an execution within its job. */
export function executionId(order: Pick<StartOrder, 'group' | 'attempt'>, nodeName: string): string {
  return `${order.group}-${order.attempt}-${nodeName}`
}

/** Unique over all jobs: what the journal, the history and every retry deduplicate by. */
export function executionKey(jobName: string, id: string): string {
  return `${jobName}/${id}`
}
