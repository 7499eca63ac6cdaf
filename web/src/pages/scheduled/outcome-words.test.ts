import { expect, test } from 'vitest'
import { successPercent } from './outcome-words.ts'

test.each([
  [0, 0, null],
  [1, 0, 100],
  [0, 4, 0],
  [2, 1, 67],
  [99_999, 1, 99.9],
  [1, 99_999, 0.1],
])('%i successes and %i failures are %s percent', (successes, failures, percent) => {
  expect(successPercent(successes, failures)).toBe(percent)
})
