import { expect, test } from 'vitest'
import { bytesText, countText, durationText, relativeText, shortCountText } from './amounts.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1 kB'],
  [1_540, '1.5 kB'],
  [13_500, '14 kB'],
  [999_499, '999 kB'],
  [999_500, '1 MB'],
  [2_500_000_000, '2.5 GB'],
  [7e18, '7000 PB'],
])('%d bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text)
})

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [1_000, '1 s'],
  [1_250, '1.3 s'],
  [59_900, '60 s'],
  [60_000, '1 min'],
  [200_000, '3 min 20 s'],
  [3_599_600, '1 h'],
  [7_500_000, '2 h 5 min'],
  [86_400_000, '1 d'],
  [273_600_000, '3 d 4 h'],
  [-1_500, '-1.5 s'],
])('%d ms are %s', (ms, text) => {
  expect(durationText(ms)).toBe(text)
})

test.each([
  [1_000, 'now'],
  [-12_400, '12 s ago'],
  [45_000, 'in 45 s'],
  [-119_000, '1 min ago'],
  [7_300_000, 'in 2 h'],
  [-90_000_000, '1 d ago'],
])('what is %d ms from now is %s', (ms, text) => {
  expect(relativeText(1_000_000_000 + ms, 1_000_000_000)).toBe(text)
})

test('counts are grouped, and short where there is little room', () => {
  expect(countText(1_234_567)).toBe('1,234,567')
  expect([0, 999, 1_200, 34_000, 999_999, 5_600_000].map(shortCountText)).toEqual([
    '0',
    '999',
    '1.2k',
    '34k',
    '1M',
    '5.6M',
  ])
})
