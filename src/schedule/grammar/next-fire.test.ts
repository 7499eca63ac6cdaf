import { expect, test } from 'vitest'
import { formatRfc3339, parseRfc3339 } from '../../core/rfc3339.ts'
import { ScheduleNeverFiresError, UnknownZoneError } from './errors.ts'
import { assertFires, canEverFire, firesBetween, nextFire } from './next-fire.ts'
import { parseSchedule } from './parse-schedule.ts'
import { offsetMsAt } from './zone.ts'

function instant(text: string): number {
  const atMs = parseRfc3339(text)
  if (atMs === null) throw new Error(`${text} is not an instant`)
  return atMs
}

function fires(spec: string, zone: string, after: string, count: number): string[] {
  const schedule = parseSchedule(spec)
  const context = { zone, anchorMs: instant(after) }
  const found = firesBetween(schedule, instant(after), Number.POSITIVE_INFINITY, context, count)
  const shownZone = schedule.zone ?? zone
  return [...found].map((fireMs) => formatRfc3339(fireMs, offsetMsAt(shownZone, fireMs) / 60_000))
}

test.each([
  ['* * * * * *', 'UTC', '2026-01-01T00:00:00Z', ['2026-01-01T00:00:01Z', '2026-01-01T00:00:02Z']],
  ['* * * * * *', 'UTC', '2026-01-01T00:00:00.001Z', ['2026-01-01T00:00:01Z']],
  ['* * * * * *', 'UTC', '2025-12-31T23:59:59.999Z', ['2026-01-01T00:00:00Z']],
  ['* * * * *', 'UTC', '2026-01-01T00:00:30Z', ['2026-01-01T00:01:00Z', '2026-01-01T00:02:00Z']],
  ['5/15 * * * * *', 'UTC', '2026-01-01T00:00:40Z', ['2026-01-01T00:00:50Z', '2026-01-01T00:01:05Z']],
  ['59 59 23 31 12 *', 'UTC', '2026-12-31T23:59:58Z', ['2026-12-31T23:59:59Z', '2027-12-31T23:59:59Z']],
  ['0 0 0 31 * *', 'UTC', '2026-01-31T00:00:00Z', ['2026-03-31T00:00:00Z', '2026-05-31T00:00:00Z']],
  ['0 0 0 29 2 *', 'UTC', '2096-02-29T00:00:00Z', ['2104-02-29T00:00:00Z']],
  ['0 0 0 29 2 */7', 'UTC', '2072-03-01T00:00:00Z', ['2088-02-29T00:00:00Z', '2128-02-29T00:00:00Z']],
  ['0 0 0 13 * 5', 'UTC', '2026-02-01T00:00:00Z', ['2026-02-06T00:00:00Z', '2026-02-13T00:00:00Z']],
  ['0 0 0 1 * 5', 'UTC', '2026-02-27T00:00:00Z', ['2026-03-01T00:00:00Z', '2026-03-06T00:00:00Z']],
  ['0 0 0 */13 * 5', 'UTC', '2026-02-01T00:00:00Z', ['2026-02-27T00:00:00Z', '2026-03-27T00:00:00Z']],
  ['0 0 0 1-7 * */7', 'UTC', '2026-02-01T00:00:00Z', ['2026-03-01T00:00:00Z', '2026-04-05T00:00:00Z']],
  ['@weekly', 'UTC', '2026-01-01T00:00:00Z', ['2026-01-04T00:00:00Z']],
  ['@yearly', 'UTC', '2026-01-01T00:00:00Z', ['2027-01-01T00:00:00Z']],
  ['@hourly', 'Asia/Kathmandu', '2026-01-01T00:00:00Z', ['2026-01-01T06:00:00+05:45']],
  ['0 0 12 * * *', 'UTC', '1969-12-30T12:00:00Z', ['1969-12-31T12:00:00Z', '1970-01-01T12:00:00Z']],
  ['CRON_TZ=Asia/Tokyo 0 0 9 * * *', 'UTC', '2026-01-01T00:00:00Z', ['2026-01-02T09:00:00+09:00']],
  ['TZ=Asia/Tokyo @daily', 'Europe/Berlin', '2026-01-01T00:00:00Z', ['2026-01-02T00:00:00+09:00']],
])('%s in %s after %s', (spec, zone, after, expected) => {
  expect(fires(spec, zone, after, expected.length)).toEqual(expected)
})

