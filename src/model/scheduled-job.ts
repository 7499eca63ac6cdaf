/** A scheduled job: what to run, when, and where. Counters live apart, because another writer owns them. */

/** What to do with fires that could not happen in time. */
export type Catchup = 'all' | 'last' | 'none'

/** Whether a fire may start while an execution of the same job still runs. */
export type Concurrency = 'allow' | 'forbid'

export interface ScheduledJob {
  /** A slug, unique: see `slugOf`. */
  readonly name: string
  readonly displayName: string
  /** As the user wrote it; the grammar is in schedule/grammar. */
  readonly schedule: string
  /** IANA zone, or null for the agent's own. */
  readonly timezone: string | null
  readonly command: string
  /** True: through `/bin/sh -c`. False: split as a shell would split words and executed directly. */
  readonly isShell: boolean
  /** The account that runs the command, or null for the agent's own. */
  readonly runAsUser: string | null
  readonly owner: string
  readonly ownerEmail: string
  readonly isDisabled: boolean
  /** Tag name to value, pattern, or `value:count`. All must match. */
  readonly tags: Readonly<Record<string, string>>
  readonly concurrency: Concurrency
  readonly catchup: Catchup
  /** A fire later than this is recorded as missed instead of started. */
  readonly lateLimitMs: number
  /** The whole process group is ended after this long; null: never. */
  readonly timeLimitMs: number | null
  /** How often an execution that failed is tried again; 0: never. */
  readonly retries: number
  /** Before the first retry; doubles from one to the next. */
  readonly retryDelayMs: number
  readonly metadata: Readonly<Record<string, string>>
  /** The anchor of `@every`. */
  readonly createdAt: number
  /** Fires at or before this instant are not due: set at creation, when the schedule changes, and on enabling. */
  readonly scheduledSince: number
}

export const noRetries = { retries: 0, retryDelayMs: 1_000 } as const

/** A job as it was stored, perhaps before it could have retries. The parser's object is as small as one can be. */
export function storedJob(stored: unknown): ScheduledJob {
  const parsed = stored as { -readonly [Field in keyof ScheduledJob]: ScheduledJob[Field] }
  const job = parsed.retries === undefined || parsed.retryDelayMs === undefined ? { ...noRetries, ...parsed } : parsed
  job.tags = orNone(job.tags)
  job.metadata = orNone(job.metadata)
  return job
}

const fieldCount = 20
const noEntries: Readonly<Record<string, string>> = Object.freeze({})

/** The job in half of the memory that a spread takes, which counts with 100,000 of them. */
export function compactJob(job: ScheduledJob): ScheduledJob {
  // Stored by a later version that knows more fields: they are kept.
  if (Object.keys(job).length !== fieldCount) return job
  return {
    name: job.name,
    displayName: job.displayName,
    schedule: job.schedule,
    timezone: job.timezone,
    command: job.command,
    isShell: job.isShell,
    runAsUser: job.runAsUser,
    owner: job.owner,
    ownerEmail: job.ownerEmail,
    isDisabled: job.isDisabled,
    tags: orNone(job.tags),
    concurrency: job.concurrency,
    catchup: job.catchup,
    lateLimitMs: job.lateLimitMs,
    timeLimitMs: job.timeLimitMs,
    retries: job.retries,
    retryDelayMs: job.retryDelayMs,
    metadata: orNone(job.metadata),
    createdAt: job.createdAt,
    scheduledSince: job.scheduledSince,
  }
}

function orNone(entries: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.keys(entries).length === 0 ? noEntries : entries
}

/** What the executions of a job added up to. Owned by the leader, derived from the execution history. */
export interface JobCounters {
  readonly successCount: number
  /** Every recorded execution that did not succeed, missed and unknown ones too. */
  readonly errorCount: number
  readonly lastSuccessAt: number | null
  readonly lastErrorAt: number | null
}

/**
 * The name a job is stored and looked up by: trimmed, lower case, blanks to `-`; only letters and digits of any
 * script, `_` and `-` stay.
 *
 * @returns the slug, empty when nothing of `name` is left
 */
export function slugOf(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/\s+/gu, '-')
    .replace(/[^\p{L}\p{M}\p{N}_-]/gu, '')
}
