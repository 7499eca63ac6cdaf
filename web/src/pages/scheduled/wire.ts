/** What the agent answers about scheduled jobs, as it is on the wire. Instants are RFC 3339 in UTC. */
import type { JobStatus } from './list-query.ts'

export interface ListedJob {
  readonly name: string
  readonly displayname: string
  readonly schedule: string
  /** IANA zone the schedule is read in; null: the agent's own. */
  readonly time_zone: string | null
  readonly disabled: boolean
  readonly tags: Readonly<Record<string, string>>
  readonly next_at: string | null
  readonly last_at: string | null
  readonly last_success_at: string | null
  readonly last_error_at: string | null
  readonly success_count: number
  readonly error_count: number
  /** Executions that run now. */
  readonly running: number
  readonly status: JobStatus
}

export interface JobTag {
  readonly name: string
  readonly value: string
  readonly jobs: number
}

export interface JobList {
  readonly total: number
  readonly matched: number
  readonly jobs: readonly ListedJob[]
}

export interface RecentRun {
  readonly outcome: Outcome
  readonly duration_ms: number | null
  readonly started_at: string | null
}

export interface RecentRuns {
  /** Of each job, the newest last. */
  readonly jobs: Readonly<Record<string, readonly RecentRun[]>>
}

export type Outcome = 'running' | 'succeeded' | 'failed' | 'missed' | 'skipped' | 'unplaced' | 'unknown' | 'lost'

export interface FireExecution {
  readonly id: string
  /** Empty when no node was chosen. */
  readonly node_name: string
  readonly attempt: number
  readonly outcome: Outcome
  readonly reason: string
  readonly exit_code: number | null
  readonly lateness_ms: number | null
  readonly started_at: string | null
  readonly finished_at: string | null
  readonly duration_ms: number | null
  readonly output_bytes: number | null
}

export interface Fire {
  readonly group: string
  /** Null for a run by hand. */
  readonly scheduled_at: string | null
  readonly executions: readonly FireExecution[]
}

export interface FirePage {
  /** Newest first. */
  readonly fires: readonly Fire[]
  /** What `before` has to be for the next page; null: there is none. */
  readonly next_before: string | null
}

export interface PreviewedFire {
  readonly at: string
  /** The wall clock of the zone. */
  readonly local: string
  readonly utc_offset: string
  /** What a change of the clocks does to it, as a word and as a sentence. */
  readonly change: string | null
  readonly change_text: string | null
}

export interface SchedulePreview {
  readonly words: string
  readonly time_zone: string
  readonly next: readonly PreviewedFire[]
}

/** A job as the Dkron API answers it, as far as the page reads it by itself. */
export interface JobAnswer {
  readonly name: string
  readonly displayname: string
  readonly schedule: string
  readonly timezone: string
  readonly command: string
  readonly shell: boolean
  readonly run_as_user: string
  readonly owner: string
  readonly owner_email: string
  readonly disabled: boolean
  readonly tags: Readonly<Record<string, string>>
  readonly concurrency: string
  readonly catchup: string
  readonly late_limit: string
  readonly timeout: string
  readonly retries: number
  readonly retry_delay: string
  readonly metadata: Readonly<Record<string, string>>
  readonly success_count: number
  readonly error_count: number
  readonly last_success: string | null
  readonly last_error: string | null
  readonly next: string | null
  readonly status: '' | 'success' | 'failed'
}

export function jobPath(name: string): string {
  return `/v1/jobs/${encodeURIComponent(name)}`
}

export function opsJobPath(name: string): string {
  return `/ops/scheduled-jobs/${encodeURIComponent(name)}`
}

export function executionPath(name: string, id: string): string {
  return `/v1/executions/${encodeURIComponent(name)}/${encodeURIComponent(id)}`
}

export function outputPath(name: string, id: string): string {
  return `${opsJobPath(name)}/executions/${encodeURIComponent(id)}/output`
}
