import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CronSchedule } from '../../model/schedule.ts'
import { InvalidScheduleError } from './errors.ts'
import { parseSchedule } from './parse-schedule.ts'

function cron(spec: string): CronSchedule {
  const schedule = parseSchedule(spec)
  if (schedule.kind !== 'cron') throw new Error(`${spec} is ${schedule.kind}`)
  return schedule
}

function failureOf(spec: string): string {
  try {
    parseSchedule(spec)
  } catch (error) {
    if (error instanceof InvalidScheduleError) return error.message
    throw error
  }
  return 'no failure'
}

const upTo = (last: number, first = 0) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

test('six fields are second, minute, hour, day of month, month and day of week', () => {
  expect(parseSchedule('1 2 3 4 5 6')).toEqual({
    kind: 'cron',
    zone: null,
    seconds: [1],
    minutes: [2],
    hours: [3],
    daysOfMonth: [4],
    months: [5],
    daysOfWeek: [6],
    daysMustBothMatch: false,
    followsWallClock: false,
  })
})

test('five fields are a crontab line that fires at second 0', () => {
  expect(parseSchedule('2 3 4 5 6')).toEqual(parseSchedule('0 2 3 4 5 6'))
})

test.each([
  ['* * * * * *', 'seconds', upTo(59)],
  ['5/15 * * * * *', 'seconds', [5, 20, 35, 50]],
  ['0,30,30,10 * * * * *', 'seconds', [0, 10, 30]],
  ['50-55/2,1 * * * * *', 'seconds', [1, 50, 52, 54]],
  ['*/60 * * * * *', 'seconds', [0]],
  ['?/20 * * * * *', 'seconds', [0, 20, 40]],
  ['59/2 * * * * *', 'seconds', [59]],
  ['05 * * * * *', 'seconds', [5]],
  ['0 1-5/2 * * * *', 'minutes', [1, 3, 5]],
  ['0 0 20/1 * * *', 'hours', [20, 21, 22, 23]],
  ['0 0 0 */10 * *', 'daysOfMonth', [1, 11, 21, 31]],
  ['0 0 0 ? * *', 'daysOfMonth', upTo(31, 1)],
  ['0 0 0 1 JAN-mar,Dec *', 'months', [1, 2, 3, 12]],
  ['0 0 0 1 feb/5 *', 'months', [2, 7, 12]],
  ['0 0 0 1 */4 *', 'months', [1, 5, 9]],
  ['0 0 0 * * 7', 'daysOfWeek', [0]],
  ['0 0 0 * * 0,7', 'daysOfWeek', [0]],
  ['0 0 0 * * 5-7', 'daysOfWeek', [0, 5, 6]],
  ['0 0 0 * * 6-7', 'daysOfWeek', [0, 6]],
  ['0 0 0 * * 0-7', 'daysOfWeek', upTo(6)],
  ['0 0 0 * * 1-7/2', 'daysOfWeek', [0, 1, 3, 5]],
  ['0 0 0 * * SUN-TUE', 'daysOfWeek', [0, 1, 2]],
  ['0 0 0 * * fri-7', 'daysOfWeek', [0, 5, 6]],
  ['0 0 0 * * mOn-5/2', 'daysOfWeek', [1, 3, 5]],
  ['0 0 0 * * 1/2', 'daysOfWeek', [1, 3, 5]],
  ['0 0 0 * * */2', 'daysOfWeek', [0, 2, 4, 6]],
  ['0 0 0 * * 7/2', 'daysOfWeek', [0]],
] as const)('%s has %s %j', (spec, field, values) => {
  expect(cron(spec)[field]).toEqual(values)
})

test.each([
  ['0 0 0 1 * 1', false],
  ['0 0 0 1 * *', true],
  ['0 0 0 ? * 1', true],
  ['0 0 0 */2 * 1', true],
  ['0 0 0 1 * */2', true],
  ['0 0 0 1,* * 1', false],
  ['0 0 0 *,1 * 1', true],
  ['0 0 0 1-31 * 0-6', false],
] as const)('in %s the days must both match: %s', (spec, both) => {
  expect(cron(spec).daysMustBothMatch).toBe(both)
})

