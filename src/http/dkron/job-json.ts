/**
 * A job as the Dkron API spells it: out, and in.
 *
 * Easy to get wrong: a body may carry everything an answer carried. What the server owns (counters, `next`) is known
 * and ignored; what nobody knows is ignored and named.
 */
import type { Issue } from '../../core/errors.ts'
import type { JobCounters } from '../../model/scheduled-job.ts'
import type { EditableFields, JobPatch } from '../../schedule/job-patch.ts'
import type { JobDetails } from '../../schedule/job-service.ts'
import type { FieldReader, Read } from '../shared/field-reader.ts'
import { shownValue } from '../shared/shown-value.ts'
import { durationMs, durationText } from './go-duration-text.ts'

/** The names of the domain's fields here, where they differ. */
const wireNames: Readonly<Partial<Record<keyof EditableFields, string>>> = {
  displayName: 'displayname',
  isShell: 'shell',
  runAsUser: 'run_as_user',
  ownerEmail: 'owner_email',
  isDisabled: 'disabled',
  lateLimitMs: 'late_limit',
  timeLimitMs: 'timeout',
  retryDelayMs: 'retry_delay',
}
const domainNames = new Map(Object.entries(wireNames).map(([domain, wire]) => [wire, domain]))

const serverOwned = ['success_count', 'error_count', 'last_success', 'last_error', 'next', 'status'] as const

export function jobJson({ job, counters, nextAt }: JobDetails) {
  return {
    name: job.name,
    displayname: job.displayName,
    schedule: job.schedule,
    timezone: job.timezone ?? '',
    command: job.command,
    shell: job.isShell,
    run_as_user: job.runAsUser ?? '',
    owner: job.owner,
    owner_email: job.ownerEmail,
    success_count: counters.successCount,
    error_count: counters.errorCount,
    last_success: dateText(counters.lastSuccessAt),
    last_error: dateText(counters.lastErrorAt),
    disabled: job.isDisabled,
    tags: job.tags,
    concurrency: job.concurrency,
    catchup: job.catchup,
    late_limit: durationText(job.lateLimitMs),
    timeout: job.timeLimitMs === null ? '' : durationText(job.timeLimitMs),
    retries: job.retries,
    retry_delay: durationText(job.retryDelayMs),
    metadata: job.metadata,
    next: dateText(nextAt),
    status: statusOf(counters),
  }
}

/** An instant as RFC 3339 in UTC, or null. */
export function dateText(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString()
}

/** What the last execution that ended came to; empty when none has. */
function statusOf({ lastSuccessAt, lastErrorAt }: JobCounters): '' | 'success' | 'failed' {
  if (lastSuccessAt === null && lastErrorAt === null) return ''
  return (lastSuccessAt ?? 0) > (lastErrorAt ?? 0) ? 'success' : 'failed'
}

/** Reads a body; what is wrong with it is noted in the reader. */
export function readJobPatch(reader: FieldReader): JobPatch {
  reader.ignore(...serverOwned)
  return {
    name: reader.string('name') ?? '',
    displayName: reader.string('displayname'),
    schedule: reader.string('schedule'),
    timezone: emptyAsNull(reader.string('timezone')),
    command: reader.string('command'),
    isShell: reader.boolean('shell'),
    runAsUser: emptyAsNull(reader.string('run_as_user')),
    owner: reader.string('owner'),
    ownerEmail: reader.string('owner_email'),
    isDisabled: reader.boolean('disabled'),
    tags: reader.stringMap('tags'),
    concurrency: emptyAsNull(reader.oneOf('concurrency', ['allow', 'forbid', ''])),
    catchup: emptyAsNull(reader.oneOf('catchup', ['all', 'last', 'none', ''])),
    lateLimitMs: readDuration(reader, 'late_limit'),
    timeLimitMs: zeroAsNull(readDuration(reader, 'timeout')),
    retries: reader.integer('retries'),
    retryDelayMs: readDuration(reader, 'retry_delay'),
    metadata: reader.stringMap('metadata'),
  }
}

/** Problems that the reader found, in the domain's names. */
export function domainIssues(issues: readonly Issue[]): readonly Issue[] {
  return issues.map((issue) => ({ ...issue, field: domainNames.get(issue.field) ?? issue.field }))
}

/** Problems that the domain reports, in the names of this API and with the values that the body has. */
export function wireIssues(issues: readonly Issue[], reader: FieldReader): readonly Issue[] {
  return issues.map((issue) => {
    const field = (wireNames as Readonly<Record<string, string>>)[issue.field] ?? issue.field
    return { ...issue, field, value: reader.has(field) ? reader.shown(field) : shownValue(field, issue.value) }
  })
}

function readDuration(reader: FieldReader, name: string): Read<number> {
  if (reader.any(name) === '') return null
  return reader.text(name, 'a duration such as "90s" or "1m30s"', durationMs)
}

function emptyAsNull<Text extends string>(value: Read<Text>): Read<Exclude<Text, ''>> {
  return value === '' ? null : (value as Read<Exclude<Text, ''>>)
}

function zeroAsNull(value: Read<number>): Read<number> {
  return value === 0 ? null : value
}
