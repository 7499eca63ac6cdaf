/**
 * What is known after a run: only what a user could read or did himself. The checks are pure functions over this.
 *
 * Instants are epoch milliseconds by the test's own clock, which nobody sets.
 */
import type { JobPlan } from '../load/job-plans.ts'

/** An execution as the Dkron API answers it. */
export interface ExecutionAnswer {
  readonly id: string
  readonly job_name: string
  readonly attempt: number
  readonly node_name: string
  readonly scheduled_at: string | null
  readonly started_at: string | null
  readonly finished_at: string | null
  readonly outcome: string
  readonly reason: string
  readonly exit_code: number | null
  readonly signal: string | null
}

/** What one command wrote when it started. */
export interface Line {
  readonly jobName: string
  readonly fire: string
  readonly executionId: string
  readonly nodeName: string
  /** Seconds since the machine started, by the clock that nobody sets. */
  readonly uptime: number
  /** When it had slept, for commands that do; null for those that do not, or did not come so far. */
  readonly endUptime: number | null
}

export interface JobFacts {
  readonly plan: JobPlan
  /** When its creation was asked for, and when that was answered. */
  readonly createAskedAt: number
  readonly createdAt: number
  /** `next` of the answer; where an interval begins. */
  readonly firstFireAt: number | null
  /** When it was told to fire no more, and when that was answered. */
  readonly endAskedAt: number
  readonly endedAt: number
  readonly executions: readonly ExecutionAnswer[]
}

/** A fault, with the nodes it was done to. */
export interface Trouble {
  readonly what: string
  readonly nodeNames: readonly string[]
  readonly fromMs: number
  /** When everything of it had been put right. */
  readonly toMs: number
  /** Commands that ran died with it, so nobody can know how they ended. */
  readonly killsCommands: boolean
}

/** One name that the test created, changed and deleted through the API. */
export interface LedgerEntry {
  readonly name: string
  /** What may be there in the end: the job's version, or null for no such job. More than one where an answer was lost. */
  readonly allowed: readonly (string | null)[]
}

export interface NodeView {
  readonly nodeName: string
  readonly aliveNames: readonly string[]
  readonly leader: string | null
  /** Version of each ledger job that this node lists. */
  readonly versions: ReadonlyMap<string, string>
}

export interface RunNowFacts {
  readonly jobName: string
  /** Orders that were answered as done. */
  readonly confirmed: number
  /** Orders whose answer was lost or told of trouble: they may have been taken or not. */
  readonly unclear: number
}

export interface TableFacts {
  readonly job: string
  readonly table: string
  readonly sourceRows: number
  readonly targetRows: number
  readonly isEqual: boolean
}

/** Where everything is stored, as a node tells it. */
export interface CopyFacts {
  /** NATS servers that there should be, and copies of each stream. */
  readonly wanted: number
  readonly reachableServers: readonly string[]
  readonly streams: readonly { readonly name: string; readonly wanted: number; readonly current: number }[]
}

export interface Facts {
  readonly nodeNames: readonly string[]
  readonly jobs: readonly JobFacts[]
  readonly lines: readonly Line[]
  readonly troubles: readonly Trouble[]
  readonly ledger: readonly LedgerEntry[]
  readonly runNow: readonly RunNowFacts[]
  readonly views: readonly NodeView[]
  readonly tables: readonly TableFacts[]
  readonly copies: CopyFacts
  /** What was wrong already while the run went on. */
  readonly seenWrong: readonly SeenWrong[]
}

/** A node that is cut off, or was until just now, may still answer what was so before: see docs/cluster.md. */
export interface SeenWrong {
  readonly what: string
  readonly nodeName: string
  readonly atMs: number
}

/** True when no fault touched the node from `fromMs` to `toMs`. */
export function isUndisturbed(facts: Pick<Facts, 'troubles'>, nodeName: string, fromMs: number, toMs: number): boolean {
  return !facts.troubles.some((one) => one.nodeNames.includes(nodeName) && one.fromMs <= toMs && one.toMs >= fromMs)
}

/** True when nothing at all was done to anybody in that time. */
export function isCalm(facts: Pick<Facts, 'troubles'>, fromMs: number, toMs: number): boolean {
  return !facts.troubles.some((one) => one.fromMs <= toMs && one.toMs >= fromMs)
}
