import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseSchedule } from './parse-schedule.ts'
import { scheduleWords } from './schedule-words.ts'

test.each([
  ['30 2 * * *', 'every day at 02:30'],
  ['15 30 2 * * *', 'every day at 02:30:15'],
  ['@daily', 'every day at 00:00'],
  ['@hourly', 'every hour'],
  ['@minutely', 'every minute'],
  ['@weekly', 'on Sundays at 00:00'],
  ['@monthly', 'on the 1st of the month at 00:00'],
  ['@yearly', 'on the 1st in January at 00:00'],
  ['* * * * * *', 'every second'],
  ['* * * * *', 'every minute'],
  ['15 * * * * *', 'every minute at second 15'],
  ['*/10 * * * * *', 'every 10 seconds'],
  ['5/10 * * * * *', 'every 10 seconds from second 5 of the minute'],
  ['*/7 * * * * *', 'every 7 seconds from second 0 of the minute'],
  ['1,2,3,9 * * * * *', 'at seconds 1 to 3 and 9 of the minute'],
  ['*/15 * * * *', 'every 15 minutes'],
  ['*/7 * * * *', 'every 7 minutes from minute 0 of the hour'],
  ['5/15 * * * *', 'every 15 minutes from minute 5 of the hour'],
  ['30 */15 * * * *', 'every 15 minutes at second 30'],
  ['5 * * * *', 'every hour at 5 minutes past the hour'],
  ['20 5 * * * *', 'every hour at 05:20 past the hour'],
  ['0 */2 * * *', 'every 2 hours from 00:00'],
  ['5 1-23/2 * * *', 'every 2 hours from 01:05'],
  ['0 */5 * * *', 'every day at 00:00, 05:00, 10:00, 15:00 and 20:00'],
  ['0 9-17 * * *', 'every hour from 09:00 to 17:00'],
  ['0 0,12 * * *', 'every day at 00:00 and 12:00'],
  ['15,45 9,17 * * *', 'every day at 09:15, 09:45, 17:15 and 17:45'],
  ['10,20,25 * * * *', 'at minutes 10, 20 and 25 past the hour'],
  ['0-9 * * * *', 'at minutes 0 to 9 past the hour'],
  ['*/15 9-17 * * 1-5', 'on weekdays every 15 minutes between 09:00 and 17:59'],
  ['*/15 9-11,14-17 * * *', 'every 15 minutes between 09:00 and 11:59 and between 14:00 and 17:59'],
  ['* 2 * * *', 'every minute between 02:00 and 02:59'],
  ['* 22-23,0-1 * * *', 'every minute between 22:00 and 01:59'],
  ['* 22-23,0-1 * * 5', 'on Fridays every minute between 00:00 and 01:59 and between 22:00 and 23:59'],
  ['*/20 */2 * * *', 'every 20 minutes in every 2nd hour from 00:00'],
  ['* 30 2 * * *', 'every second in minute 30 past the hour between 02:00 and 02:59'],
  ['*/10 */2 * * * *', 'every 10 seconds in every 2nd minute from minute 0 of the hour'],
  ['0 9 * * 1', 'on Mondays at 09:00'],
  ['0 9 * * 1,4', 'on Mondays and Thursdays at 09:00'],
  ['0 9 * * 1-4', 'on Monday to Thursday at 09:00'],
  ['0 9 * * 0,6', 'at weekends at 09:00'],
  ['0 9 * * 7', 'on Sundays at 09:00'],
  ['0 9 1,15 * *', 'on the 1st and 15th of the month at 09:00'],
  ['0 9 1-7 * *', 'on the 1st to 7th of the month at 09:00'],
  ['0 9 */2 * *', 'on every 2nd day from the 1st of the month at 09:00'],
  ['0 9 11,12,13,21,22,23 * *', 'on the 11th to 13th and 21st to 23rd of the month at 09:00'],
  ['0 9 13 * 5', 'on the 13th of the month as well as on Fridays at 09:00'],
  ['0 9 */2 * 1', 'on Mondays that fall on every 2nd day from the 1st of the month at 09:00'],
  ['0 9 1 * 0-6', 'every day at 09:00'],
  ['0 9 * 1 *', 'every day in January at 09:00'],
  ['0 9 * 3-10 *', 'every day from March to October at 09:00'],
  ['0 9 1 1,4,7,10 *', 'on the 1st in January, April, July and October at 09:00'],
  ['*/5 * * 12 *', 'in December every 5 minutes'],
  ['0 9 * 6-8 1-5', 'on weekdays from June to August at 09:00'],
  ['CRON_TZ=Europe/Berlin 30 2 * * *', 'every day at 02:30, by the time in Europe/Berlin'],
  ['@every 1h', 'every hour, counted from when the job was created'],
  ['@every 1h30m', 'every 1 hour and 30 minutes, counted from when the job was created'],
  ['@every 36h0m1s', 'every 1 day, 12 hours and 1 second, counted from when the job was created'],
  ['@at 2026-03-29T03:00:00+02:00', 'once, on 2026-03-29 at 01:00:00 UTC'],
  ['@manually', 'only when somebody runs it'],
])('%s is %s', (spec, words) => {
  expect(scheduleWords(parseSchedule(spec))).toBe(words)
})

