/**
 * next-fire.ts against a walk over every second that asks the platform, minute by minute, what the clock shows: no
 * search, no table of changes, nothing shared with what is tested but the parsed fields.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatRfc3339 } from '../../core/rfc3339.ts'
import type { CronSchedule } from '../../model/schedule.ts'
import { firesBetween, nextFire } from './next-fire.ts'
import { parseSchedule } from './parse-schedule.ts'

const minuteMs = 60_000
const hourMs = 3_600_000

/** What a clock in the zone shows, as if it were UTC. */
function clockOf(zone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
  return (atMs) => Date.parse(`${format.format(atMs).replace(' ', 'T')}Z`)
}

function matches(cron: CronSchedule, localMs: number): boolean {
  const local = new Date(localMs)
  if (!cron.seconds.includes(local.getUTCSeconds()) || !cron.minutes.includes(local.getUTCMinutes())) return false
  if (!cron.hours.includes(local.getUTCHours()) || !cron.months.includes(local.getUTCMonth() + 1)) return false
  const inMonth = cron.daysOfMonth.includes(local.getUTCDate())
  const inWeek = cron.daysOfWeek.includes(local.getUTCDay())
  return cron.daysMustBothMatch ? inMonth && inWeek : inMonth || inWeek
}

/** Every fire after `fromMs` up to `toMs`; both are whole minutes, as are all changes of the zones used here. */
function walk(cron: CronSchedule, zone: string, fromMs: number, toMs: number): number[] {
  const clock = clockOf(zone)
  let reachedMs = clock(fromMs)
  for (let atMs = fromMs - 30 * hourMs; atMs < fromMs; atMs += minuteMs) {
    reachedMs = Math.max(reachedMs, clock(atMs) + minuteMs - 1_000)
  }
  const fires: number[] = []
  for (let minute = fromMs; minute < toMs; minute += minuteMs) {
    const localMinuteMs = clock(minute)
    for (let second = 0; second < 60; second += 1) {
      const atMs = minute + second * 1_000
      const localMs = localMinuteMs + second * 1_000
      if (atMs > fromMs && isFire(cron, localMs, reachedMs)) fires.push(atMs)
      reachedMs = Math.max(reachedMs, localMs)
    }
  }
  return fires
}

/** A fixed time fires when the clock newly shows it or jumps over it. */
function isFire(cron: CronSchedule, localMs: number, reachedMs: number): boolean {
  if (cron.followsWallClock) return matches(cron, localMs)
  for (let newMs = reachedMs + 1_000; newMs <= localMs; newMs += 1_000) if (matches(cron, newMs)) return true
  return false
}

/** Zones and an instant near which each sets its clocks. */
const changes: readonly (readonly [zone: string, at: string])[] = [
  ['Europe/Berlin', '2026-03-29T01:00:00Z'],
  ['Europe/Berlin', '2026-10-25T01:00:00Z'],
  ['America/New_York', '2026-03-08T07:00:00Z'],
  ['America/New_York', '2026-11-01T06:00:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30:00Z'],
  ['Asia/Kathmandu', '1985-12-31T18:30:00Z'],
  ['Asia/Kathmandu', '2026-05-05T00:00:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00:00Z'],
  ['Pacific/Apia', '2012-03-31T14:00:00Z'],
  ['America/St_Johns', '2010-03-14T03:31:00Z'],
  ['America/St_Johns', '2010-11-07T02:31:00Z'],
  ['America/St_Johns', '2026-03-08T05:30:00Z'],
  ['Africa/Casablanca', '2026-02-15T02:00:00Z'],
  ['Africa/Casablanca', '2026-03-22T02:00:00Z'],
  ['Asia/Tehran', '2022-03-21T20:30:00Z'],
  ['Asia/Tehran', '2021-09-21T19:30:00Z'],
  ['Pacific/Chatham', '2026-04-04T14:00:00Z'],
  ['Pacific/Chatham', '2026-09-26T14:00:00Z'],
  ['Antarctica/Troll', '2026-03-29T01:00:00Z'],
  ['Antarctica/Troll', '2026-10-25T01:00:00Z'],
  ['America/Sao_Paulo', '2018-02-18T02:00:00Z'],
  ['America/Sao_Paulo', '2018-11-04T03:00:00Z'],
  ['Asia/Beirut', '2026-03-28T22:00:00Z'],
  ['Asia/Beirut', '2026-10-24T21:00:00Z'],
  ['Africa/Cairo', '2026-04-23T22:00:00Z'],
  ['America/Caracas', '2007-12-09T07:00:00Z'],
  ['Pacific/Kwajalein', '1993-08-21T12:00:00Z'],
  ['UTC', '2026-01-01T00:00:00Z'],
]

