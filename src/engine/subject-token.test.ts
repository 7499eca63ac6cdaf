import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InvalidError } from '../core/errors.ts'
import { decodeToken, encodeToken } from './subject-token.ts'

test.each([
  ['backup', 'backup'],
  ['a.b', 'a=2Eb'],
  ['a=b', 'a=3Db'],
  ['* >', '=2A=20=3E'],
  ['Grüße', 'Gr=C3=BC=C3=9Fe'],
])('%j becomes the token %j', (text, token) => {
  expect(encodeToken(text)).toBe(token)
})

test('every well-formed text comes back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
      if (!text.isWellFormed()) return
      const token = encodeToken(text)
      expect(token).toMatch(/^[A-Za-z0-9_=-]+$/)
      expect(decodeToken(token)).toBe(text)
    }),
  )
})

test.each(['', '\uD800'])('the text %j is refused', (text) => {
  expect(() => encodeToken(text)).toThrow(InvalidError)
})
