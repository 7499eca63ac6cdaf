/**
 * The counters of a share of the jobs: all that is stored as one record.
 *
 * Easy to get wrong: adopting a record and counting executions must not overlap. `throughSequence` says up to where the
 * executions of these jobs are in, whoever counted them; what is at or before it is never counted again.
 */
import type { Execution } from '../model/execution.ts'
import type { JobCounters } from '../model/scheduled-job.ts'
import type { CountersRecord, StoredCounters } from './ports.ts'

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
    this.#jobs.set(jobName, {
      jobName,
      jobCreatedAt,
      ...addTo(this.of(jobName, jobCreatedAt), execution),
    })
    this.#isDirty = true
    const unsaved = (this.#unsaved.get(jobName) ?? 0) + 1
    this.#unsaved.set(jobName, unsaved)
    return unsaved
  }

  forget(jobName: string): void {
    this.#unsaved.delete(jobName)
    if (this.#jobs.delete(jobName)) this.#isDirty = true
  }

  /** Takes over what another node stored, if it has counted further. */
  adopt(record: CountersRecord): void {
    if (record.throughSequence <= this.#throughSequence) return
    this.#jobs = new Map(record.jobs.map((stored) => [stored.jobName, stored]))
    this.#throughSequence = record.throughSequence
    this.#unsaved.clear()
    this.#isDirty = false
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

function addTo(counters: JobCounters, { outcome, finishedAt }: Execution): JobCounters {
  const { successCount, errorCount, lastSuccessAt, lastErrorAt } = counters
  return outcome === 'succeeded'
    ? { successCount: successCount + 1, errorCount, lastErrorAt, lastSuccessAt: latest(lastSuccessAt, finishedAt) }
    : { successCount, errorCount: errorCount + 1, lastSuccessAt, lastErrorAt: latest(lastErrorAt, finishedAt) }
}

function latest(known: number | null, atMs: number): number {
  return Math.max(known ?? atMs, atMs)
}
