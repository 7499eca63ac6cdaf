import { expect, test } from 'vitest'
import type { Results } from '../tell-results.ts'
import { chartsOf } from './charts.ts'
import { tableLines } from './page-parts.ts'

const what = 'mysql-9.7: drain by'
const results: Results = {
  measuredAt: '2030-01-02T03:04:05.000Z',
  machine: {
    cpu: 'a CPU',
    cores: 2,
    memoryBytes: 2 ** 34,
    node: 'v24.0.0',
    revision: 'abc',
    versions: ['MySQL 9.7.4'],
  },
  results: [
    {
      benchmark: 'drain-mysql-9.7',
      failure: null,
      seconds: 1,
      busyBefore: 0,
      figures: [
        { measure: `${what} native-1`, value: 4_000, unit: 'transactions/s', spread: [3_900, 4_100] },
        {
          measure: `${what} millrace`,
          value: 10_000,
          unit: 'transactions/s',
          comparedWith: 'native-1',
          ratio: 2.5,
          targets: [{ of: 'ratio', atLeast: 3 }],
          meets: false,
        },
      ],
    },
    { benchmark: 'bulk-mysql-9.7', failure: 'ended with status 1', seconds: 1, busyBefore: 0, figures: [] },
  ],
}

test('only what was measured is drawn, with the ratio and the value that is asked', () => {
  const charts = chartsOf(results)
  expect(charts.filter(({ svg }) => svg !== null).map(({ name }) => name)).toEqual(['drain'])
  expect(charts[0]?.svg).toContain('10,000  (2.50 x)')
  expect(charts[0]?.svg).toContain('asked: 12,000')
})

test('the tables tell what missed its target, and what did not end', () => {
  const lines = tableLines(results).join('\n')
  expect(lines).toContain('| 4,000 transactions/s | 3,900 to 4,100 |  |  |  |')
  expect(lines).toContain('| 2.50 x native-1 | >= 3 x | **no** |')
  expect(lines).toContain('It did not end: ended with status 1.')
})