test.each([
  ['0 30 2 * * *', false],
  ['* 30 2 * * *', false],
  ['*/5 30 2 * * *', false],
  ['0 0-59 0-23 * * *', false],
  ['0 0,30 2,3 * * *', false],
  ['0 */30 2 * * *', true],
  ['0 5/30 2 * * *', true],
  ['0 1-5/1 2 * * *', true],
  ['0 30 * * * *', true],
  ['0 30 ? * * *', true],
  ['0 30 1,*/2 * * *', true],
] as const)('%s follows the wall clock: %s', (spec, follows) => {
  expect(cron(spec).followsWallClock).toBe(follows)
})

test.each([
  ['@yearly', '0 0 0 1 1 *'],
  ['@annually', '0 0 0 1 1 *'],
  ['@monthly', '0 0 0 1 * *'],
  ['@weekly', '0 0 0 * * 0'],
  ['@daily', '0 0 0 * * *'],
  ['@midnight', '0 0 0 * * *'],
  ['@hourly', '0 0 * * * *'],
  ['@minutely', '0 * * * * *'],
  ['@Daily', '0 0 0 * * *'],
  [' \t0  0\t0 * *   * \n', '0 0 0 * * *'],
  ['CRON_TZ=Europe/Berlin   @daily', 'TZ=Europe/Berlin 0 0 * * *'],
])('%j means %s', (spec, same) => {
  expect(parseSchedule(spec)).toEqual(parseSchedule(same))
})

test.each([
  ['@every 1h30m', { kind: 'every', zone: null, intervalMs: 5_400_000 }],
  ['@every 1s', { kind: 'every', zone: null, intervalMs: 1_000 }],
  ['@every 1500ms', { kind: 'every', zone: null, intervalMs: 1_000 }],
  ['@every 1.5h', { kind: 'every', zone: null, intervalMs: 5_400_000 }],
  ['TZ=Asia/Kathmandu @every 2m', { kind: 'every', zone: 'Asia/Kathmandu', intervalMs: 120_000 }],
  ['@at 2026-03-29T03:00:00+02:00', { kind: 'at', zone: null, atMs: Date.UTC(2026, 2, 29, 1) }],
  ['@at 1999-12-31t23:59:59z', { kind: 'at', zone: null, atMs: Date.UTC(1999, 11, 31, 23, 59, 59) }],
  ['@manually', { kind: 'manual', zone: null }],
])('%s is understood', (spec, schedule) => {
  expect(parseSchedule(spec)).toEqual(schedule)
})

