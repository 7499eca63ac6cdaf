/**
 * What a schedule means, in plain English: `every day at 02:30`, `on weekdays every 15 minutes between 09:00 and 17:59`.
 *
 * Easy to get wrong: this reads what was parsed, not what was written, so it says what will happen. Two schedules that fire
 * at different times have different words.
 */
import type { CronSchedule, Schedule } from '../../model/schedule.ts'
import { dayWords, isMonthsAlone } from './day-words.ts'
import { joined } from './number-patterns.ts'
import { timeWords } from './time-words.ts'

export function scheduleWords(schedule: Schedule): string {
  const words = wordsOfKind(schedule)
  return schedule.zone === null || schedule.kind !== 'cron' ? words : `${words}, by the time in ${schedule.zone}`
}

function wordsOfKind(schedule: Schedule): string {
  switch (schedule.kind) {
    case 'cron':
      return cronWords(schedule)
    case 'every':
      return `every ${intervalWords(schedule.intervalMs)}, counted from when the job was created`
    case 'at':
      return `once, on ${instantWords(schedule.atMs)}`
    case 'manual':
      return 'only when somebody runs it'
  }
}

function cronWords(cron: CronSchedule): string {
  const days = dayWords(cron)
  const { kind, text } = timeWords(cron, days === null)
  if (days === null) return kind === 'moments' ? `every day ${text}` : text
  if (kind === 'moments' && isMonthsAlone(cron)) return `every day ${days} ${text}`
  return `${days} ${text}`
}

/** @param intervalMs whole seconds */
function intervalWords(intervalMs: number): string {
  const seconds = intervalMs / 1_000
  const parts = [
    [Math.floor(seconds / 86_400), 'day'],
    [Math.floor(seconds / 3_600) % 24, 'hour'],
    [Math.floor(seconds / 60) % 60, 'minute'],
    [seconds % 60, 'second'],
  ] as const
  const given = parts.filter(([amount]) => amount > 0)
  const [amount, unit] = given[0] ?? [0, 'second']
  if (given.length === 1 && amount === 1) return unit
  return joined(given.map(([count, name]) => `${count} ${name}${count === 1 ? '' : 's'}`))
}

/** In UTC, because what was written says its own offset. */
function instantWords(atMs: number): string {
  const [date = '', time = ''] = new Date(atMs).toISOString().split('T')
  return `${date} at ${time.replace(/(?:\.000)?Z$/, '')} UTC`
}
