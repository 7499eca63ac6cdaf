/**
 * The next local time that matches a cron schedule, by jumping from field to field.
 *
 * Easy to get wrong: local times here are epoch milliseconds of a clock without zone; whether that moment exists in a
 * zone, once, twice or never, is the business of next-fire.ts.
 */
import { dateOfDay, dayMs, dayNumber, daysInMonth, hourMs, minuteMs, secondMs, weekdayOf } from '../../core/calendar.ts'
import type { CronSchedule } from '../../model/schedule.ts'

/**
 * The calendar repeats after 400 years, and no date and weekday in it are further apart than February 29 on one
 * weekday around a century that is not a leap year: 40 years. What is not found after 41 years never comes.
 */
export const searchYears = 41
const lastYear = 9999

/**
 * The first matching local time at or after `fromLocalMs`.
 *
 * @param fromLocalMs whole seconds
 * @returns null when there is none, ever (or none before the year 10000)
 */
export function nextLocalMatch(cron: CronSchedule, fromLocalMs: number): number | null {
  const day = Math.floor(fromLocalMs / dayMs)
  if (isMatchingDay(cron, day)) {
    const timeMs = nextTimeOfDay(cron, fromLocalMs - day * dayMs)
    if (timeMs !== null) return day * dayMs + timeMs
  }
  const nextDay = nextMatchingDay(cron, day + 1)
  if (nextDay === null) return null
  return nextDay * dayMs + hourMs * first(cron.hours) + minuteMs * first(cron.minutes) + secondMs * first(cron.seconds)
}

function isMatchingDay(cron: CronSchedule, day: number): boolean {
  const date = dateOfDay(day)
  return cron.months.includes(date.month) && matchesDay(cron, date.day, weekdayOf(day))
}

function matchesDay(cron: CronSchedule, dayOfMonth: number, dayOfWeek: number): boolean {
  const inMonth = cron.daysOfMonth.includes(dayOfMonth)
  if (inMonth !== cron.daysMustBothMatch) return inMonth
  return cron.daysOfWeek.includes(dayOfWeek)
}

function nextMatchingDay(cron: CronSchedule, fromDay: number): number | null {
  const from = dateOfDay(fromDay)
  const endYear = Math.min(from.year + searchYears, lastYear)
  for (let year = from.year; year <= endYear; year += 1) {
    for (const month of cron.months) {
      if (year === from.year && month < from.month) continue
      const start = year === from.year && month === from.month ? from.day : 1
      const day = matchingDayInMonth(cron, year, month, start)
      if (day !== null) return day
    }
  }
  return null
}

function matchingDayInMonth(cron: CronSchedule, year: number, month: number, start: number): number | null {
  const lastDay = daysInMonth(year, month)
  const startNumber = dayNumber(year, month, start)
  let dayOfWeek = weekdayOf(startNumber)
  for (let dayOfMonth = start; dayOfMonth <= lastDay; dayOfMonth += 1) {
    if (matchesDay(cron, dayOfMonth, dayOfWeek)) return startNumber + dayOfMonth - start
    dayOfWeek = dayOfWeek === 6 ? 0 : dayOfWeek + 1
  }
  return null
}

/** The first matching time of day at or after `fromMs` after midnight, or null when today has none left. */
function nextTimeOfDay(cron: CronSchedule, fromMs: number): number | null {
  const fromHour = Math.floor(fromMs / hourMs)
  const hour = atLeast(cron.hours, fromHour)
  if (hour === undefined) return null
  if (hour > fromHour) return hour * hourMs + first(cron.minutes) * minuteMs + first(cron.seconds) * secondMs
  const inHourMs = nextTimeOfHour(cron, fromMs - fromHour * hourMs)
  if (inHourMs !== null) return hour * hourMs + inHourMs
  const laterHour = atLeast(cron.hours, fromHour + 1)
  if (laterHour === undefined) return null
  return laterHour * hourMs + first(cron.minutes) * minuteMs + first(cron.seconds) * secondMs
}

function nextTimeOfHour(cron: CronSchedule, fromMs: number): number | null {
  const fromMinute = Math.floor(fromMs / minuteMs)
  const minute = atLeast(cron.minutes, fromMinute)
  if (minute === undefined) return null
  if (minute > fromMinute) return minute * minuteMs + first(cron.seconds) * secondMs
  const second = atLeast(cron.seconds, Math.floor((fromMs - fromMinute * minuteMs) / secondMs))
  if (second !== undefined) return minute * minuteMs + second * secondMs
  const laterMinute = atLeast(cron.minutes, fromMinute + 1)
  return laterMinute === undefined ? null : laterMinute * minuteMs + first(cron.seconds) * secondMs
}

function atLeast(sorted: readonly number[], least: number): number | undefined {
  for (const value of sorted) if (value >= least) return value
  return undefined
}

function first(values: readonly number[]): number {
  return values[0] ?? 0
}
