import { expect, test } from 'vitest'
import { matchesTag, parseTag } from './tag-rule.ts'

test.each([
  ['web', 'web', null],
  ['web:2', 'web', 2],
  ['web-[0-9]+:1', 'web-[0-9]+', 1],
  ['(?:a|b)', '(?:a|b)', null],
  ['(?:a|b):3', '(?:a|b)', 3],
  ['[[:alpha:]]+', '[[:alpha:]]+', null],
  [String.raw`10\:20`, String.raw`10\:20`, null],
  ['http://host:8080', 'http://host', 8080],
  ['', '', null],
])('%j is the pattern %j with count %j', (text, pattern, count) => {
  expect(parseTag(text)).toEqual({ kind: 'rule', rule: { pattern, count } })
})

test.each([
  'web:0',
  'web:',
  'web:x',
  'web:-1',
  'web:+2',
  'web: 2',
  'web:1234567',
  '(',
  'a**',
  '[z-a]',
  'x'.repeat(1_001),
])('%j is refused', (text) => {
  expect(parseTag(text).kind).toBe('invalid')
})

test.each([
  ['web', 'web', true],
  ['web', 'webmail', false],
  ['web', 'Web', false],
  ['a|ab', 'ab', true],
  ['w.b', 'web', true],
  ['10.0.0.1', '10.0.0.1', true],
  ['', '', true],
  ['', 'x', false],
  [String.raw`10\:20`, '10:20', true],
])('pattern %j for the value %j: %j', (pattern, value, matches) => {
  expect(matchesTag({ pattern, count: null }, value)).toBe(matches)
})

test('a pattern that makes other engines hang for ever is answered', () => {
  expect(matchesTag({ pattern: '(a+)+b', count: null }, 'a'.repeat(5_000))).toBe(false)
})
