/**
 * The schedule grammar of Dkron 0.7.2, as api-dkron.md settles it: six fields, five fields, @-macros, `@every`, `@at`,
 * `@manually`, each after an optional `CRON_TZ=Zone` or `TZ=Zone`.
 *
 * Easy to get wrong: five fields are a classic crontab line, minute first. Two day fields must both match as soon as
 * one of them starts with `*` or `?`, so `*` and also `*\/2` narrow, they do not widen.
 */
import { parseRfc3339 } from '../../core/rfc3339.ts'
import type { CronSchedule, Schedule } from '../../model/schedule.ts'
import { fieldRules, parseField } from './cron-field.ts'
import { InvalidScheduleError, quote } from './errors.ts'
import { parseGoDuration } from './go-duration.ts'
import { isKnownZone } from './zone.ts'

/** A list of all seconds, all minutes and all days is some 450 characters. */
const longestSpec = 1024

const macros: Readonly<Record<string, string>> = {
  '@yearly': '0 0 0 1 1 *',
  '@annually': '0 0 0 1 1 *',
  '@monthly': '0 0 0 1 * *',
  '@weekly': '0 0 0 * * 0',
  '@daily': '0 0 0 * * *',
  '@midnight': '0 0 0 * * *',
  '@hourly': '0 0 * * * *',
  '@minutely': '0 * * * * *',
}

/**
 * Reads a schedule. A schedule that can never fire is well formed; `assertFires` is what refuses it.
 *
 * @throws InvalidScheduleError saying which part is wrong and what is allowed
 */
export function parseSchedule(spec: string): Schedule {
  if (spec.length > longestSpec) {
    throw new InvalidScheduleError(`schedule is ${spec.length} characters long, at most ${longestSpec} are allowed`)
  }
  const words = spec.split(/\s+/).filter((word) => word !== '')
  const zone = takeZone(words)
  const [first = ''] = words
  if (first === '') {
    throw new InvalidScheduleError(
      `schedule is empty${zone === null ? '' : ' after its zone'}, give six fields, five fields or an @-word`,
    )
  }
  return first.startsWith('@') ? parseAtWord(words, zone) : parseCron(words, zone)
}

/** Removes a leading zone from `words`. */
function takeZone(words: string[]): string | null {
  const match = /^(?:CRON_)?TZ=(.*)$/.exec(words[0] ?? '')
  if (match === null) return null
  words.shift()
  const zone = match[1] ?? ''
  if (!isKnownZone(zone)) {
    throw new InvalidScheduleError(
      `schedule names the time zone ${quote(zone)}, which is not known; use an IANA name such as Europe/Berlin or UTC`,
      { details: { field: 'zone', value: zone.slice(0, 100) } },
    )
  }
  return zone
}

function parseCron(words: readonly string[], zone: string | null): CronSchedule {
  if (words.length !== 5 && words.length !== 6) {
    throw new InvalidScheduleError(
      `schedule ${quote(words.join(' '))} has ${words.length} field${words.length === 1 ? '' : 's'}; write six ` +
        '(second minute hour day-of-month month day-of-week) or five (without the second)',
    )
  }
  const [second, minute, hour, dayOfMonth, month, dayOfWeek] = (words.length === 5
    ? ['0', ...words]
    : words) as unknown as [string, string, string, string, string, string]
  return {
    kind: 'cron',
    zone,
    seconds: parseField(second, fieldRules.second),
    minutes: parseField(minute, fieldRules.minute),
    hours: parseField(hour, fieldRules.hour),
    daysOfMonth: parseField(dayOfMonth, fieldRules.dayOfMonth),
    months: parseField(month, fieldRules.month),
    daysOfWeek: parseField(dayOfWeek, fieldRules.dayOfWeek),
    // Parity: Vixie cron's DOM_STAR and DOW_STAR look at the field's first character only.
    daysMustBothMatch: /^[*?]/.test(dayOfMonth) || /^[*?]/.test(dayOfWeek),
    followsWallClock: /[*?/]/.test(minute) || /[*?/]/.test(hour),
  }
}

function parseAtWord(words: readonly string[], zone: string | null): Schedule {
  const [word = '', ...rest] = words
  const name = word.toLowerCase()
  const argument = rest.join(' ')
  if (name === '@every') return { kind: 'every', zone, intervalMs: parseInterval(argument) }
  if (name === '@at') return { kind: 'at', zone, atMs: parseInstant(argument) }
  const fields = macros[name]
  if (fields === undefined && name !== '@manually') {
    throw new InvalidScheduleError(
      `schedule ${quote(word)} is not known, allowed are ${Object.keys(macros).join(', ')}, ` +
        '@every DURATION, @at TIME and @manually',
    )
  }
  if (argument !== '') throw new InvalidScheduleError(`schedule ${name} takes nothing after it, got ${quote(argument)}`)
  return fields === undefined ? { kind: 'manual', zone } : parseCron(fields.split(' '), zone)
}

/** Parity: parts of a second are cut off, as robfig/cron's `Every` does (constantdelay.go). */
function parseInterval(text: string): number {
  const durationNs = parseGoDuration(text)
  if (durationNs === null) {
    throw new InvalidScheduleError(
      `schedule @every: ${quote(text)} is not a duration, write for example 10s, 1h30m or 1.5h (ns, us, ms, s, m, h)`,
      { details: { field: '@every', value: text.slice(0, 100) } },
    )
  }
  const seconds = Number(durationNs / 1_000_000_000n)
  if (seconds < 1) {
    throw new InvalidScheduleError(`schedule @every: ${quote(text)} is shorter than the shortest interval, 1s`, {
      details: { field: '@every', value: text.slice(0, 100) },
    })
  }
  return seconds * 1_000
}

function parseInstant(text: string): number {
  const atMs = parseRfc3339(text)
  if (atMs !== null) return atMs
  throw new InvalidScheduleError(
    `schedule @at: ${quote(text)} is not an RFC 3339 time that exists, write for example 2026-03-29T03:00:00+02:00`,
    { details: { field: '@at', value: text.slice(0, 100) } },
  )
}
