/** What a sorted list of numbers looks like to people: everything, every nth, some ranges, or just a list. */

/** Every number of a field, `first` to `last`. */
export interface FieldRange {
  readonly first: number
  readonly last: number
}

/** Numbers that follow each other without a gap. */
export interface Run {
  readonly from: number
  readonly to: number
}

export function isAll(values: readonly number[], { first, last }: FieldRange): boolean {
  return values.length === last - first + 1
}

/** The only number, or null. */
export function single(values: readonly number[]): number | null {
  return values.length === 1 ? (values[0] ?? null) : null
}

/**
 * The step of a list that goes on to the end of the field, three numbers at least.
 *
 * @returns null when it is no such list; `isEven` when it fits the field, so that the distance is the same over its end
 */
export function stepOf(
  values: readonly number[],
  { first, last }: FieldRange,
): { readonly from: number; readonly step: number; readonly isEven: boolean } | null {
  const [from = 0, second = 0] = values
  const step = second - from
  if (values.length < 3 || step < 2 || from - first >= step || (values.at(-1) ?? 0) + step <= last) return null
  if (values.some((value, index) => value !== from + index * step)) return null
  return { from, step, isEven: (last - first + 1) % step === 0 }
}

export function runsOf(values: readonly number[]): readonly Run[] {
  const runs: Run[] = []
  for (const value of values) {
    const last = runs.at(-1)
    if (last !== undefined && last.to + 1 === value) runs[runs.length - 1] = { from: last.from, to: value }
    else runs.push({ from: value, to: value })
  }
  return runs
}

/** `a`, `a and b`, `a, b and c`. */
export function joined(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** Ranges of three and more as `a to b`, the rest one by one. */
export function listed(values: readonly number[], word: (value: number) => string): string {
  const parts = runsOf(values).flatMap(({ from, to }) => {
    if (to - from >= 2) return [`${word(from)} to ${word(to)}`]
    return from === to ? [word(from)] : [word(from), word(to)]
  })
  return joined(parts)
}

/** 1st, 2nd, 3rd, 4th, ... 11th, ... 21st. */
export function ordinal(number: number): string {
  const isTeen = number % 100 >= 11 && number % 100 <= 13
  const ending = isTeen ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th')
  return `${number}${ending}`
}

export function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}
