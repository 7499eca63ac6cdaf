/**
 * Tries executions again while this node leads.
 *
 * Easy to get wrong: each execution has one retry at most, and the record of it decides, not memory. A leader that takes
 * over may plan a retry that its predecessor has ordered: then that order stands, and is sent again.
 */
import type { Clock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { type Execution, executionId, executionKey } from '../model/execution.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'
import { type DispatchParts, dispatchFires } from './dispatch-fires.ts'
import type { JobView } from './job-view.ts'
import type { OpenExecutions } from './open-executions.ts'
import type { OverlapGate } from './overlap-gate.ts'
import type { Placer } from './placer.ts'
import type { ExecutionLog, FiredJob, FireLog } from './ports.ts'
import { decideRetry, giveUpAt, type PendingRetry, planRetry } from './retry-plan.ts'
import { retryOrder } from './start-order.ts'

export interface RetryParts extends DispatchParts {
  readonly jobs: Pick<JobView, 'peek'>
  readonly fireLog: Pick<FireLog, 'createRetry'>
  readonly history: Pick<ExecutionLog, 'append' | 'list'>
  readonly placer: Placer
  readonly gate: OverlapGate
  readonly clock: Clock
  readonly log: Log
}

const lookEveryMs = 200
const atOnce = 64
const mostPending = 100_000

export class Retries {
  readonly #parts: RetryParts
  readonly #open: OpenExecutions
  readonly #pending = new Map<string, PendingRetry>()
  readonly #failing = new Set<string>()

  constructor(parts: RetryParts, open: OpenExecutions, restored: readonly PendingRetry[]) {
    this.#parts = parts
    this.#open = open
    for (const pending of restored) this.#pending.set(keyOf(pending), pending)
  }

  state(): readonly PendingRetry[] {
    return [...this.#pending.values()]
  }

  /** An execution was recorded; told again, or by another leader before, it changes nothing. */
  note(execution: Execution): void {
    const key = executionKey(execution.jobName, execution.id)
    const job = this.#parts.jobs.peek(execution.jobName)?.value ?? null
    const planned = planRetry(execution, job, this.#parts.clock.now())
    // A lost execution that turns out to have succeeded needs no retry any more.
    if (planned === null) this.#pending.delete(key)
    else if (this.#pending.size < mostPending) this.#pending.set(key, planned)
    else this.#parts.log.error({ execution: key }, 'too many executions wait to be tried again, this one is not')
  }

  /** Orders what is due until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    while (!signal.aborted) {
      const nowMs = clock.now()
      const due = [...this.#pending.values()].filter(({ dueAt }) => dueAt <= nowMs)
      for (let start = 0; start < due.length && !signal.aborted; start += atOnce)
        await Promise.all(due.slice(start, start + atOnce).map((pending) => this.#tryAgain(pending)))
      await clock.sleep(lookEveryMs, signal).catch(() => {})
    }
  }

  async #tryAgain(pending: PendingRetry): Promise<void> {
    const key = keyOf(pending)
    try {
      const job = this.#parts.jobs.peek(pending.jobName)?.value ?? null
      const isDone =
        job?.concurrency === 'forbid'
          ? await this.#parts.gate.inTurn(job.name, () => this.#orderAlone(pending, job))
          : await this.#order(pending, job)
      if (isDone) this.#pending.delete(key)
      this.#failing.delete(key)
    } catch (error) {
      if (!this.#failing.has(key))
        this.#parts.log.warn({ error: messageOf(error), execution: key }, 'a retry cannot be ordered yet')
      this.#failing.add(key)
    }
  }

  /** Waits for what is in the way, as long as it may. */
  async #orderAlone(pending: PendingRetry, job: ScheduledJob): Promise<boolean> {
    const obstacle = await this.#parts.gate.findObstacle(job.name, pending.group)
    if (obstacle === null) return this.#order(pending, job)
    const nowMs = this.#parts.clock.now()
    if (nowMs < giveUpAt(pending, job)) return false
    await this.#record(pending, { nodeNames: [], order: retryOrder(job, pending, nowMs), skippedReason: obstacle })
    return true
  }

  /** @returns false while it has to wait */
  async #order(pending: PendingRetry, job: ScheduledJob | null): Promise<boolean> {
    const { clock, placer } = this.#parts
    const nowMs = clock.now()
    const candidates = job === null ? [] : placer.candidates(job.tags)
    const usedNodes = await this.#usedNodes(pending, candidates)
    const decision = decideRetry({ pending, job, nowMs, candidates, usedNodes })
    if (decision.kind === 'drop' || job === null) return true
    if (decision.kind === 'wait') return false
    const order = retryOrder(job, pending, nowMs)
    const fire =
      decision.kind === 'start'
        ? { nodeNames: [decision.nodeName], order }
        : { nodeNames: [], order, unplacedReason: decision.reason }
    await this.#record(pending, fire)
    return true
  }

  async #record(pending: PendingRetry, fire: FiredJob): Promise<void> {
    const { fireLog, clock, log } = this.#parts
    const key = keyOf(pending)
    const { sequence, job } = await fireLog.createRetry(key, fire)
    this.#open.note(sequence, [job], clock.now())
    await dispatchFires(this.#parts, `retry-${sequence}`, [job], clock.now())
    log.info({ execution: key, nodes: job.nodeNames, attempt: job.order.attempt }, 'an execution is tried again')
  }

  /** Asked only when another node has to be found. */
  async #usedNodes(pending: PendingRetry, candidates: readonly string[]): Promise<ReadonlySet<string>> {
    const { jobName, group, nodeName, outcome } = pending
    if (candidates.length === 0 || (outcome !== 'lost' && candidates.includes(nodeName))) return new Set()
    const recorded = await this.#parts.history.list(jobName)
    const ofFire = [...recorded, ...this.#open.ofJob(jobName)].filter((one) => one.group === group)
    return new Set(ofFire.map((one) => one.nodeName))
  }
}

function keyOf(pending: PendingRetry): string {
  return executionKey(pending.jobName, executionId(pending, pending.nodeName))
}
