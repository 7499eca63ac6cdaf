/** What `GET /ops/timeline` answers. */

export interface TimelineBucket {
  /** Where it begins. */
  readonly at: string
  readonly succeeded: number
  readonly failed: number
  readonly missed: number
  readonly running: number
  /** To come. */
  readonly due: number
}

export interface TimelineEntry {
  readonly job: string
  readonly scheduled_at?: string | null
  readonly node_name?: string
  readonly outcome?: string
  readonly reason?: string
  readonly lateness_ms?: number | null
}

export interface TimelineAnswer {
  readonly from: string
  readonly to: string
  readonly buckets: readonly TimelineBucket[]
  readonly late: readonly TimelineEntry[]
  readonly failed: readonly TimelineEntry[]
}
