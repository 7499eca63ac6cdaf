/** What the overview reads of `GET /ops/scheduled-jobs` and `GET /ops/replication-jobs`. */

export interface JobSummary {
  readonly name: string
  readonly displayname?: string
  readonly schedule: string
  readonly disabled: boolean
  readonly next_at: string | null
  readonly last_at: string | null
  readonly last_success_at: string | null
  readonly last_error_at: string | null
  /** Commands of it that run now. */
  readonly running: number
}

export interface JobSummaries {
  readonly total: number
  readonly matched: number
  readonly jobs: readonly JobSummary[]
}

export interface ReplicationSummary {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly stage: string
  readonly lag_ms: number | null
}

export interface ReplicationSummaries {
  readonly total: number
  readonly jobs: readonly ReplicationSummary[]
}
