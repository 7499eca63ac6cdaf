import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'

const policy = { firstMs: 100, maxMs: 5000 }

test.each([
  [1, 0, 50],
  [1, 0.999, 99],
  [2, 0, 100],
  [6, 0, 1600],
  [7, 0, 2500],
  [1000, 0.5, 3750],
])('delay before retry %i with chance %f is %i ms', (attempt, random, delayMs) => {
  expect(backoffMs(policy, attempt, () => random)).toBe(delayMs)
})

test('no delay is longer than the longest, and none before the first retry', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, random) => {
        const delayMs = backoffMs(policy, attempt, () => random)
        expect(delayMs).toBeLessThanOrEqual(policy.maxMs)
        expect(delayMs).toBeGreaterThanOrEqual(policy.firstMs / 2)
      },
    ),
  )
  expect(() => backoffMs(policy, 0, Math.random)).toThrow(RangeError)
})
