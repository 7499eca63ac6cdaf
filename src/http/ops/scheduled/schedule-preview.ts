/**
 * `POST /ops/schedule-preview`: what a schedule means and when it fires, before anybody has saved it.
 *
 * Easy to get wrong: `@every` counts from a job's creation. For a job that is there its own counts, else the moment of the
 * question.
 */
import { InvalidError, type Issue } from '../../../core/errors.ts'
import { formatRfc3339, parseRfc3339 } from '../../../core/rfc3339.ts'
import type { Schedule } from '../../../model/schedule.ts'
import { InvalidScheduleError } from '../../../schedule/grammar/errors.ts'
import {
  type ClockChangeKind,
  type ClockJump,
  type PreviewedFire,
  previewFires,
} from '../../../schedule/grammar/fire-preview.ts'
import { parseSchedule } from '../../../schedule/grammar/parse-schedule.ts'
import { scheduleWords } from '../../../schedule/grammar/schedule-words.ts'
import { isKnownZone } from '../../../schedule/grammar/zone.ts'
import { FieldReader } from '../../shared/field-reader.ts'
import { timeText } from '../time-text.ts'

const mostFires = 50
const usualFires = 10
const latestFromMs = parseRfc3339('9999-12-30T23:59:59Z') ?? 0

export interface PreviewContext {
  readonly nowMs: number
  /** Where neither the schedule nor the request names one. */
  readonly agentZone: string
  /** When the job of this name was created; null when there is none. */
  createdAt(jobName: string): number | null
}

/** @throws InvalidError, MalformedBodyError */
export function schedulePreviewJson(body: unknown, context: PreviewContext) {
  const reader = FieldReader.of(body)
  const spec = reader.string('schedule') ?? ''
  const zone = readZone(reader) ?? context.agentZone
  const count = reader.integer('count', { min: 1, max: mostFires }) ?? usualFires
  const fromMs = readFrom(reader) ?? context.nowMs
  const createdAt = context.createdAt(reader.string('job') ?? '') ?? fromMs
  const schedule = parsed(spec, reader.issues)
  const anchorMs = Math.floor(createdAt / 1_000) * 1_000
  const fires = previewFires(schedule, { zone, anchorMs }, fromMs, count)
  return {
    words: scheduleWords(schedule),
    time_zone: schedule.zone ?? zone,
    next: fires.map(fireJson),
  }
}

function readZone(reader: FieldReader): string | null {
  const zone = reader.string('time_zone') ?? ''
  if (zone === '') return null
  if (isKnownZone(zone)) return zone
  reader.fail('time_zone', 'is not a known time zone, use an IANA name such as Europe/Berlin or UTC')
  return null
}

function readFrom(reader: FieldReader): number | null {
  const wanted = 'an RFC 3339 time, for example 2026-03-29T00:00:00Z'
  const fromMs = reader.text('from', wanted, parseRfc3339) ?? null
  if (fromMs !== null && (fromMs < 0 || fromMs > latestFromMs)) reader.fail('from', 'must be in the years 1970 to 9999')
  return fromMs
}

/** @throws InvalidError with what is wrong with the schedule and everything known before */
function parsed(spec: string, known: readonly Issue[]): Schedule {
  const issue = (message: string) => new InvalidError([...known, { field: 'schedule', value: spec, message }])
  if (spec.trim() === '') throw issue('is required, for example "0 */5 * * * *"')
  try {
    const schedule = parseSchedule(spec)
    if (known.length > 0) throw new InvalidError(known)
    return schedule
  } catch (error) {
    if (error instanceof InvalidScheduleError) throw issue(error.message)
    throw error
  }
}

function fireJson({ atMs, offsetMs, change }: PreviewedFire) {
  return {
    at: timeText(atMs),
    local: localText(atMs + offsetMs),
    utc_offset: offsetText(offsetMs),
    change: change?.kind ?? null,
    change_text: change === null ? null : changeText(change.kind, change.jump),
  }
}

/** Without an offset: `2026-03-29T03:00:00`. */
function localText(localMs: number): string {
  return formatRfc3339(localMs).slice(0, -1)
}

/** `+02:00`; offsets of the nineteenth century are rounded to minutes. */
function offsetText(offsetMs: number): string {
  const text = formatRfc3339(0, Math.round(offsetMs / 60_000))
  return text.endsWith('Z') ? '+00:00' : text.slice(-6)
}

function changeText(kind: ClockChangeKind, { fromLocalMs, toLocalMs }: ClockJump): string {
  const [from, to] = [localText(fromLocalMs).slice(11, 16), localText(toLocalMs).slice(11, 16)]
  switch (kind) {
    case 'skipped':
      return `the clock goes forward from ${from} to ${to}: what is due in between fires now`
    case 'left-out':
      return `the clock goes forward from ${from} to ${to}: times in between are left out`
    case 'once':
      return `the clock goes back from ${from} to ${to} afterwards: this time comes twice and fires once`
    case 'repeated':
      return `the clock has gone back from ${from} to ${to}: this time comes again and fires again`
    case 'forward':
      return `the clock has gone forward from ${from} to ${to} since the fire before`
    case 'back':
      return `the clock has gone back from ${from} to ${to} since the fire before`
  }
}