function fieldOf(min: number, max: number): fc.Arbitrary<string> {
  const value = fc.integer({ min, max })
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`)
  const step = fc.integer({ min: 1, max: 20 })
  const item = fc.oneof(
    value.map(String),
    range,
    fc.tuple(fc.oneof(range, value.map(String), fc.constant('*')), step).map(([from, by]) => `${from}/${by}`),
  )
  return fc.oneof(
    fc.constant('*'),
    item,
    fc.array(item, { minLength: 1, maxLength: 5 }).map((items) => items.join()),
  )
}

const cron = fc
  .tuple(fieldOf(0, 59), fieldOf(0, 59), fieldOf(0, 23), fieldOf(1, 31), fieldOf(1, 12), fieldOf(0, 7))
  .map((fields) => fields.join(' '))

/** What decides when a schedule fires, leaving out how it was written. */
function meaning(spec: string): string {
  const schedule = parseSchedule(spec)
  if (schedule.kind !== 'cron') return JSON.stringify(schedule)
  const { seconds, minutes, hours, months, daysOfMonth, daysOfWeek, daysMustBothMatch } = schedule
  const anyDate = daysOfMonth.length === 31
  const anyWeekday = daysOfWeek.length === 7
  const isEveryDay = (anyDate && anyWeekday) || (!daysMustBothMatch && (anyDate || anyWeekday))
  const mode = anyDate || anyWeekday ? true : daysMustBothMatch
  return JSON.stringify([seconds, minutes, hours, months, isEveryDay ? 'every' : [daysOfMonth, daysOfWeek, mode]])
}

test('every schedule has words: one line, no longer than a short text', () => {
  fc.assert(
    fc.property(cron, (spec) => {
      const words = scheduleWords(parseSchedule(spec))
      expect(words).toMatch(/^[a-zA-Z0-9 ,:]+$/)
      expect(words.length).toBeLessThan(900)
    }),
    { numRuns: 1_000 },
  )
})

test('schedules that differ in one field by anything that matters have different words', () => {
  fc.assert(
    fc.property(cron, cron, fc.integer({ min: 0, max: 5 }), (spec, other, index) => {
      const fields = spec.split(' ')
      fields[index] = other.split(' ')[index] ?? '*'
      const changed = fields.join(' ')
      const sameWords = scheduleWords(parseSchedule(spec)) === scheduleWords(parseSchedule(changed))
      expect(sameWords, `${spec} and ${changed}: ${scheduleWords(parseSchedule(spec))}`).toBe(
        meaning(spec) === meaning(changed),
      )
    }),
    { numRuns: 3_000 },
  )
})

test('every interval has words of its own', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400_000 }), fc.integer({ min: 1, max: 400_000 }), (a, b) => {
      const words = (seconds: number) => scheduleWords(parseSchedule(`@every ${seconds}s`))
      expect(words(a) === words(b)).toBe(a === b)
    }),
  )
})
