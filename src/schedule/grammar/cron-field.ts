/**
 * One field of a cron expression: `*`, `?`, `a`, `a-b`, each with an optional `/step`, in a list with commas.
 *
 * Easy to get wrong: `a/n` runs to the field's end, and for the day of week that end is Saturday, though 7 is allowed.
 * Source: api-dkron.md, Schedules; robfig/cron parser.go getRange at the time of Dkron 0.7.2.
 */
import { InvalidScheduleError, quote } from './errors.ts'

/** What a field may hold. */
export interface FieldRule {
  readonly name: string
  readonly first: number
  /** The largest number that may be written. */
  readonly last: number
  /** Where `*` and an open step end. */
  readonly end: number
  /** Names of the values from `first` on, lower case. */
  readonly names: readonly string[]
  /** How a message says what is allowed. */
  readonly allowed: string
  /** What `*` stands for; shared by all schedules, which saves memory with many jobs. */
  readonly all: readonly number[]
  /** Each value alone, from `first` on; shared too. */
  readonly alone: readonly (readonly number[])[]
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const weekdayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** The six fields in the order they are written. */
export const fieldRules = {
  second: rule('second', 0, 59),
  minute: rule('minute', 0, 59),
  hour: rule('hour', 0, 23),
  dayOfMonth: rule('day of month', 1, 31),
  month: { ...rule('month', 1, 12), names: monthNames, allowed: '1-12 or JAN-DEC' },
  dayOfWeek: {
    ...rule('day of week', 0, 6),
    last: 7,
    names: weekdayNames,
    allowed: '0-7 or SUN-SAT, 0 and 7 both Sunday',
  },
} satisfies Record<string, FieldRule>

function rule(name: string, first: number, last: number): FieldRule {
  const all = Array.from({ length: last - first + 1 }, (_, index) => first + index)
  const alone = all.map((value) => [value])
  return { name, first, last, end: last, names: [], allowed: `${first}-${last}`, all, alone }
}

/**
 * The values a field stands for.
 *
 * @returns sorted, without doubles; Sunday is 0 only
 * @throws InvalidScheduleError naming the field, the value and what is allowed
 */
export function parseField(text: string, rule: FieldRule): readonly number[] {
  if (text === '*' || text === '?') return rule.all
  const values = new Set<number>()
  for (const item of text.split(',')) {
    if (item === '') throw bad(rule, text, 'a list has an empty element')
    addItem(item, rule, values)
  }
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted.length === 1 ? rule.alone[(sorted[0] ?? 0) - rule.first] : undefined) ?? sorted
}

function addItem(item: string, rule: FieldRule, values: Set<number>): void {
  const [range = '', stepText, ...more] = item.split('/')
  if (more.length > 0) throw bad(rule, item, 'only one step is allowed')
  const step = stepText === undefined ? 1 : parseStep(stepText, item, rule)
  const { from, to } = parseRange(range, stepText !== undefined, item, rule)
  // Only the day of week can exceed its end, and there 7 is Sunday.
  for (let value = from; value <= to; value += step) values.add(value > rule.end ? rule.first : value)
}

function parseRange(range: string, isOpen: boolean, item: string, rule: FieldRule): { from: number; to: number } {
  if (range === '*' || range === '?') return { from: rule.first, to: rule.end }
  const [fromText = '', toText, ...more] = range.split('-')
  if (more.length > 0) throw bad(rule, item, 'a range has one beginning and one end')
  const from = parseValue(fromText, item, rule)
  if (toText === undefined) return { from, to: isOpen ? Math.max(from, rule.end) : from }
  const to = parseValue(toText, item, rule)
  if (from > to) {
    throw bad(rule, item, `the range begins at ${from} after its end ${to}, write it as two ranges in a list`)
  }
  return { from, to }
}

function parseStep(text: string, item: string, rule: FieldRule): number {
  if (!/^\d+$/.test(text)) throw bad(rule, item, `step ${quote(text)} is not a whole number`)
  const step = Number(text)
  if (step === 0) throw bad(rule, item, 'a step must be 1 or more')
  return step
}

function parseValue(text: string, item: string, rule: FieldRule): number {
  const named = rule.names.indexOf(text.toLowerCase())
  if (named >= 0) return rule.first + named
  if (!/^\d+$/.test(text)) throw bad(rule, item, whyNotANumber(text))
  const value = Number(text)
  if (value < rule.first || value > rule.last) throw bad(rule, item, 'out of range')
  return value
}

function whyNotANumber(text: string): string {
  if (text === '') return 'a value is missing'
  if (/^(\d*l|\d*lw|\d+w|l-\d+|.*#.*)$/i.test(text)) return 'L, W and # are not supported'
  return `${quote(text)} is not one of its values`
}

function bad(rule: FieldRule, item: string, why: string): InvalidScheduleError {
  return new InvalidScheduleError(
    `field ${rule.name}: ${quote(item)}: ${why}; allowed are ${rule.allowed}, lists, ranges a-b, steps */n, a/n, a-b/n`,
    { details: { field: rule.name, value: item.slice(0, 100), allowed: rule.allowed } },
  )
}
