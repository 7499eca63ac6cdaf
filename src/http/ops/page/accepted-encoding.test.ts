import { expect, test } from 'vitest'
import { acceptedEncoding } from './accepted-encoding.ts'

test.each([
  ['gzip, deflate, br, zstd', 'br'],
  ['gzip', 'gzip'],
  ['GZIP;q=0.5', 'gzip'],
  ['br;q=0, gzip', 'gzip'],
  ['br;q=0.000', null],
  ['*', 'br'],
  ['*;q=0', null],
  ['br;q=nonsense', null],
  ['identity', null],
  ['', null],
  [undefined, null],
] as const)('of brotli and gzip, a client that sends %j gets %j', (header, expected) => {
  expect(acceptedEncoding(header, ['br', 'gzip'])).toBe(expected)
})

test('what there is not is not sent', () => {
  expect(acceptedEncoding('br', ['gzip'])).toBeNull()
})
