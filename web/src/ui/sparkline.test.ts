import { expect, test } from 'vitest'
import { linePath } from './sparkline-path.ts'

test('a line goes from left to right, the largest value at the top', () => {
  expect(linePath([{ value: 0 }, { value: 5 }, { value: 10 }], 10, 100, 22)).toBe('M0.0 21.0L50.0 11.0L100.0 1.0')
})

test('where nothing is known the line has a gap', () => {
  const path = linePath([{ value: 1 }, { value: null }, { value: 1 }, { value: 1 }], 1, 90, 22)
  expect(path).toBe('M0.0 1.0M60.0 1.0L90.0 1.0')
})

test('a single value and none make no line that is not a number', () => {
  expect(linePath([{ value: 3 }], 3, 90, 22)).toBe('M0.0 1.0')
  expect(linePath([], 1, 90, 22)).toBe('')
})
