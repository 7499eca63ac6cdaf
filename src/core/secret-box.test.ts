import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SecretBox } from './secret-box.ts'

const box = new SecretBox(randomBytes(32))

test('opens what it sealed, whatever the text', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (secret) => box.open(box.seal(secret)) === secret))
})

test('seals the same text differently each time', () => {
  expect(box.seal('same')).not.toBe(box.seal('same'))
})

test('refuses what was altered or sealed with another key', () => {
  const sealed = Buffer.from(box.seal('secret'), 'base64')
  const last = sealed.length - 1
  sealed.writeUInt8((sealed[last] ?? 0) ^ 1, last)
  expect(() => box.open(sealed.toString('base64'))).toThrow()
  expect(() => new SecretBox(randomBytes(32)).open(box.seal('secret'))).toThrow()
  expect(() => new SecretBox(randomBytes(16))).toThrow(RangeError)
})
