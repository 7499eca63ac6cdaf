/**
 * How the last runs of the jobs of a list went, for one small picture each.
 *
 * Easy to get wrong: histories hold outputs and may be megabytes each. A history is read once, when a job is first asked
 * for, and what ends from then on is noted; jobs that were not asked for in a while are forgotten.
 */
import type { Clock } from '../../../core/clock.ts'
import type { Execution, Outcome } from '../../../model/execution.ts'

export interface RecentRun {
  readonly outcome: Outcome
  readonly durationMs: number
  readonly startedAt: number
}

export interface RecentRunsParts {
  /** Oldest first. @throws when it cannot be read, or there is no such job */
  executions(jobName: string): Promise<readonly Execution[]>
  readonly clock: Clock
}

interface Known {
  readonly runs: (RecentRun & { readonly id: string })[]
  readonly read: Promise<void>
  isRead: boolean
}

const mostRuns = 20
const mostJobs = 2_000
const readAtOnce = 3
/** What is not read by then is told the next time. */
const answerWithinMs = 1_500

export class RecentRuns {
  readonly #parts: RecentRunsParts
  /** In the order in which they were asked for. */
  readonly #jobs = new Map<string, Known>()
  #reading: Promise<unknown>[] = Array.from({ length: readAtOnce }, () => Promise.resolve())

  constructor(parts: RecentRunsParts) {
    this.#parts = parts
  }

  /** The last 20 runs of each job, oldest first; without those that could not be read in time. */
  async of(jobNames: readonly string[]): Promise<ReadonlyMap<string, readonly RecentRun[]>> {
    const { clock } = this.#parts
    const asked = jobNames.map((name) => [name, this.#know(name)] as const)
    const waited = new AbortController()
    const all = Promise.all(asked.map(([, known]) => known.read))
    await Promise.race([all, clock.sleep(answerWithinMs, waited.signal).catch(() => {})])
    waited.abort()
    return new Map(asked.flatMap(([name, { isRead, runs }]) => (isRead ? [[name, runs.slice(-mostRuns)]] : [])))
  }

  /** It has ended, on whatever node. */
  note(execution: Execution): void {
    const known = this.#jobs.get(execution.jobName)
    if (known !== undefined) add(known, execution)
  }

  forget(jobName: string): void {
    this.#jobs.delete(jobName)
  }

  #know(jobName: string): Known {
    const kept = this.#jobs.get(jobName)
    this.#jobs.delete(jobName)
    const known = kept ?? this.#read(jobName)
    this.#jobs.set(jobName, known)
    const [oldest] = this.#jobs.keys()
    if (this.#jobs.size > mostJobs && oldest !== undefined) this.#jobs.delete(oldest)
    return known
  }

  #read(jobName: string): Known {
    const before = this.#reading.shift() ?? Promise.resolve()
    const known: Known = {
      runs: [],
      isRead: false,
      read: before
        .then(() => this.#parts.executions(jobName))
        .then(
          (executions) => {
            for (const execution of executions.slice(-mostRuns)) add(known, execution)
            known.isRead = true
          },
          () => {
            // It is tried again when it is asked for again.
            if (this.#jobs.get(jobName) === known) this.#jobs.delete(jobName)
          },
        ),
    }
    this.#reading.push(known.read)
    return known
  }
}

/** What was noted while the history was read is in both. */
function add({ runs }: Known, { id, outcome, startedAt, finishedAt }: Execution): void {
  const run = { id, outcome, startedAt, durationMs: finishedAt - startedAt }
  const place = runs.findIndex((other) => other.id === id)
  if (place >= 0) runs[place] = run
  else runs.push(run)
  runs.sort((a, b) => a.startedAt - b.startedAt)
  if (runs.length > mostRuns) runs.splice(0, runs.length - mostRuns)
}
