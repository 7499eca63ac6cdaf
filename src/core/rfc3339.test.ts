import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatRfc3339, parseRfc3339 } from './rfc3339.ts'

test.each([
  ['2026-03-29T03:00:00+02:00', Date.UTC(2026, 2, 29, 1)],
  ['2026-03-29t03:00:00z', Date.UTC(2026, 2, 29, 3)],
  ['2026-03-29T03:00:00.5Z', Date.UTC(2026, 2, 29, 3, 0, 0, 500)],
  ['2026-03-29T03:00:00.123999999Z', Date.UTC(2026, 2, 29, 3, 0, 0, 123)],
  ['2024-02-29T00:00:00-00:00', Date.UTC(2024, 1, 29)],
  ['2000-02-29T23:59:59-23:59', Date.UTC(2000, 2, 1, 23, 58, 59)],
  ['1969-12-31T23:59:59.999Z', -1],
  ['0001-01-01T00:00:00Z', Date.parse('0001-01-01T00:00:00Z')],
])('%s is an instant', (text, atMs) => {
  expect(parseRfc3339(text)).toBe(atMs)
})

test.each([
  '2026-02-29T00:00:00Z',
  '1900-02-29T00:00:00Z',
  '2026-04-31T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-00-01T00:00:00Z',
  '2026-01-00T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-01-01T00:60:00Z',
  '2016-12-31T23:59:60Z',
  '2026-01-01T00:00:00',
  '2026-01-01T00:00Z',
  '2026-01-01',
  '2026-01-01 00:00:00Z',
  '2026-01-01T00:00:00.Z',
  '2026-01-01T00:00:00+2:00',
  '2026-01-01T00:00:00+0200',
  '2026-01-01T00:00:00+24:00',
  '2026-01-01T00:00:00+02:60',
  ' 2026-01-01T00:00:00Z',
  '2026-01-01T00:00:00Z\n',
  '26-01-01T00:00:00Z',
  'now',
  '',
])('%j is not one', (text) => {
  expect(parseRfc3339(text)).toBeNull()
})

test.each([
  [0, 0, '1970-01-01T00:00:00Z'],
  [Date.UTC(2026, 2, 29, 1), 120, '2026-03-29T03:00:00+02:00'],
  [Date.UTC(2026, 0, 1, 0, 0, 0, 7), -210, '2025-12-31T20:30:00.007-03:30'],
  [Date.UTC(2026, 0, 1), 345, '2026-01-01T05:45:00+05:45'],
])('%i ms at %i minutes is written as %s', (atMs, offsetMinutes, text) => {
  expect(formatRfc3339(atMs, offsetMinutes)).toBe(text)
})

test('a year that four digits cannot hold is refused', () => {
  expect(() => formatRfc3339(Date.UTC(10_000, 0, 1))).toThrow(RangeError)
  expect(() => formatRfc3339(Number.NaN)).toThrow(RangeError)
})

test('what is written is read back as the same instant', () => {
  const instant = fc.integer({ min: Date.parse('0001-01-01T00:00:00Z') + 86_400_000, max: 253_402_214_400_000 })
  fc.assert(
    fc.property(instant, fc.integer({ min: -1439, max: 1439 }), (atMs, offsetMinutes) => {
      expect(parseRfc3339(formatRfc3339(atMs, offsetMinutes))).toBe(atMs)
      expect(formatRfc3339(atMs)).toBe(new Date(atMs).toISOString().replace('.000Z', 'Z'))
    }),
  )
})
