/**
 * Which executions are tried again, when, and where: pure.
 *
 * Easy to get wrong: a lost execution may still run on the node that is gone. Its retry goes to another node that has no
 * execution of this fire, for a node starts each attempt of a fire once; and nothing is ever tried again because of what
 * was never started or was stopped by request.
 */
import { type Execution, isStoppedByRequest, type Outcome } from '../model/execution.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'
import { groupTimeMs } from './start-order.ts'

/** An execution that is to be tried again. */
export interface PendingRetry {
  readonly jobName: string
  readonly group: string
  /** Of the execution that failed. */
  readonly attempt: number
  /** Where that ran. */
  readonly nodeName: string
  readonly scheduledAt: number | null
  readonly outcome: Outcome
  /** Not before, epoch ms. */
  readonly dueAt: number
}

export interface RetryFacts {
  readonly pending: PendingRetry
  /** As it is stored now; null when it was deleted. */
  readonly job: ScheduledJob | null
  readonly nowMs: number
  /** Alive nodes that match the job's tags, the least busy first. */
  readonly candidates: readonly string[]
  /** Nodes that have an execution of this fire. */
  readonly usedNodes: ReadonlySet<string>
}

export type RetryDecision =
  | { readonly kind: 'start'; readonly nodeName: string }
  | { readonly kind: 'wait' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'give-up'; readonly reason: string }

const longestDelayMs = 3_600_000

/** @returns null when it is not to be tried again */
export function planRetry(execution: Execution, job: ScheduledJob | null, nowMs: number): PendingRetry | null {
  const { jobName, group, attempt, nodeName, scheduledAt, outcome } = execution
  const hasFailed = outcome === 'failed' || outcome === 'unknown' || outcome === 'lost'
  if (!hasFailed || nodeName === '' || isStoppedByRequest(execution)) return null
  const endedAt = Math.min(execution.finishedAt, nowMs)
  const pending = { jobName, group, attempt, nodeName, scheduledAt, outcome, dueAt: 0 }
  if (!isWanted(pending, job)) return null
  return { ...pending, dueAt: endedAt + retryDelayMs(job, attempt) }
}

/** Doubles from attempt to attempt, up to an hour. */
export function retryDelayMs(job: Pick<ScheduledJob, 'retryDelayMs'>, attempt: number): number {
  return Math.min(longestDelayMs, job.retryDelayMs * 2 ** Math.min(attempt - 1, 30))
}

export function decideRetry({ pending, job, nowMs, candidates, usedNodes }: RetryFacts): RetryDecision {
  if (!isWanted(pending, job)) return { kind: 'drop' }
  if (nowMs < pending.dueAt) return { kind: 'wait' }
  const isOwnThere = candidates.includes(pending.nodeName)
  if (isOwnThere && pending.outcome !== 'lost') return { kind: 'start', nodeName: pending.nodeName }
  const other = candidates.find((nodeName) => nodeName !== pending.nodeName && !usedNodes.has(nodeName))
  if (other !== undefined) return { kind: 'start', nodeName: other }
  if (isOwnThere) return { kind: 'start', nodeName: pending.nodeName }
  if (nowMs < giveUpAt(pending, job)) return { kind: 'wait' }
  return {
    kind: 'give-up',
    reason: `not tried again: node "${pending.nodeName}" is gone, and no other node can take it`,
  }
}

/** A retry that cannot start for so long is given up. */
export function giveUpAt(pending: PendingRetry, job: Pick<ScheduledJob, 'lateLimitMs'>): number {
  return pending.dueAt + job.lateLimitMs
}

function isWanted({ group, attempt }: PendingRetry, job: ScheduledJob | null): job is ScheduledJob {
  if (job === null || job.isDisabled || attempt > job.retries) return false
  // An execution of an earlier job of this name.
  return groupTimeMs(group) >= Math.floor(job.createdAt)
}
