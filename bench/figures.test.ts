import { expect, test } from 'vitest'
import type { Benchmark } from './benchmarks.ts'
import { benchmarks, benchmarksNamed } from './benchmarks.ts'
import { type Figure, meets, tableOf } from './figures.ts'
import { missingFigures } from './smoke.ts'

const figure: Figure = { measure: 'drain', value: 12_000, unit: 'transactions/s', ratio: 2.4, comparedWith: 'native-4' }
const benchmark: Benchmark = { name: 'b', what: '', script: 'b.ts', args: [], smoke: [], tells: ['drain'] }

test.each([
  ['nothing is asked', undefined, undefined],
  ['a ratio is reached', [{ of: 'ratio', atLeast: 2.4 }], true],
  ['a ratio is missed', [{ of: 'ratio', atLeast: 2.5 }], false],
  ['a value is small enough', [{ of: 'value', atMost: 12_000 }], true],
  [
    'one of two is missed',
    [
      { of: 'ratio', atLeast: 1 },
      { of: 'value', atMost: 10 },
    ],
    false,
  ],
] as const)('a figure says whether it is met: %s', (_name, targets, answer) => {
  expect(meets({ ...figure, ...(targets === undefined ? {} : { targets }) })).toBe(answer)
})

test('a ratio that was not measured does not meet a target', () => {
  const { ratio: _none, ...rest } = figure
  expect(meets({ ...rest, targets: [{ of: 'ratio', atLeast: 0 }] })).toBe(false)
})

test('the table says what is asked and that it is missed', () => {
  const [, row] = tableOf([{ ...figure, targets: [{ of: 'ratio', atLeast: 2.5 }] }])
  expect(row).toMatch(/2\.40 x {2}native-4 {2}>= 2\.5 x {2}NO$/)
})

test('a smoke run misses a figure that nobody told, and one that is no number', () => {
  expect(missingFigures(benchmark, [figure])).toEqual([])
  expect(missingFigures(benchmark, [{ ...figure, measure: 'other' }])).toEqual(["no figure for 'drain'"])
  expect(missingFigures(benchmark, [{ ...figure, value: Number.NaN }])).toEqual(["'drain' is NaN, ratio 2.4"])
})

test('benchmarks are found by name, and every script has a tiny run', () => {
  expect(benchmarksNamed(['drain-mysql-9.7']).map(({ name }) => name)).toEqual(['drain-mysql-9.7'])
  expect(() => benchmarksNamed(['drain'])).toThrow("no benchmark 'drain'")
  const shown = new Set(benchmarks.filter(({ smoke }) => smoke !== null).map(({ script }) => script))
  expect(benchmarks.filter(({ script }) => !shown.has(script))).toEqual([])
})