const berlin = 'Europe/Berlin'
test.each([
  [
    'a skipped time runs when the gap ends',
    '0 30 2 * * *',
    berlin,
    '2026-03-28T12:00:00Z',
    ['2026-03-29T03:00:00+02:00', '2026-03-30T02:30:00+02:00'],
  ],
  [
    'two skipped times run once',
    '0 0,30 2 * * *',
    berlin,
    '2026-03-28T12:00:00Z',
    ['2026-03-29T03:00:00+02:00', '2026-03-30T02:00:00+02:00'],
  ],
  [
    'a skipped time and one at the end of the gap run once',
    '0 0 2,3 * * *',
    berlin,
    '2026-03-28T12:00:00Z',
    ['2026-03-29T03:00:00+02:00', '2026-03-30T02:00:00+02:00'],
  ],
  [
    'every second of a skipped fixed minute runs once',
    '* 30 2 * * *',
    berlin,
    '2026-03-29T00:00:00Z',
    ['2026-03-29T03:00:00+02:00', '2026-03-30T02:30:00+02:00'],
  ],
  [
    'the end of the gap itself is not skipped',
    '0 0 3 * * *',
    berlin,
    '2026-03-28T12:00:00Z',
    ['2026-03-29T03:00:00+02:00', '2026-03-30T03:00:00+02:00'],
  ],
  [
    'a skipped time on a skipped date only runs that year',
    '0 30 2 29 3 *',
    berlin,
    '2025-12-01T00:00:00Z',
    ['2026-03-29T03:00:00+02:00', '2027-03-29T02:30:00+02:00'],
  ],
  [
    'a repeated time runs the first time only',
    '0 30 2 * * *',
    berlin,
    '2026-10-24T12:00:00Z',
    ['2026-10-25T02:30:00+02:00', '2026-10-26T02:30:00+01:00'],
  ],
  [
    'a repeated time does not run when asked between the two',
    '0 30 2 * * *',
    berlin,
    '2026-10-25T00:45:00Z',
    ['2026-10-26T02:30:00+01:00'],
  ],
  [
    'a repeated time does not run when asked in the second hour',
    '0 30 2 * * *',
    berlin,
    '2026-10-25T01:10:00Z',
    ['2026-10-26T02:30:00+01:00'],
  ],
  [
    'the end of the repeated hour runs once',
    '0 0 3 * * *',
    berlin,
    '2026-10-24T12:00:00Z',
    ['2026-10-25T03:00:00+01:00', '2026-10-26T03:00:00+01:00'],
  ],
  [
    'the beginning of the repeated hour runs once',
    '0 0 2 * * *',
    berlin,
    '2026-10-24T12:00:00Z',
    ['2026-10-25T02:00:00+02:00', '2026-10-26T02:00:00+01:00'],
  ],
  [
    'an interval skips what the clock skips',
    '0 */30 2 * * *',
    berlin,
    '2026-03-28T12:00:00Z',
    ['2026-03-30T02:00:00+02:00', '2026-03-30T02:30:00+02:00'],
  ],
  [
    'an interval goes on through a gap',
    '0 30 * * * *',
    berlin,
    '2026-03-29T00:00:00Z',
    ['2026-03-29T01:30:00+01:00', '2026-03-29T03:30:00+02:00'],
  ],
  [
    'an interval runs in both hours',
    '0 30 */1 * * *',
    berlin,
    '2026-10-25T00:00:00Z',
    ['2026-10-25T02:30:00+02:00', '2026-10-25T02:30:00+01:00', '2026-10-25T03:30:00+01:00'],
  ],
  [
    'an interval asked at the change itself',
    '@hourly',
    berlin,
    '2026-10-25T00:00:00Z',
    ['2026-10-25T02:00:00+01:00', '2026-10-25T03:00:00+01:00'],
  ],
  [
    'a step with a beginning is an interval too',
    '0 0/30 2 * * *',
    berlin,
    '2026-10-24T12:00:00Z',
    [
      '2026-10-25T02:00:00+02:00',
      '2026-10-25T02:30:00+02:00',
      '2026-10-25T02:00:00+01:00',
      '2026-10-25T02:30:00+01:00',
      '2026-10-26T02:00:00+01:00',
    ],
  ],
  [
    'every hour listed is fixed',
    '0 30 0-23 * * *',
    berlin,
    '2026-10-25T00:00:00Z',
    ['2026-10-25T02:30:00+02:00', '2026-10-25T03:30:00+01:00'],
  ],
  [
    'half an hour is skipped on Lord Howe',
    '0 15 2 * * *',
    'Australia/Lord_Howe',
    '2026-10-03T00:00:00Z',
    ['2026-10-04T02:30:00+11:00', '2026-10-05T02:15:00+11:00'],
  ],
  [
    'half an hour comes twice on Lord Howe',
    '0 45 1 * * *',
    'Australia/Lord_Howe',
    '2026-04-04T00:00:00Z',
    ['2026-04-05T01:45:00+11:00', '2026-04-06T01:45:00+10:30'],
  ],
  [
    'an interval on Lord Howe runs in both half hours',
    '0 */15 * * * *',
    'Australia/Lord_Howe',
    '2026-04-04T14:30:00Z',
    [
      '2026-04-05T01:45:00+11:00',
      '2026-04-05T01:30:00+10:30',
      '2026-04-05T01:45:00+10:30',
      '2026-04-05T02:00:00+10:30',
    ],
  ],
  [
    'two hours are skipped at Troll',
    '0 30 1 * * *',
    'Antarctica/Troll',
    '2026-03-28T12:00:00Z',
    ['2026-03-29T03:00:00+02:00', '2026-03-30T01:30:00+02:00'],
  ],
  [
    'two hours come twice at Troll',
    '0 30 1,2 * * *',
    'Antarctica/Troll',
    '2026-10-24T12:00:00Z',
    ['2026-10-25T01:30:00+02:00', '2026-10-25T02:30:00+02:00', '2026-10-26T01:30:00Z'],
  ],
  [
    'midnight is skipped in Beirut',
    '@daily',
    'Asia/Beirut',
    '2026-03-28T12:00:00Z',
    ['2026-03-29T01:00:00+03:00', '2026-03-30T00:00:00+03:00'],
  ],
  [
    'midnight is skipped in Sao Paulo',
    '0 15 0 * * *',
    'America/Sao_Paulo',
    '2018-11-03T12:00:00Z',
    ['2018-11-04T01:00:00-02:00', '2018-11-05T00:15:00-02:00'],
  ],
  [
    'the hour before midnight comes twice in Sao Paulo',
    '0 30 23 * * *',
    'America/Sao_Paulo',
    '2018-02-17T12:00:00Z',
    ['2018-02-17T23:30:00-02:00', '2018-02-18T23:30:00-03:00'],
  ],
  [
    'a day that comes again for an hour is not a new day',
    '0 0 0 * * *',
    'America/Sao_Paulo',
    '2018-02-17T12:00:00Z',
    ['2018-02-18T00:00:00-03:00', '2018-02-19T00:00:00-03:00'],
  ],
  [
    'a whole day is skipped in Samoa',
    '0 0 12 * * *',
    'Pacific/Apia',
    '2011-12-29T12:00:00Z',
    ['2011-12-29T12:00:00-10:00', '2011-12-31T00:00:00+14:00', '2011-12-31T12:00:00+14:00'],
  ],
  [
    'a date that Samoa skipped runs once',
    '0 0 6,12,18 30 12 *',
    'Pacific/Apia',
    '2011-12-01T00:00:00Z',
    ['2011-12-31T00:00:00+14:00', '2012-12-30T06:00:00+14:00'],
  ],
  [
    'an interval on the day that Samoa skipped does not run',
    '0 0 * 30 12 *',
    'Pacific/Apia',
    '2011-12-01T00:00:00Z',
    ['2012-12-30T00:00:00+14:00'],
  ],
  [
    'a clock set back for good repeats nothing fixed',
    '0 45 2 * * *',
    'America/Caracas',
    '2007-12-08T12:00:00Z',
    ['2007-12-09T02:45:00-04:00', '2007-12-10T02:45:00-04:30'],
  ],
  [
    'the skipped hour in New York',
    '0 30 2 * * *',
    'America/New_York',
    '2026-03-07T12:00:00Z',
    ['2026-03-08T03:00:00-04:00', '2026-03-09T02:30:00-04:00'],
  ],
  [
    'Casablanca sets its clocks back for Ramadan',
    '0 30 2 * * *',
    'Africa/Casablanca',
    '2026-02-14T12:00:00Z',
    ['2026-02-15T02:30:00+01:00', '2026-02-16T02:30:00Z'],
  ],
  [
    'Chatham changes at a quarter to',
    '0 0 3 * * *',
    'Pacific/Chatham',
    '2026-09-26T00:00:00Z',
    ['2026-09-27T03:45:00+13:45', '2026-09-28T03:00:00+13:45'],
  ],
  [
    'St. Johns once changed at one minute past midnight',
    '0 30 0 * * *',
    'America/St_Johns',
    '2010-03-13T12:00:00Z',
    ['2010-03-14T01:01:00-02:30', '2010-03-15T00:30:00-02:30'],
  ],
])('%s', (_name, spec, zone, after, expected) => {
  const shown = fires(spec, zone, after, expected.length)
  expect(shown).toEqual(expected)
})

