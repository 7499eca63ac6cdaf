/**
 * The days of a cron schedule in words.
 *
 * Easy to get wrong: two day fields that are both restricted mean either of them, unless one begins with a star; then both
 * must match.
 */
import type { CronSchedule } from '../../model/schedule.ts'
import { isAll, joined, listed, ordinal, runsOf, single, stepOf } from './number-patterns.ts'

const monthRange = { first: 1, last: 12 }
const dayRange = { first: 1, last: 31 }
const weekRange = { first: 0, last: 6 }
const monthNames = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
]
const weekdayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

type Days = Pick<CronSchedule, 'daysOfMonth' | 'months' | 'daysOfWeek' | 'daysMustBothMatch'>

/** @returns null for every day of the year */
export function dayWords(cron: Days): string | null {
  const days = daysWithinMonths(cron)
  const months = monthWords(cron.months)
  if (days === null) return months
  return months === null ? days : `${days} ${months}`
}

/** True when not every month counts, but every day of those that do. */
export function isMonthsAlone(cron: Days): boolean {
  return daysWithinMonths(cron) === null && !isAll(cron.months, monthRange)
}

function daysWithinMonths({ daysOfMonth, daysOfWeek, daysMustBothMatch, months }: Days): string | null {
  const isAnyDate = isAll(daysOfMonth, dayRange)
  const isAnyWeekday = isAll(daysOfWeek, weekRange)
  const ofMonth = isAll(months, monthRange) ? ' of the month' : ''
  if (isAnyDate && isAnyWeekday) return null
  if (!daysMustBothMatch && (isAnyDate || isAnyWeekday)) return null
  if (isAnyDate) return weekdayWords(daysOfWeek)
  if (isAnyWeekday) return `${dateWords(daysOfMonth)}${ofMonth}`
  return daysMustBothMatch
    ? `${weekdayWords(daysOfWeek)} that fall ${dateWords(daysOfMonth)}${ofMonth}`
    : `${dateWords(daysOfMonth)}${ofMonth} as well as ${weekdayWords(daysOfWeek)}`
}

function dateWords(days: readonly number[]): string {
  const step = stepOf(days, dayRange)
  if (step !== null) return `on every ${ordinal(step.step)} day from the ${ordinal(step.from)}`
  return `on the ${listed(days, ordinal)}`
}

function weekdayWords(days: readonly number[]): string {
  const key = days.join()
  if (key === '1,2,3,4,5') return 'on weekdays'
  if (key === '0,6') return 'at weekends'
  const [run, ...others] = runsOf(days)
  if (run !== undefined && others.length === 0 && run.to - run.from >= 2)
    return `on ${weekdayNames[run.from]} to ${weekdayNames[run.to]}`
  return `on ${joined(days.map((day) => `${weekdayNames[day]}s`))}`
}

function monthWords(months: readonly number[]): string | null {
  if (isAll(months, monthRange)) return null
  const name = (month: number) => monthNames[month - 1] ?? ''
  return single(months) === null && runsOf(months).length === 1 && months.length > 2
    ? `from ${name(months[0] ?? 1)} to ${name(months.at(-1) ?? 12)}`
    : `in ${listed(months, name)}`
}
