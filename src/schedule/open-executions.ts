/**
 * Which executions were ordered and are not recorded yet: what the leader knows of the work under way.
 *
 * Easy to get wrong: orders and results come from two logs, so a result may come first; and a node that was given up may
 * come back with its commands still running, so a lost execution stays here until its true end is told.
 */
import { type Execution, executionId, executionKey } from '../model/execution.ts'
import type { FiredJob } from './ports.ts'

export interface OpenExecution {
  readonly id: string
  readonly jobName: string
  readonly group: string
  readonly attempt: number
  readonly nodeName: string
  readonly scheduledAt: number | null
  readonly startBeforeAt: number | null
  /** When this leader, or an earlier one, read of the order; epoch ms. */
  readonly orderedAt: number
  /** When it was recorded as lost, epoch ms. */
  readonly lostAt: number | null
}

/** What an earlier leader knew. */
export interface OpenState {
  readonly open: readonly OpenExecution[]
  /** Keys of results that came before their orders. */
  readonly early: readonly string[]
  /** Records of fires that are in `open`, or were, though the log was not read so far. */
  readonly noted: readonly number[]
}

/** Orders are kept in their log for as long. */
const longestOpenMs = 7 * 24 * 3_600_000
const mostOpen = 200_000
const mostEarly = 20_000

export class OpenExecutions {
  readonly #open = new Map<string, OpenExecution>()
  readonly #ofJob = new Map<string, Set<string>>()
  #early = new Set<string>()
  #earlier = new Set<string>()
  /** Records that this leader wrote and has not read again. */
  #noted = new Set<number>()
  #readThrough = 0

  /** @param readThrough the record of fires up to which `state` is true */
  restore(state: OpenState, readThrough: number): void {
    for (const execution of state.open) this.#add(execution)
    this.#early = new Set(state.early)
    this.#noted = new Set(state.noted)
    this.#readThrough = readThrough
  }

  get size(): number {
    return this.#open.size
  }

  /** Orders that this leader has just recorded; reading them later adds nothing. */
  note(sequence: number, jobs: readonly FiredJob[], nowMs: number): void {
    if (sequence <= this.#readThrough || this.#noted.has(sequence)) return
    this.#noted.add(sequence)
    this.#order(jobs, nowMs)
  }

  /** Orders that were read from their log, in its order. */
  read(sequence: number, jobs: readonly FiredJob[], nowMs: number): void {
    this.#readThrough = Math.max(this.#readThrough, sequence)
    if (!this.#noted.delete(sequence)) this.#order(jobs, nowMs)
  }

  /** An execution was recorded. */
  close(execution: Execution): void {
    const { nodeName } = execution
    if (nodeName === '') return
    const key = executionKey(execution.jobName, execution.id)
    const known = this.#open.get(key)
    if (execution.outcome === 'lost') {
      if (known !== undefined) this.#open.set(key, { ...known, lostAt: execution.finishedAt })
    } else if (known !== undefined) this.#remove(key)
    else this.#noteEarly(key)
  }

  /** Newest last. */
  ofJob(jobName: string): readonly OpenExecution[] {
    return [...(this.#ofJob.get(jobName) ?? [])].flatMap((key) => this.#open.get(key) ?? [])
  }

  hasJob(jobName: string): boolean {
    return this.#ofJob.has(jobName)
  }

  /** Of one node, those not recorded as lost. */
  waitingOn(nodeName: string): readonly OpenExecution[] {
    return [...this.#open.values()].filter((one) => one.nodeName === nodeName && one.lostAt === null)
  }

  nodesWaitedFor(): ReadonlySet<string> {
    const names = new Set<string>()
    for (const { nodeName, lostAt } of this.#open.values()) if (lostAt === null) names.add(nodeName)
    return names
  }

  /** Nobody will ask for it any more. */
  drop({ jobName, id }: Pick<OpenExecution, 'jobName' | 'id'>): void {
    this.#remove(executionKey(jobName, id))
  }

  /** Drops what is too old to end, and the oldest of too many. @returns how many of too many */
  prune(nowMs: number): number {
    for (const [key, { orderedAt }] of this.#open) if (nowMs - orderedAt > longestOpenMs) this.#remove(key)
    const surplus = Math.max(0, this.#open.size - mostOpen)
    for (const key of [...this.#open.keys()].slice(0, surplus)) this.#remove(key)
    return surplus
  }

  state(): OpenState {
    return { open: [...this.#open.values()], early: [...this.#earlier, ...this.#early], noted: [...this.#noted] }
  }

  #order(jobs: readonly FiredJob[], orderedAt: number): void {
    for (const { nodeNames, order } of jobs)
      for (const nodeName of nodeNames) {
        const { jobName, group, attempt, scheduledAt, startBeforeAt } = order
        const id = executionId(order, nodeName)
        const key = executionKey(jobName, id)
        if (this.#early.delete(key) || this.#earlier.delete(key)) continue
        this.#add({ id, jobName, group, attempt, nodeName, scheduledAt, startBeforeAt, orderedAt, lostAt: null })
      }
  }

  #add(execution: OpenExecution): void {
    const key = executionKey(execution.jobName, execution.id)
    this.#open.set(key, execution)
    const keys = this.#ofJob.get(execution.jobName)
    if (keys === undefined) this.#ofJob.set(execution.jobName, new Set([key]))
    else keys.add(key)
  }

  #remove(key: string): void {
    const execution = this.#open.get(key)
    if (execution === undefined) return
    this.#open.delete(key)
    const keys = this.#ofJob.get(execution.jobName)
    keys?.delete(key)
    if (keys?.size === 0) this.#ofJob.delete(execution.jobName)
  }

  /** A result whose order is long gone waits here for nothing: the oldest half goes. */
  #noteEarly(key: string): void {
    this.#early.add(key)
    if (this.#early.size < mostEarly / 2) return
    this.#earlier = this.#early
    this.#early = new Set()
  }
}
