import { expect, test } from 'vitest'
import { RunGroups } from './run-groups.ts'
import { groupOf, groupTimeMs } from './start-order.ts'

test('groups grow, are never the same, and tell the time, also when many are asked for in one millisecond', () => {
  const groups = new RunGroups()
  const made = Array.from({ length: 10_000 }, () => groups.next(1_767_323_045_000))
  expect(new Set(made).size).toBe(10_000)
  expect(made.map(BigInt)).toEqual(made.map(BigInt).sort((a, b) => (a < b ? -1 : 1)))
  expect(groupTimeMs(made[0] ?? '')).toBe(1_767_323_045_000)
})

test('a clock that is set back does not make groups go back', () => {
  const groups = new RunGroups()
  const first = groups.next(2_000)
  expect(BigInt(groups.next(1_000))).toBeGreaterThan(BigInt(first))
})

test('the group of a scheduled fire is its instant in nanoseconds', () => {
  expect(groupOf(1_767_323_045_123)).toBe('1767323045123000000')
})
