import { expect, test } from 'vitest'
import { durationMs, durationText } from './go-duration-text.ts'

test.each([
  [0, '0s'],
  [250, '250ms'],
  [1_500, '1.5s'],
  [60_000, '1m0s'],
  [90_000, '1m30s'],
  [3_600_000, '1h0m0s'],
  [90_061_001, '25h1m1.001s'],
])('%i ms is written %s and read back', (ms, text) => {
  expect(durationText(ms)).toBe(text)
  expect(durationMs(text)).toBe(ms)
})

test('what is finer than a millisecond is rounded up, so that a limit never becomes none', () => {
  expect(durationMs('1ns')).toBe(1)
})

test.each(['', 'soon', '5', '-1s', '1 m'])('%j is no duration', (text) => {
  expect(durationMs(text)).toBeNull()
})
