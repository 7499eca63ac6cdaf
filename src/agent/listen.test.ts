import { expect, test } from 'vitest'
import { ExposedError, SamePortError } from './errors.ts'
import { assertDistinct, assertNotExposed } from './listen.ts'

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

const exposed = { host: '10.0.0.5', port: 8080 }

test('an address beyond this machine needs a token, or an explicit order', () => {
  const settings = { 'api-token-file': '', insecure: false }
  expect(() => assertNotExposed('--http-addr', exposed, settings)).toThrow(ExposedError)
  expect(() => assertNotExposed('--http-addr', exposed, settings)).toThrow(/--api-token-file.*--insecure/)
  expect(() => assertNotExposed('--udup-addr', { host: '0.0.0.0', port: 1 }, settings)).toThrow('--udup-addr 0.0.0.0:1')
  assertNotExposed('--http-addr', exposed, { ...settings, 'api-token-file': 'token' })
  assertNotExposed('--http-addr', exposed, { ...settings, insecure: true })
})

test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('%s is this machine alone', (host) => {
  assertNotExposed('--http-addr', { host, port: 8080 }, { 'api-token-file': '', insecure: false })
})