test('an interval that matches only in the skipped hour never fires', () => {
  const schedule = parseSchedule('0 */30 2 8-14 3 */7')
  const context = { zone: 'America/New_York', anchorMs: 0 }
  expect(nextFire(schedule, instant('2026-01-01T00:00:00Z'), context)).toBeNull()
})

test('@every counts from the anchor, not from when one asks', () => {
  const schedule = parseSchedule('@every 90s')
  const context = { zone: 'UTC', anchorMs: 1_234 }
  expect(nextFire(schedule, 1_234, context)).toBe(91_234)
  expect(nextFire(schedule, 91_233, context)).toBe(91_234)
  expect(nextFire(schedule, 91_234, context)).toBe(181_234)
  expect(nextFire(schedule, 1_000_000, context)).toBe(1_081_234)
  expect(nextFire(schedule, -500_000, context)).toBe(91_234)
})

test('@at fires once, before it has fired', () => {
  const schedule = parseSchedule('@at 2026-03-29T03:00:00+02:00')
  const context = { zone: 'UTC', anchorMs: 0 }
  const atMs = instant('2026-03-29T01:00:00Z')
  expect(nextFire(schedule, atMs - 1, context)).toBe(atMs)
  expect(nextFire(schedule, atMs, context)).toBeNull()
})

