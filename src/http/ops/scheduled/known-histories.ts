/**
 * The histories of the jobs that somebody looks at, without their outputs.
 *
 * Easy to get wrong: a history may be megabytes, nearly all of it output, and pages ask for it with every event. So it is
 * read once, and what ends from then on is added as it is told. That may be a moment behind, and whoever saw an execution
 * run must find its end: so the newest record alone is asked for each time, and if it is not known all are read again.
 */
import type { Clock } from '../../../core/clock.ts'
import type { Execution } from '../../../model/execution.ts'

export type PastRun = Omit<Execution, 'output'>

export interface KnownHistoriesParts {
  /** Oldest first. @throws NotFoundError, UnavailableError */
  read(jobName: string): Promise<readonly Execution[]>
  /** The one that was recorded last. @throws UnavailableError */
  newest(jobName: string): Promise<Pick<Execution, 'id' | 'outcome'> | null>
  /** Executions that are kept of each job. */
  readonly historyLimit: number
  readonly clock: Clock
}

interface Known {
  readonly readAtMs: number
  readonly reading: Promise<void>
  /** By id, oldest first; those too that were told while the history was read. */
  readonly runs: Map<string, PastRun>
  isRead: boolean
}

const mostJobs = 100
/** Longer ones are read each time. */
const longestHistory = 1_000
const goodForMs = 60_000

export class KnownHistories {
  readonly #parts: KnownHistoriesParts
  /** In the order in which they were asked for. */
  readonly #jobs = new Map<string, Known>()

  constructor(parts: KnownHistoriesParts) {
    this.#parts = parts
  }

  /** What has ended, oldest first. @throws what `read` throws */
  async of(jobName: string): Promise<readonly PastRun[]> {
    const kept = this.#jobs.get(jobName)
    const known = kept !== undefined && (await this.#isGood(jobName, kept)) ? kept : this.#read(jobName)
    this.#jobs.delete(jobName)
    this.#jobs.set(jobName, known)
    const [oldest] = this.#jobs.keys()
    if (this.#jobs.size > mostJobs && oldest !== undefined) this.#jobs.delete(oldest)
    try {
      await known.reading
    } catch (error) {
      this.#forget(jobName, known)
      throw error
    }
    if (known.runs.size > longestHistory) this.#forget(jobName, known)
    return [...known.runs.values()].slice(-this.#parts.historyLimit)
  }

  /** It has ended, on whatever node. */
  note(execution: Execution): void {
    const known = this.#jobs.get(execution.jobName)
    if (known === undefined) return
    add(known.runs, execution)
    const [oldest] = known.runs.keys()
    if (known.isRead && known.runs.size > this.#parts.historyLimit && oldest !== undefined) known.runs.delete(oldest)
  }

  forget(jobName: string): void {
    this.#jobs.delete(jobName)
  }

  async #isGood(jobName: string, known: Known): Promise<boolean> {
    const { clock, newest } = this.#parts
    await known.reading.catch(() => {})
    if (!known.isRead) return false
    if (clock.monotonicMs() - known.readAtMs >= goodForMs) return false
    const last = await newest(jobName)
    if (last === null) return known.runs.size === 0
    const run = known.runs.get(last.id)
    return run !== undefined && (run.outcome === last.outcome || last.outcome === 'lost')
  }

  #forget(jobName: string, known: Known): void {
    if (this.#jobs.get(jobName) === known) this.#jobs.delete(jobName)
  }

  #read(jobName: string): Known {
    const { clock, read } = this.#parts
    const known: Known = {
      readAtMs: clock.monotonicMs(),
      runs: new Map(),
      isRead: false,
      reading: read(jobName).then((executions) => {
        const early = [...known.runs.values()]
        known.runs.clear()
        for (const run of [...executions, ...early]) add(known.runs, run)
        known.isRead = true
      }),
    }
    return known
  }
}

/** Each at its first place with its last record, though never lost when it is known how it ended. */
function add(runs: Map<string, PastRun>, run: PastRun & { readonly output?: string }): void {
  if (run.outcome === 'lost' && runs.has(run.id)) return
  const { output: _output, ...shown } = run
  runs.set(run.id, shown)
}
