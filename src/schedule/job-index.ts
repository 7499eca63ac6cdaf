/**
 * All jobs in the order of their names with what a list shows of each, so that no request sorts or reads them anew.
 *
 * Easy to get wrong: it is made when somebody first asks, in slices, because with 100,000 jobs that takes a second of
 * work. What changes meanwhile is noted like everything later.
 */
import { TimeSlice } from '../core/time-slice.ts'
import type { JobCounters, ScheduledJob } from '../model/scheduled-job.ts'
import type { CountersChange } from './counters.ts'
import type { JobChange, JobView } from './job-view.ts'
import { type SharedTimes, SharedTimesTable } from './shared-times.ts'

/** How a job does, whether it runs now or not: what its last execution came to, unless nobody wants it to run. */
export type JobHealth = 'failing' | 'succeeding' | 'disabled' | 'never'

export interface IndexedJob {
  readonly job: ScheduledJob
  readonly times: SharedTimes
  readonly health: JobHealth
}

export interface JobIndexParts {
  readonly view: Pick<JobView, 'ready' | 'all' | 'subscribe'>
  readonly counters: {
    of(job: Pick<ScheduledJob, 'name' | 'createdAt'>): JobCounters
    subscribe(listener: (change: CountersChange) => void): () => void
  }
  /** For jobs that name no zone. */
  readonly agentZone: string
}

type Entry = { -readonly [Field in keyof IndexedJob]: IndexedJob[Field] }

/** New names that are sorted at a time before they are merged with all others. */
const sortedAtOnce = 4_000

export class JobIndex {
  readonly #parts: JobIndexParts
  readonly #times: SharedTimesTable
  readonly #entries = new Map<string, Entry>()
  readonly #counts = { failing: 0, succeeding: 0, disabled: 0, never: 0 }
  /** By name; without those that are still in `#unsorted`. Replaced, never changed, so that readers may rest. */
  #sorted: readonly Entry[] = []
  #unsorted: Entry[] = []
  /** Deleted, and still in one of the two. */
  readonly #removed = new Set<Entry>()
  #opening: Promise<void> | null = null
  #sorting: Promise<void> = Promise.resolve()

  constructor(parts: JobIndexParts) {
    this.#parts = parts
    this.#times = new SharedTimesTable(parts.agentZone)
  }

  /** How many jobs do how. Complete after `byName`. */
  get counts(): Readonly<Record<JobHealth, number>> {
    return { ...this.#counts }
  }

  /** All jobs by name, as of now: the array never changes, its items do. */
  async byName(): Promise<readonly IndexedJob[]> {
    await this.#open()
    // One after the other: a second one would sort the same names.
    this.#sorting = this.#sorting.then(() => this.#sort())
    await this.#sorting
    return this.#sorted
  }

  /** Every schedule that some job has. */
  async schedules(): Promise<readonly SharedTimes[]> {
    await this.#open()
    return this.#times.all()
  }

  #open(): Promise<void> {
    this.#opening ??= this.#readAll()
    return this.#opening
  }

  async #readAll(): Promise<void> {
    const { view, counters } = this.#parts
    await view.ready()
    view.subscribe((change) => this.#apply(change))
    counters.subscribe((change) => this.#noteCounters(change))
    const slice = new TimeSlice()
    for (const job of view.all()) {
      this.#put(job)
      if (slice.isOver) await slice.rest()
    }
  }

  #apply(change: JobChange): void {
    if (change.kind === 'put') this.#put(change.job)
    else this.#remove(change.name)
  }

  #put(job: ScheduledJob): void {
    const known = this.#entries.get(job.name)
    if (known?.job === job) return
    const times = this.#times.take(job)
    const health = healthOf(job, this.#parts.counters.of(job))
    this.#counts[health] += 1
    if (known === undefined) {
      const entry = { job, times, health }
      this.#entries.set(job.name, entry)
      this.#unsorted.push(entry)
      return
    }
    this.#times.release(known.times, known.job)
    this.#counts[known.health] -= 1
    known.job = job
    known.times = times
    known.health = health
  }

  #remove(name: string): void {
    const known = this.#entries.get(name)
    if (known === undefined) return
    this.#entries.delete(name)
    this.#times.release(known.times, known.job)
    this.#counts[known.health] -= 1
    this.#removed.add(known)
  }

  #noteCounters(change: CountersChange): void {
    if (change.kind === 'counted') this.#assess(this.#entries.get(change.execution.jobName))
    else for (const entry of this.#entries.values()) this.#assess(entry)
  }

  #assess(entry: Entry | undefined): void {
    if (entry === undefined) return
    const health = healthOf(entry.job, this.#parts.counters.of(entry.job))
    this.#counts[entry.health] -= 1
    this.#counts[health] += 1
    entry.health = health
  }

  async #sort(): Promise<void> {
    const slice = new TimeSlice()
    if (this.#removed.size > 0) {
      this.#sorted = this.#sorted.filter((entry) => !this.#removed.has(entry))
      this.#unsorted = this.#unsorted.filter((entry) => !this.#removed.has(entry))
      this.#removed.clear()
    }
    while (this.#unsorted.length > 0) {
      const next = this.#unsorted.splice(0, sortedAtOnce).sort((a, b) => (a.job.name < b.job.name ? -1 : 1))
      this.#sorted = merged(this.#sorted, next)
      if (slice.isOver) await slice.rest()
    }
  }
}

/** What the last execution that ended came to. */
function healthOf({ isDisabled }: ScheduledJob, { lastSuccessAt, lastErrorAt }: JobCounters): JobHealth {
  if (isDisabled) return 'disabled'
  if (lastSuccessAt === null && lastErrorAt === null) return 'never'
  return (lastSuccessAt ?? 0) > (lastErrorAt ?? 0) ? 'succeeding' : 'failing'
}

function merged(some: readonly Entry[], more: readonly Entry[]): readonly Entry[] {
  const all: Entry[] = []
  let index = 0
  for (const entry of more) {
    for (let other = some[index]; other !== undefined && other.job.name < entry.job.name; other = some[index]) {
      all.push(other)
      index += 1
    }
    all.push(entry)
  }
  for (; index < some.length; index += 1) all.push(some[index] as Entry)
  return all
}
