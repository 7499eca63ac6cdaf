import { expect, test } from 'vitest'
import { dayText, epochMs, momentText, utcText } from './moments.ts'

const at = Date.parse('2026-11-22T23:03:09.120Z')

test.each([
  [null, null],
  [undefined, null],
  ['', null],
  ['nonsense', null],
  ['1970-01-01T00:00:01Z', 1_000],
  [1_000, 1_000],
])('%j is the instant %j', (given, ms) => {
  expect(epochMs(given)).toBe(ms)
})

test('a moment of today is told without its day, in the zone that is asked for', () => {
  expect(momentText(at, at, 'UTC')).toBe('23:03:09')
  expect(momentText(at, at, 'Asia/Tokyo')).toBe('08:03:09')
})

test('another day is told where it is another day', () => {
  const earlier = Date.parse('2026-11-22T14:00:00Z')
  expect(momentText(at, earlier, 'UTC')).toBe('23:03:09')
  expect(momentText(at, earlier, 'Europe/Berlin')).toBe('2026-11-23 00:03:09')
  expect(dayText(at, 'America/New_York')).toBe('2026-11-22')
})

test('midnight is 00, not 24', () => {
  expect(momentText(Date.parse('2026-01-01T00:00:00Z'), at, 'UTC')).toBe('2026-01-01 00:00:00')
})

test('in UTC milliseconds are told', () => {
  expect(utcText(at)).toBe('2026-11-22 23:03:09.120 UTC')
})