test('@manually never fires by itself, and may', () => {
  const context = { zone: 'UTC', anchorMs: 0 }
  expect(canEverFire(parseSchedule('@manually'), context, 0)).toBe(false)
  expect(() => assertFires(parseSchedule('@manually'), context, 0)).not.toThrow()
})

test.each(['0 0 0 30 2 *', '0 0 0 31 2,4,6,9,11 *', '@at 2020-01-01T00:00:00Z', '0 0 30 2 *'])(
  '%s is refused, it can never fire',
  (spec) => {
    const context = { zone: berlin, anchorMs: 0 }
    expect(() => assertFires(parseSchedule(spec), context, instant('2026-01-01T00:00:00Z'))).toThrow(
      ScheduleNeverFiresError,
    )
  },
)

test.each(['0 0 0 29 2 */7', '0 0 0 30 2 1', '@every 24h', '@at 2026-01-01T00:00:01Z', '0 30 2 29 3 *'])(
  '%s fires some day',
  (spec) => {
    const context = { zone: berlin, anchorMs: 0 }
    expect(() => assertFires(parseSchedule(spec), context, instant('2026-01-01T00:00:00Z'))).not.toThrow()
  },
)

test('nothing fires after the year 9999', () => {
  for (const zone of ['UTC', 'Pacific/Kiritimati', 'America/New_York']) {
    for (const spec of ['* * * * * *', '@daily', '@every 1h']) {
      expect(nextFire(parseSchedule(spec), instant('9999-12-31T23:59:59Z'), { zone, anchorMs: 0 })).toBeNull()
    }
  }
})

test('firesBetween leaves out its beginning, includes its end and heeds its limit', () => {
  const schedule = parseSchedule('* * * * * *')
  const context = { zone: 'UTC', anchorMs: 0 }
  expect([...firesBetween(schedule, 1_000, 4_000, context)]).toEqual([2_000, 3_000, 4_000])
  expect([...firesBetween(schedule, 1_000, 4_000, context, 2)]).toEqual([2_000, 3_000])
  expect([...firesBetween(schedule, 1_000, 1_000, context)]).toEqual([])
  expect([...firesBetween(schedule, 1_000, 4_000, context, 0)]).toEqual([])
})

test('a zone that does not exist is an error that names it', () => {
  const context = { zone: 'Mars/Olympus', anchorMs: 0 }
  expect(() => nextFire(parseSchedule('@daily'), 0, context)).toThrow(UnknownZoneError)
})
