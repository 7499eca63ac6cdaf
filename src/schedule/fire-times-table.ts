/**
 * One `FireTimes` for all jobs that fire at the same times: shared by whoever plans fires and whoever shows the next one.
 *
 * Easy to get wrong: nobody says when a schedule is gone. The table keeps those that were asked for last, so a deleted
 * job's goes when enough others have come; whoever holds one keeps it all the same.
 */
import { FireTimes, fireContext, isInterval, type Timed } from './fire-times.ts'

/** Of different schedules, twice as many are kept at most; each takes some 250 bytes. */
const generationSize = 50_000

export class FireTimesTable {
  readonly #agentZone: string
  #recent = new Map<string, FireTimes>()
  #before = new Map<string, FireTimes>()

  /** @param agentZone for jobs that name no zone */
  constructor(agentZone: string) {
    this.#agentZone = agentZone
  }

  /** @throws InvalidScheduleError, UnknownZoneError */
  of(job: Timed): FireTimes {
    const { zone, anchorMs } = fireContext(job, this.#agentZone)
    const key = `${zone}\n${isInterval(job.schedule) ? anchorMs : ''}\n${job.schedule}`
    const recent = this.#recent.get(key)
    if (recent !== undefined) return recent
    const times = this.#before.get(key) ?? new FireTimes(job, this.#agentZone)
    if (this.#recent.size >= generationSize) {
      this.#before = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(key, times)
    return times
  }
}