const second = fc.constantFrom('0', '0', '0', '30', '59', '0,1', '*/20', '15/15', '*')
const minute = fc.constantFrom(
  '0',
  '1',
  '15',
  '29',
  '30',
  '31',
  '45',
  '59',
  '0,30',
  '0-59',
  '*',
  '*/15',
  '7/20',
  '10-50/20',
)
const hour = fc.constantFrom('0', '1', '2', '3', '23', '0,2', '1-3', '22,23,0', '0-23', '*', '?', '*/2', '1/1', '0-3/3')
const day = fc.constantFrom('*', '*', '*', '?', '1', '*/2', '28-31', '4,8,15,25,29', '30', '30,31')
const month = fc.constantFrom('*', '*', '*', '3,4,10,11', '12', 'JAN-JUN')
const weekday = fc.constantFrom('*', '*', '*', '?', '0', '7', 'SAT,SUN', 'MON-FRI', '*/2', '5-7')
const spec = fc.tuple(second, minute, hour, day, month, weekday).map((fields) => fields.join(' '))

function cron(text: string): CronSchedule {
  const schedule = parseSchedule(text)
  if (schedule.kind !== 'cron') throw new Error(`${text} is ${schedule.kind}`)
  return schedule
}

test.each(changes)(
  'in %s around %s nothing is missed, added, doubled or out of order',
  (zone, at) => {
    const from = fc.integer({ min: -28 * 60, max: 3 * 60 }).map((minutes) => Date.parse(at) + minutes * minuteMs)
    fc.assert(
      fc.property(spec, from, fc.integer({ min: 10, max: 1_800 }), (text, fromMs, lengthMinutes) => {
        const schedule = cron(text)
        const toMs = fromMs + lengthMinutes * minuteMs
        const expected = walk(schedule, zone, fromMs, toMs).slice(0, 300)
        const found = [...firesBetween(schedule, fromMs, toMs - 1_000, { zone, anchorMs: 0 }, 300)]
        const show = (fires: readonly number[]) => fires.map((fireMs) => formatRfc3339(fireMs))
        expect(show(found)).toEqual(show(expected))
      }),
      { numRuns: 12 },
    )
  },
  60_000,
)

test('whatever the zone and the year, the next fire is the same from every instant before it', () => {
  const zone = fc.constantFrom(...Intl.supportedValuesOf('timeZone'))
  const afterMs = fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2060, 0, 1) })
  fc.assert(
    fc.property(spec, zone, afterMs, fc.double({ min: 0, max: 1, noNaN: true }), (text, zone, afterMs, share) => {
      const schedule = cron(text)
      const context = { zone, anchorMs: 0 }
      const fireMs = nextFire(schedule, afterMs, context)
      if (fireMs === null) return
      expect(fireMs).toBeGreaterThan(afterMs)
      expect(fireMs % 1_000).toBe(0)
      expect(nextFire(schedule, afterMs + Math.floor((fireMs - 1 - afterMs) * share), context)).toBe(fireMs)
      if (schedule.followsWallClock) expect(matches(schedule, clockOf(zone)(fireMs))).toBe(true)
    }),
    { numRuns: 400 },
  )
}, 60_000)
