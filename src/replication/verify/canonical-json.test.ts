import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson } from './canonical-json.ts'

test.each([
  ['blanks and the order of members', '{"b": 1, "a": [1, 2]}', '{"a":[1,2],"b":1}'],
  ['escapes of strings', String.raw`{"\u00e9": "\u00fc\/"}`, '{"é":"ü/"}'],
  ['forms of one number', '[1.0, 1e0, 10e-1, 100, 1e2, -0.0]', '[1,1,1,100,100,0]'],
  [
    'whole numbers of 64 bits',
    '[18446744073709551615, -9223372036854775808]',
    '[18446744073709551615,-9223372036854775808]',
  ],
  ['larger ones, which are doubles', '[18446744073709551616]', '[18446744073709552000]'],
  ['a member that comes twice', '{"a": 1, "a": 2}', '{"a":2}'],
  ['what is no JSON', 'not json', 'not json'],
])('%s do not matter, or all that can be kept of them', (_name, text, canonical) => {
  expect(canonicalJson(text)).toBe(canonical)
})

test('numbers that differ in a digit of 64 bits stay different', () => {
  expect(canonicalJson('9007199254740993')).not.toBe(canonicalJson('9007199254740992'))
})

test('the canonical text means the same, and its own canonical text is itself', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const canonical = canonicalJson(text)
      expect(canonicalJson(canonical)).toBe(canonical)
      expect(canonicalJson(JSON.stringify(JSON.parse(text), null, 2))).toBe(canonical)
    }),
  )
})