test.each([
  ['', 'schedule is empty'],
  [' \t ', 'schedule is empty'],
  ['CRON_TZ=UTC', 'empty after its zone'],
  ['* * * *', 'has 4 fields'],
  ['* * * * * * *', 'has 7 fields'],
  ['nonsense', 'has 1 field;'],
  ['60 * * * * *', 'field second: "60": out of range; allowed are 0-59'],
  ['* 60 * * * *', 'field minute: "60": out of range; allowed are 0-59'],
  ['* * 24 * * *', 'field hour: "24": out of range; allowed are 0-23'],
  ['* * * 0 * *', 'field day of month: "0": out of range; allowed are 1-31'],
  ['* * * 32 * *', 'field day of month: "32": out of range'],
  ['* * * * 0 *', 'field month: "0": out of range; allowed are 1-12 or JAN-DEC'],
  ['* * * * 13 *', 'field month: "13": out of range'],
  ['* * * * * 8', 'field day of week: "8": out of range; allowed are 0-7 or SUN-SAT'],
  ['60 * * * *', 'field minute: "60"'],
  ['0-60 * * * * *', 'field second: "0-60": out of range'],
  ['*/0 * * * * *', 'field second: "*/0": a step must be 1 or more'],
  ['5/0 * * * * *', 'a step must be 1 or more'],
  ['*/ * * * * *', 'step "" is not a whole number'],
  ['*/-1 * * * * *', 'step "-1" is not a whole number'],
  ['*/1.5 * * * * *', 'step "1.5" is not a whole number'],
  ['1/2/3 * * * * *', 'only one step'],
  ['/5 * * * * *', 'a value is missing'],
  ['-5 * * * * *', 'a value is missing'],
  ['5- * * * * *', 'a value is missing'],
  ['1-2-3 * * * * *', 'one beginning and one end'],
  ['5-1 * * * * *', 'the range begins at 5 after its end 1'],
  ['0 0 0 * * FRI-MON', 'field day of week: "FRI-MON": the range begins at 5 after its end 1'],
  ['0 0 0 * NOV-FEB *', 'field month: "NOV-FEB": the range begins at 11'],
  ['1,,2 * * * * *', 'field second: "1,,2": a list has an empty element'],
  [', * * * * *', 'a list has an empty element'],
  ['1, * * * * *', 'a list has an empty element'],
  ['0 0 0 L * *', 'L, W and # are not supported'],
  ['0 0 0 15W * *', 'L, W and # are not supported'],
  ['0 0 0 LW * *', 'L, W and # are not supported'],
  ['0 0 0 * * 5L', 'L, W and # are not supported'],
  ['0 0 0 * * FRI#2', 'L, W and # are not supported'],
  ['0 0 0 JAN * *', 'field day of month: "JAN"'],
  ['0 0 0 * JANUARY *', 'field month: "JANUARY"'],
  ['0 0 0 * MON *', 'field month: "MON"'],
  ['+5 * * * * *', 'field second: "+5"'],
  ['1.0 * * * * *', 'field second: "1.0"'],
  ['** * * * * *', 'field second: "**"'],
  ['*-5 * * * * *', 'field second: "*-5"'],
  ['٣ * * * * *', 'field second'],
  ['99999999999999999999 * * * * *', 'out of range'],
  ['@every', '@every: "" is not a duration'],
  ['@every 5', 'is not a duration'],
  ['@every 1h 30m', 'is not a duration'],
  ['@every 0s', 'shorter than the shortest interval, 1s'],
  ['@every 999ms', 'shorter than the shortest interval, 1s'],
  ['@every -1m', 'shorter than the shortest interval, 1s'],
  ['@at', '@at: "" is not an RFC 3339 time'],
  ['@at 2026-02-30T00:00:00Z', 'is not an RFC 3339 time'],
  ['@at tomorrow', 'is not an RFC 3339 time'],
  ['@reboot', '"@reboot" is not known'],
  ['@', '"@" is not known'],
  ['@daily 5', '@daily takes nothing after it'],
  ['@manually now', '@manually takes nothing after it'],
  ['@constructor', 'is not known'],
  ['@__proto__', 'is not known'],
  ['CRON_TZ=Mars/Olympus * * * * *', 'time zone "Mars/Olympus"'],
  ['TZ= * * * * *', 'time zone ""'],
  ['tz=UTC * * * * *', 'field second: "tz=UTC"'],
  ['TZ=UTC TZ=UTC * * * * *', 'field second: "TZ=UTC"'],
])('%j is refused because of %j', (spec, reason) => {
  expect(failureOf(spec)).toContain(reason)
})

test('a schedule that is too long is refused before it is read', () => {
  expect(failureOf(`${'1,'.repeat(600)}1 * * * * *`)).toContain('at most 1024')
})

test('a long wrong value does not make a long message', () => {
  expect(failureOf(`${'x'.repeat(900)} * * * * *`).length).toBeLessThan(400)
})

test('any text at all is either understood or refused with our error', () => {
  const word = fc.constantFrom('*', '?', '/', '-', ',', '1', '59', '0', ' ', '@every', '@at', 'TZ=', 'UTC', 'MON', '\0')
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(word, { maxLength: 30 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(text, (spec) => {
      failureOf(spec)
    }),
    { numRuns: 2_000 },
  )
})
