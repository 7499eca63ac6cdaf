import { expect, test } from 'vitest'
import { natsAddressOf } from './open-apis.ts'

test.each([
  ['embedded', '127.0.0.1', '127.0.0.1:8193'],
  ['embedded', '::1', '[::1]:8193'],
  ['nats://nats.example:4333', '127.0.0.1', 'nats.example:4333'],
  ['nats.example', '127.0.0.1', 'nats.example:4222'],
  ['nats://user:planted@one.example:4222,nats://two.example:4222', '127.0.0.1', 'one.example:4222'],
])('with --nats %s and an own address on %s jobs show %s', (nats, host, shown) => {
  expect(natsAddressOf({ nats, 'nats-addr': { host, port: 8193 } })).toBe(shown)
})
