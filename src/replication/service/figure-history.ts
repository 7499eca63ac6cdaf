/**
 * The last hour of each job's figures, in memory: one sample every few seconds, the oldest ones overwritten.
 *
 * Easy to get wrong: all jobs share the times of the samples, so a job that was not there at one has nothing at that place.
 */

/** What a job did at one moment; null where it is not known. */
export interface JobFigures {
  readonly lagMs: number | null
  readonly rowsPerSecond: number | null
  readonly transactionsPerSecond: number | null
  readonly bytesPerSecond: number | null
  readonly backlogBytes: number | null
}

type Figure = keyof JobFigures

const figureNames: readonly Figure[] = [
  'lagMs',
  'rowsPerSecond',
  'transactionsPerSecond',
  'bytesPerSecond',
  'backlogBytes',
]

/** Arrays of the same length, the oldest first. */
export interface FigureSeries extends Readonly<Record<Figure, readonly (number | null)[]>> {
  readonly stepMs: number
  /** Epoch milliseconds, by the clock of the node that is asked. */
  readonly at: readonly number[]
}

export interface FigureHistoryOptions {
  readonly stepMs: number
  /** How many samples are kept. */
  readonly steps: number
  /** Figures of more jobs are not kept: 14 kB each for an hour of one sample every five seconds. */
  readonly mostJobs: number
}

interface Track {
  /** Number of the first sample that the job was in. */
  readonly since: number
  readonly columns: Readonly<Record<Figure, Float32Array>>
}

export class FigureHistory {
  readonly #options: FigureHistoryOptions
  readonly #at: Float64Array
  readonly #tracks = new Map<string, Track>()
  /** Samples taken so far. */
  #count = 0

  constructor(options: FigureHistoryOptions) {
    this.#options = options
    this.#at = new Float64Array(options.steps)
  }

  /** @param jobs every job there is; what is not among them is forgotten. Null: nothing is known of it now */
  sample(atMs: number, jobs: ReadonlyMap<string, JobFigures | null>): void {
    for (const id of this.#tracks.keys()) if (!jobs.has(id)) this.#tracks.delete(id)
    const place = this.#count % this.#options.steps
    this.#at[place] = atMs
    for (const [id, figures] of jobs) {
      const track = this.#tracks.get(id) ?? this.#begin(id)
      if (track === null) continue
      for (const name of figureNames) track.columns[name][place] = figures?.[name] ?? Number.NaN
    }
    this.#count += 1
  }

  read(jobId: string): FigureSeries {
    const { stepMs, steps } = this.#options
    const track = this.#tracks.get(jobId)
    const first = track === undefined ? this.#count : Math.max(track.since, this.#count - steps)
    const places = Array.from({ length: this.#count - first }, (_, index) => (first + index) % steps)
    const column = (name: Figure) => places.map((place) => known(track?.columns[name][place]))
    return {
      stepMs,
      at: places.map((place) => this.#at[place] ?? 0),
      lagMs: column('lagMs'),
      rowsPerSecond: column('rowsPerSecond'),
      transactionsPerSecond: column('transactionsPerSecond'),
      bytesPerSecond: column('bytesPerSecond'),
      backlogBytes: column('backlogBytes'),
    }
  }

  #begin(id: string): Track | null {
    if (this.#tracks.size >= this.#options.mostJobs) return null
    const column = () => new Float32Array(this.#options.steps)
    const columns = {
      lagMs: column(),
      rowsPerSecond: column(),
      transactionsPerSecond: column(),
      bytesPerSecond: column(),
      backlogBytes: column(),
    }
    const track = { since: this.#count, columns }
    this.#tracks.set(id, track)
    return track
  }
}

function known(figure: number | undefined): number | null {
  return figure === undefined || Number.isNaN(figure) ? null : figure
}
