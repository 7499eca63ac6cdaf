/** What must be true of the figures of a benchmark whatever the machine: that they are there, and numbers. */
import type { Benchmark } from './benchmarks.ts'
import type { Figure } from './figures.ts'

/** @returns what is wrong, a sentence each; no time is judged */
export function missingFigures({ tells }: Benchmark, figures: readonly Figure[]): readonly string[] {
  const absent = tells.filter((part) => !figures.some(({ measure }) => measure.includes(part)))
  const wrong = figures.filter(({ value, ratio = 1 }) => !isCount(value) || !isCount(ratio))
  return [
    ...absent.map((part) => `no figure for '${part}'`),
    ...wrong.map(({ measure, value, ratio }) => `'${measure}' is ${value}, ratio ${ratio ?? 'none'}`),
  ]
}

function isCount(value: number): boolean {
  return Number.isFinite(value) && value >= 0
}
