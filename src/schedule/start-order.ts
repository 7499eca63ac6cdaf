/** Orders to nodes, and the records of fires that never became one. */
import { type Execution, executionId, type Outcome, type StartOrder } from '../model/execution.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'

/** The group of a scheduled fire: its instant in nanoseconds, as decimal text. */
export function groupOf(scheduledAt: number): string {
  return (BigInt(Math.floor(scheduledAt)) * 1_000_000n).toString()
}

/** The instant of a group in epoch ms, rounded down. */
export function groupTimeMs(group: string): number {
  return /^\d+$/.test(group) ? Number(BigInt(group) / 1_000_000n) : 0
}

/** The order for a fire at its time; a node that gets it later than the job allows records it as missed. */
export function scheduledOrder(job: ScheduledJob, scheduledAt: number): StartOrder {
  return {
    ...commandOf(job),
    group: groupOf(scheduledAt),
    scheduledAt,
    startBeforeAt: scheduledAt + job.lateLimitMs,
  }
}

/** The order for a run that somebody asked for: started however late it arrives. */
export function explicitOrder(job: ScheduledJob, group: string): StartOrder {
  return { ...commandOf(job), group, scheduledAt: null, startBeforeAt: null }
}

/** The order to try an execution again: with the job as it is now, started within its limit from now on. */
export function retryOrder(
  job: ScheduledJob,
  failed: Pick<StartOrder, 'group' | 'attempt' | 'scheduledAt'>,
  nowMs: number,
): StartOrder {
  return {
    ...commandOf(job),
    group: failed.group,
    attempt: failed.attempt + 1,
    scheduledAt: failed.scheduledAt,
    startBeforeAt: nowMs + job.lateLimitMs,
  }
}

/**
 * The execution of a fire that no node started. Its id depends on the fire alone, so recording it again adds nothing.
 *
 * @param decidedAt when that was decided, epoch ms
 */
export function unstarted(
  fire: Pick<StartOrder, 'jobName' | 'group' | 'attempt' | 'scheduledAt'>,
  outcome: Extract<Outcome, 'missed' | 'skipped' | 'unplaced'>,
  reason: string,
  decidedAt: number,
): Execution {
  return { ...withoutRun(fire, ''), startedAt: decidedAt, finishedAt: decidedAt, outcome, reason }
}

/** The execution of an order whose node is gone. */
export function lostExecution(
  order: Pick<StartOrder, 'jobName' | 'group' | 'attempt' | 'scheduledAt'>,
  nodeName: string,
  reason: string,
  decidedAt: number,
): Execution {
  return { ...withoutRun(order, nodeName), startedAt: decidedAt, finishedAt: decidedAt, outcome: 'lost', reason }
}

function withoutRun(
  order: Pick<StartOrder, 'jobName' | 'group' | 'attempt' | 'scheduledAt'>,
  nodeName: string,
): Omit<Execution, 'startedAt' | 'finishedAt' | 'outcome' | 'reason'> {
  const { jobName, group, attempt, scheduledAt } = order
  return {
    ...{ id: executionId(order, nodeName), jobName, group, attempt, nodeName, scheduledAt },
    ...{ exitCode: null, signal: null, output: '', outputBytes: 0 },
  }
}

function commandOf(job: ScheduledJob) {
  return {
    jobName: job.name,
    attempt: 1,
    command: job.command,
    isShell: job.isShell,
    runAsUser: job.runAsUser,
    concurrency: job.concurrency,
    timeLimitMs: job.timeLimitMs,
  }
}
