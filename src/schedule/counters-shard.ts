/**
 * The counters of a share of the jobs: all that is stored as one record.
 *
 * Easy to get wrong: adopting a record and counting executions must not overlap. `throughSequence` says up to where the
 * executions of these jobs are in, whoever counted them; what is at or before it is never counted again.
 */
import type { Execution } from '../model/execution.ts'
import type { JobCounters } from '../model/scheduled-job.ts'
import type { CountedLoss, CountersRecord, StoredCounters } from './ports.ts'

export const noCounters: JobCounters = { successCount: 0, errorCount: 0, lastSuccessAt: null, lastErrorAt: null }

export class CountersShard {
  #jobs = new Map<string, StoredCounters>()
  /** Executions of each job that are counted here and not yet stored. */
  #unsaved = new Map<string, number>()
  #throughSequence = 0
  #isDirty = false

  get throughSequence(): number {
    return this.#throughSequence
  }

  get isDirty(): boolean {
    return this.#isDirty
  }

  of(jobName: string, jobCreatedAt: number): JobCounters {
    const stored = this.#jobs.get(jobName)
    return stored?.jobCreatedAt === jobCreatedAt ? stored : noCounters
  }

  /** @returns how many executions of the job are counted and not yet stored */
  count(execution: Execution, jobCreatedAt: number, sequence: number): number {
    const { jobName } = execution
    if (sequence <= this.#throughSequence) return this.#unsaved.get(jobName) ?? 0
    this.#throughSequence = sequence
    const stored = this.#jobs.get(jobName)
    const losses = stored?.jobCreatedAt === jobCreatedAt ? (stored.lost ?? []) : []
    const { counters, lost } = addTo(this.of(jobName, jobCreatedAt), losses, execution)
    this.#jobs.set(jobName, { jobName, jobCreatedAt, ...counters, ...(lost.length === 0 ? {} : { lost }) })
    this.#isDirty = true
    const unsaved = (this.#unsaved.get(jobName) ?? 0) + 1
    this.#unsaved.set(jobName, unsaved)
    return unsaved
  }

  forget(jobName: string): void {
    this.#unsaved.delete(jobName)
    if (this.#jobs.delete(jobName)) this.#isDirty = true
  }

  /** Takes over what another node stored, if it has counted further. @returns whether it has */
  adopt(record: CountersRecord): boolean {
    if (record.throughSequence <= this.#throughSequence) return false
    this.#jobs = new Map(record.jobs.map((stored) => [stored.jobName, stored]))
    this.#throughSequence = record.throughSequence
    this.#unsaved.clear()
    this.#isDirty = false
    return true
  }

  /** What is to be stored now. Call `failed` when that did not work. */
  take(): CountersRecord {
    this.#isDirty = false
    this.#unsaved = new Map()
    return { throughSequence: this.#throughSequence, jobs: [...this.#jobs.values()] }
  }

  failed(): void {
    this.#isDirty = true
  }
}

interface Sum {
  readonly counters: JobCounters
  readonly lost: readonly CountedLoss[]
}

/** More lost executions of one job than this are not put right any more. */
const mostLosses = 200

function addTo(before: JobCounters, losses: readonly CountedLoss[], execution: Execution): Sum {
  const { id, outcome, finishedAt } = execution
  const known = losses.find((loss) => loss.id === id)
  if (outcome === 'lost') {
    if (known !== undefined) return { counters: before, lost: losses }
    const loss = { id, atMs: finishedAt, lastErrorBefore: before.lastErrorAt }
    return { counters: added(before, execution), lost: [...losses, loss].slice(-mostLosses) }
  }
  if (known === undefined) return { counters: added(before, execution), lost: losses }
  return { counters: added(withoutLoss(before, known), execution), lost: losses.filter((loss) => loss !== known) }
}

function added(counters: JobCounters, { outcome, finishedAt }: Execution): JobCounters {
  const { successCount, errorCount, lastSuccessAt, lastErrorAt } = counters
  return outcome === 'succeeded'
    ? { successCount: successCount + 1, errorCount, lastErrorAt, lastSuccessAt: latest(lastSuccessAt, finishedAt) }
    : { successCount, errorCount: errorCount + 1, lastSuccessAt, lastErrorAt: latest(lastErrorAt, finishedAt) }
}

/** It was no error after all, or is told anew. */
function withoutLoss(counters: JobCounters, { atMs, lastErrorBefore }: CountedLoss): JobCounters {
  const lastErrorAt = counters.lastErrorAt === atMs ? lastErrorBefore : counters.lastErrorAt
  return { ...counters, errorCount: counters.errorCount - 1, lastErrorAt }
}

function latest(known: number | null, atMs: number): number {
  return Math.max(known ?? atMs, atMs)
}
