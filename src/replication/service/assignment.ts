/**
 * Which node runs which task. The leader writes where, the node's supervisor raises the owner's term before each start.
 *
 * Two terms fence two things: `leaderTerm` keeps a leader that was replaced from placing anything, `ownerTerm` keeps a
 * task that was moved from changing its target.
 *
 * Easy to get wrong: the record outlives a pause, with no node in it, because the term must never go back: the target's
 * checkpoint refuses every owner with a smaller term than it has seen. After a deletion it goes last of all, for it is
 * what remembers that something may be left to clean up.
 */
import type { ReplicationJob, TaskRole } from '../../model/replication-job.ts'

export interface Assignment {
  /** Null: nowhere for now. */
  readonly nodeId: string | null
  /** Fences whatever still runs under an older one. */
  readonly ownerTerm: number
  /** Of the leader that wrote it last, or made it its own. No leader of a smaller term writes over it. */
  readonly leaderTerm: number
  /** Why a task that should run is nowhere, or waits for its node, and what would help; null when all is well. */
  readonly unplacedReason: string | null
  /** Since when that has been so, epoch milliseconds. */
  readonly unplacedSince: number | null
  /** Why the task is not for the node that the user fixed, and what to do; null where that one counts, or there is none. */
  readonly displaced: string | null
  /** The definition of a migration whose target has everything; null until then. Kept on the target's record. */
  readonly completed: DefinitionMark | null
  /** Where the job's frame stream is; null: in the cluster's own NATS. What is left to clean up by after a deletion. */
  readonly natsAddress: string | null
}

const nothing: Assignment = {
  nodeId: null,
  ownerTerm: 0,
  leaderTerm: 0,
  unplacedReason: null,
  unplacedSince: null,
  displaced: null,
  completed: null,
  natsAddress: null,
}

/** What a task without a record has; with `stored`, a record whatever version of the program wrote it. */
export function assignmentOf(stored: Partial<Assignment> = {}): Assignment {
  return { ...nothing, ...stored }
}

/**
 * The record, beside those of the tasks, by which a leader says that it places from now on. What an older leader still
 * writes comes after it in the bucket with a smaller term, so no node acts on it.
 */
export const leaderKey = 'leader'

export const taskRoles: readonly TaskRole[] = ['source', 'target']

/** The key of a task's assignment and of its report. */
export function taskKey(jobId: string, role: TaskRole): string {
  return `${jobId}.${role}`
}

/** The job whose task has this key; null for a key that is no task's. */
export function jobIdOfTask(key: string): string | null {
  return /^(.+)\.(?:source|target)$/.exec(key)?.[1] ?? null
}

export function parseTaskKey(key: string): { readonly jobId: string; readonly role: TaskRole } | null {
  const dot = key.lastIndexOf('.')
  const role = taskRoles.find((one) => one === key.slice(dot + 1))
  return role === undefined || dot < 1 ? null : { jobId: key.slice(0, dot), role }
}

/**
 * The term after `previous`, or the first one.
 *
 * Following the clock where it is ahead keeps terms growing when a job is deleted and made again under the same id, of
 * which nothing but the target's checkpoint may still know.
 */
export function nextOwnerTerm(previous: number | null, nowMs: number): number {
  return Math.max((previous ?? 0) + 1, nowMs)
}

/** Tells one definition of a job from the next, and from another job that had the same id. */
export interface DefinitionMark {
  readonly createdAt: number
  readonly updatedAt: number
}

export function isSameDefinition(a: DefinitionMark, b: DefinitionMark): boolean {
  return a.createdAt === b.createdAt && a.updatedAt === b.updatedAt
}

export function definitionOf({ createdAt, updatedAt }: ReplicationJob): DefinitionMark {
  return { createdAt, updatedAt }
}
