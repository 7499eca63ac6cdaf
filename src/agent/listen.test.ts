import { expect, test } from 'vitest'
import { SamePortError } from './errors.ts'
import { assertDistinct } from './listen.ts'

test('two flags that name one port are told by name', () => {
  const address = { host: '127.0.0.1', port: 8080 }
  const taken = () =>
    assertDistinct({ '--http-addr': address, '--udup-addr': { ...address, port: 1 }, '--nats-addr': address })
  expect(taken).toThrow(SamePortError)
  expect(taken).toThrow('--http-addr and --nats-addr both name 127.0.0.1:8080')
})

test('the same port of two addresses is no trouble', () => {
  assertDistinct({ '--http-addr': { host: '127.0.0.1', port: 1 }, '--udup-addr': { host: '127.0.0.2', port: 1 } })
})
