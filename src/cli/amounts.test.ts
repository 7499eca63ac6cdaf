import { expect, test } from 'vitest'
import { countText, durationText, instantText, sizeText } from './amounts.ts'
import { percentText, progressBar } from './progress-bar.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [123_456, '123 kB'],
  [5_600_000_000_000_000, '5600 TB'],
])('%d bytes are %s', (bytes, text) => expect(sizeText(bytes)).toBe(text))

test.each([
  [0.4, '0'],
  [12, '12'],
  [81_200, '81.2 k'],
  [2_000_000, '2.0 M'],
])('a count of %d is %s', (count, text) => expect(countText(count)).toBe(text))

test.each([
  [-5, '0 ms'],
  [250, '250 ms'],
  [999.4, '999 ms'],
  [59_999, '59.9 s'],
  [192_000, '3m 12s'],
  [14_520_000, '4h 2m'],
  [273_600_000, '3d 4h'],
])('%d ms are %s', (ms, text) => expect(durationText(ms)).toBe(text))

test('an instant is shown to the second, none as a dash', () => {
  expect(instantText('2026-01-02T03:04:05.678Z')).toBe('2026-01-02 03:04:05')
  expect([null, undefined, ''].map(instantText)).toEqual(['-', '-', '-'])
})

test('a bar is always as wide as it should be, with and without block characters', () => {
  for (const fraction of [-1, 0, 0.04, 0.5, 0.999, 1, 7, Number.NaN]) {
    expect([...progressBar(fraction, 20, { hasBlocks: true })]).toHaveLength(20)
    expect(progressBar(fraction, 20, { hasBlocks: false })).toHaveLength(22)
  }
  expect(progressBar(0.5, 4, { hasBlocks: true })).toBe('██░░')
  expect(progressBar(0.5, 4, { hasBlocks: false })).toBe('[##..]')
})

test('it is 100 % only when all is done', () => {
  expect([0, 0.6219, 0.99999, 1].map(percentText)).toEqual(['0.0 %', '62.1 %', '99.9 %', '100 %'])
})
