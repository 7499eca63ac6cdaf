import { expect, test } from 'vitest'
import { InvalidError } from '../core/errors.ts'
import { parseServerUrl } from './server-url.ts'

test.each([
  ['nats://10.0.0.1:8193', { servers: ['10.0.0.1:8193'], usesTls: false }],
  ['db1:8193', { servers: ['db1:8193'], usesTls: false }],
  ['db1', { servers: ['db1:4222'], usesTls: false }],
  ['nats://a:1, nats://b:2', { servers: ['a:1', 'b:2'], usesTls: false }],
  ['tls://u:p%40ss@h:1', { servers: ['h:1'], usesTls: true, user: 'u', password: 'p@ss' }],
  ['nats://s3cret@h:1', { servers: ['h:1'], usesTls: false, token: 's3cret' }],
  ['nats://[::1]:8193', { servers: ['[::1]:8193'], usesTls: false }],
])('%s is understood', (text, target) => {
  expect(parseServerUrl(text)).toEqual(target)
})

test.each(['', 'http://h:1', 'nats://', '::'])('%j is refused', (text) => {
  expect(() => parseServerUrl(text)).toThrow(InvalidError)
})
