import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dayMs } from '../../core/calendar.ts'
import { UnknownZoneError } from './errors.ts'
import { isKnownZone, offsetMsAt, offsetSpanAt, requireKnownZone } from './zone.ts'

test.each(['UTC', 'Europe/Berlin', 'europe/berlin', 'Etc/GMT+5', 'US/Pacific', '+05:30'])('%s is a zone', (zone) => {
  expect(isKnownZone(zone)).toBe(true)
})

test.each(['', 'Local', 'Mars/Olympus', 'Europe/Berlin ', 'Z', '../etc/passwd', 'UTC+1', '\0'])(
  '%j is none',
  (zone) => {
    expect(isKnownZone(zone)).toBe(false)
    expect(() => requireKnownZone(zone)).toThrow(UnknownZoneError)
  },
)

test('the error for an unknown zone names it', () => {
  expect(() => offsetMsAt('Mars/Olympus', 0)).toThrow('"Mars/Olympus" is not a known time zone')
})

test.each([
  ['Europe/Berlin', '2026-03-29T00:59:59Z', 60],
  ['Europe/Berlin', '2026-03-29T01:00:00Z', 120],
  ['Australia/Lord_Howe', '2026-04-04T14:59:59Z', 660],
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z', 630],
  ['Asia/Kathmandu', '2026-01-01T00:00:00Z', 345],
  ['Pacific/Apia', '2011-12-30T09:59:59Z', -600],
  ['Pacific/Apia', '2011-12-30T10:00:00Z', 840],
  ['America/St_Johns', '2026-01-01T00:00:00Z', -210],
  ['Antarctica/Troll', '2026-03-29T01:00:00Z', 120],
  ['Africa/Casablanca', '2026-02-15T01:59:59Z', 60],
  ['Africa/Casablanca', '2026-02-15T02:00:00Z', 0],
  ['UTC', '2026-01-01T00:00:00Z', 0],
])('%s at %s is %i minutes ahead', (zone, at, minutes) => {
  expect(offsetMsAt(zone, Date.parse(at))).toBe(minutes * 60_000)
})

test('the offset of a nineteenth century clock keeps its seconds', () => {
  expect(offsetMsAt('Europe/Lisbon', Date.UTC(1874, 0, 1))).toBe(-(36 * 60 + 45) * 1_000)
})

test('spans follow each other without hole, also where one piece of the search ends', () => {
  let span = offsetSpanAt('Europe/Berlin', Date.UTC(2000, 0, 1))
  let changes = 0
  while (span.endMs < Date.UTC(2030, 0, 1)) {
    const next = offsetSpanAt('Europe/Berlin', span.endMs)
    expect(next.startMs).toBe(span.endMs)
    if (next.offsetMs !== span.offsetMs) changes += 1
    span = next
  }
  expect(changes).toBe(60)
})

test('in every zone the clock shows local time as the platform formats it', () => {
  const zones = Intl.supportedValuesOf('timeZone')
  const instant = fc.integer({ min: Date.UTC(1970, 0, 1) / 1_000, max: Date.UTC(2090, 0, 1) / 1_000 })
  fc.assert(
    fc.property(fc.constantFrom(...zones), instant, (zone, seconds) => {
      const atMs = seconds * 1_000
      const local = new Date(atMs + offsetMsAt(zone, atMs)).toISOString().slice(0, 19).replace('T', ' ')
      const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
      expect(local).toBe(format.format(atMs))
      const span = offsetSpanAt(zone, atMs)
      expect(span.startMs <= atMs && atMs < span.endMs && span.endMs - span.startMs <= 400 * dayMs).toBe(
        span.startMs !== Number.NEGATIVE_INFINITY,
      )
    }),
    { numRuns: 300 },
  )
})
