/** What `GET /ops/timeline` answers. */

export interface TimelineBucket {
  /** Where it begins. */
  readonly at: string
  readonly succeeded: number
  readonly failed: number
  /** Missed, skipped, or no node to run on. */
  readonly missed: number
  readonly running: number
  /** To come. */
  readonly due: number
}

/** One execution, or a fire that became none. */
export interface TimelineEntry {
  readonly job: string
  readonly id: string
  readonly node_name: string
  readonly outcome: string
  readonly reason: string
  readonly scheduled_at: string | null
  readonly lateness_ms: number | null
}

export interface TimelineAnswer {
  readonly from: string
  readonly to: string
  /** What was due before is not counted, or only in part. */
  readonly known_from: string
  readonly buckets: readonly TimelineBucket[]
  /** Started late, or missed; the newest last, at most 100. */
  readonly late: readonly TimelineEntry[]
}
