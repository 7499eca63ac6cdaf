import { expect, test } from 'vitest'
import { parseGoDuration } from './go-duration.ts'

const ms = 1_000_000n

test.each([
  ['1h30m', 5_400_000n * ms],
  ['1.5h', 5_400_000n * ms],
  ['1500ms', 1_500n * ms],
  ['1m1s1ms', 61_001n * ms],
  ['2us', 2_000n],
  ['2\u00b5s', 2_000n],
  ['2\u03bcs', 2_000n],
  ['7ns', 7n],
  ['.5s', 500n * ms],
  ['5.s', 5_000n * ms],
  ['+3s', 3_000n * ms],
  ['-1m', -60_000n * ms],
  ['0', 0n],
  ['0s', 0n],
  ['1s1s', 2_000n * ms],
  ['0.1s', 100n * ms],
])('%s is a duration', (text, durationNs) => {
  expect(parseGoDuration(text)).toBe(durationNs)
})

test.each(['', '1', '5', 's', '.s', '1 s', '1h 30m', '1d', '1H', '1h30', '--1s', '1.2.3s', '1e3s', '9999999h', 'soon'])(
  '%j is none',
  (text) => {
    expect(parseGoDuration(text)).toBeNull()
  },
)
