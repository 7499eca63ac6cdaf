/** What several rounds are told as. */
import type { Figure } from '../figures.ts'

/** The median, and from two rounds on the lowest and the highest. */
export function spreadOf(values: readonly number[]): Pick<Figure, 'value' | 'spread'> {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const value = ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
  return sorted.length < 2 ? { value } : { value, spread: [sorted[0] ?? 0, sorted.at(-1) ?? 0] }
}

/** @param share for example 0.99 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}
