/**
 * The times of day of a cron schedule in words.
 *
 * Easy to get wrong: `*\/7` is not every seven minutes, because it begins anew with each hour; what does not fit the hour
 * says where it begins.
 */
import type { CronSchedule } from '../../model/schedule.ts'
import { isAll, joined, listed, ordinal, runsOf, single, stepOf, twoDigits } from './number-patterns.ts'

type Times = Pick<CronSchedule, 'seconds' | 'minutes' | 'hours'>

const sixty = { first: 0, last: 59 }
const hourRange = { first: 0, last: 23 }
/** So many times are said one by one. */
const mostTimes = 6

export interface TimeWords {
  /** `moments`: times of a day, `at 02:30`; `rhythm`: again and again, `every 15 minutes`. */
  readonly kind: 'moments' | 'rhythm'
  readonly text: string
}

/** @param isEveryDay then hours before and after midnight are told as one span */
export function timeWords(times: Times, isEveryDay: boolean): TimeWords {
  return moments(times) ?? { kind: 'rhythm', text: rhythm(times, isEveryDay) }
}

function moments({ seconds, minutes, hours }: Times): TimeWords | null {
  const second = single(seconds)
  if (second === null || minutes.length * hours.length > mostTimes) return null
  const all = hours.flatMap((hour) => minutes.map((minute) => clock(hour, minute, second)))
  return { kind: 'moments', text: `at ${joined(all)}` }
}

function rhythm(times: Times, isEveryDay: boolean): string {
  const { seconds, minutes, hours } = times
  const [second, minute] = [single(seconds), single(minutes)]
  if (second !== null && minute !== null) return hourly(hours, minute, second)
  const step = second === null ? withinMinutes(times) : minuteSteps(minutes, second)
  if (isAll(hours, hourRange)) return step
  return `${step} ${hourSpans(hours, isEveryDay)}`
}

/** More than a few hours, at the same minute of each. */
function hourly(hours: readonly number[], minute: number, second: number): string {
  const past = second === 0 ? `${minute} ${minute === 1 ? 'minute' : 'minutes'} past` : `${clock(minute, second)} past`
  const isFull = minute === 0 && second === 0
  if (isAll(hours, hourRange)) return isFull ? 'every hour' : `every hour at ${past} the hour`
  const step = stepOf(hours, hourRange)
  if (step?.isEven === true) return `every ${step.step} hours from ${clock(step.from, minute, second)}`
  const [run, ...others] = runsOf(hours)
  if (run !== undefined && others.length === 0)
    return `every hour from ${clock(run.from, minute, second)} to ${clock(run.to, minute, second)}`
  return `at ${joined(hours.map((hour) => clock(hour, minute, second)))}`
}

/** At one second of several minutes. */
function minuteSteps(minutes: readonly number[], second: number): string {
  const atSecond = second === 0 ? '' : ` at second ${second}`
  if (isAll(minutes, sixty)) return `every minute${atSecond}`
  const step = stepOf(minutes, sixty)
  if (step === null)
    return `at ${minuteList(minutes)}${atSecond === '' ? ' past the hour' : `${atSecond}, past the hour`}`
  const isPlain = step.from === 0 && step.isEven
  return `every ${step.step} minutes${isPlain ? '' : ` from minute ${step.from} of the hour`}${atSecond}`
}

/** At several seconds of some minutes. */
function withinMinutes({ seconds, minutes }: Times): string {
  const step = secondSteps(seconds)
  if (isAll(minutes, sixty)) return step
  const every = stepOf(minutes, sixty)
  if (every !== null) return `${step} in every ${ordinal(every.step)} minute from minute ${every.from} of the hour`
  return `${step} in ${minuteList(minutes)} past the hour`
}

function secondSteps(seconds: readonly number[]): string {
  if (isAll(seconds, sixty)) return 'every second'
  const step = stepOf(seconds, sixty)
  if (step === null) return `at seconds ${listed(seconds, String)} of the minute`
  const isPlain = step.from === 0 && step.isEven
  return `every ${step.step} seconds${isPlain ? '' : ` from second ${step.from} of the minute`}`
}

function minuteList(minutes: readonly number[]): string {
  return `${minutes.length === 1 ? 'minute' : 'minutes'} ${listed(minutes, String)}`
}

function hourSpans(hours: readonly number[], isEveryDay: boolean): string {
  const step = stepOf(hours, hourRange)
  if (step !== null) return `in every ${ordinal(step.step)} hour from ${clock(step.from, 0)}`
  const runs = [...runsOf(hours)]
  const [first, last] = [runs[0], runs.at(-1)]
  if (isEveryDay && runs.length > 1 && first?.from === 0 && last?.to === 23) {
    runs.splice(0, 1)
    runs[runs.length - 1] = { from: last.from, to: first.to }
  }
  return joined(runs.map(({ from, to }) => `between ${clock(from, 0)} and ${clock(to, 59)}`))
}

/** `hh:mm`, and `hh:mm:ss` when it is not the full minute. */
function clock(hour: number, minute: number, second = 0): string {
  const text = `${twoDigits(hour)}:${twoDigits(minute)}`
  return second === 0 ? text : `${text}:${twoDigits(second)}`
}
