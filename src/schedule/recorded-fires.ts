/**
 * What the fire log already holds of the seconds that are being looked at again.
 *
 * Easy to get wrong: a second may have been recorded in part, by a leader that died, or twice in parts, for a job
 * that was saved just before it. So membership is asked job by job.
 */
import type { FireRecord } from './ports.ts'

export class RecordedFires {
  // Seconds of each job, ascending: numbers in arrays, because there may be millions after a long outage.
  readonly #secondsOf = new Map<string, number[]>()

  note(record: FireRecord): void {
    for (const { order } of record.jobs) this.#noteJob(order.jobName, record.second)
  }

  has(jobName: string, second: number): boolean {
    const seconds = this.#secondsOf.get(jobName)
    return seconds !== undefined && seconds[lowerBound(seconds, second)] === second
  }

  #noteJob(jobName: string, second: number): void {
    const seconds = this.#secondsOf.get(jobName) ?? []
    this.#secondsOf.set(jobName, seconds)
    const index = lowerBound(seconds, second)
    if (seconds[index] !== second) seconds.splice(index, 0, second)
  }
}

/** The index of the first number that is not below `wanted`. */
function lowerBound(sorted: readonly number[], wanted: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? 0) < wanted) low = middle + 1
    else high = middle
  }
  return low
}
