/**
 * What a caller may set of a job, and how it is laid over the stored one.
 *
 * Easy to get wrong: a field that is absent stays as it is, a field that is null goes back to its default. Only what a
 * patch names is replaced, so two patches of different fields never undo each other.
 */
import { type Catchup, type Concurrency, compactJob, noRetries, type ScheduledJob } from '../model/scheduled-job.ts'

/** The fields a caller owns, beside the name. */
export interface EditableFields {
  readonly displayName: string
  readonly schedule: string
  readonly timezone: string | null
  readonly command: string
  readonly isShell: boolean
  readonly runAsUser: string | null
  readonly owner: string
  readonly ownerEmail: string
  readonly isDisabled: boolean
  readonly tags: Readonly<Record<string, string>>
  readonly concurrency: Concurrency
  readonly catchup: Catchup
  readonly lateLimitMs: number
  readonly timeLimitMs: number | null
  readonly retries: number
  readonly retryDelayMs: number
  readonly metadata: Readonly<Record<string, string>>
}

export type JobPatch = { readonly name: string } & {
  readonly [Field in keyof EditableFields]?: EditableFields[Field] | null | undefined
}

/** What a field is when nobody says anything. An empty schedule or command is refused when the job is checked. */
export const defaultFields: EditableFields = {
  displayName: '',
  schedule: '',
  timezone: null,
  command: '',
  isShell: false,
  runAsUser: null,
  owner: '',
  ownerEmail: '',
  isDisabled: false,
  tags: {},
  concurrency: 'allow',
  catchup: 'all',
  lateLimitMs: 60_000,
  timeLimitMs: null,
  ...noRetries,
  metadata: {},
}

/**
 * The job after the patch.
 *
 * @param name the slug it is stored under
 * @param stored the newest stored job, or null to create one
 */
export function applyPatch(name: string, patch: JobPatch, stored: ScheduledJob | null, nowMs: number): ScheduledJob {
  const fields: EditableFields = { ...(stored === null ? defaultFields : editableOf(stored)), ...givenFields(patch) }
  const createdAt = stored?.createdAt ?? nowMs
  const scheduledSince = stored === null || startsAnew(stored, fields) ? nowMs : stored.scheduledSince
  return compactJob({ name, ...fields, createdAt, scheduledSince })
}

/** A new time plan owes nothing for the past, nor does a job that was switched off. */
function startsAnew(stored: ScheduledJob, fields: EditableFields): boolean {
  const isNewPlan = stored.schedule !== fields.schedule || stored.timezone !== fields.timezone
  return isNewPlan || (stored.isDisabled && !fields.isDisabled)
}

function givenFields(patch: JobPatch): Partial<EditableFields> {
  const names = Object.keys(defaultFields) as (keyof EditableFields)[]
  const given = names.filter((name) => patch[name] !== undefined)
  return Object.fromEntries(given.map((name) => [name, patch[name] ?? defaultFields[name]]))
}

function editableOf(job: ScheduledJob): EditableFields {
  const { name: _name, createdAt: _createdAt, scheduledSince: _since, ...fields } = job
  return fields
}
