import { expect, test } from 'vitest'
import { ForeignRequestError } from './errors.ts'
import { type GuardedHeaders, hostGuard } from './host-guard.ts'

const guard = hostGuard({ boundAddress: '192.168.1.5', names: ['node-1', 'Jobs.Example.com'] })

test.each<[string, GuardedHeaders]>([
  ['no Host at all (HTTP/1.0)', {}],
  ['localhost', { host: 'localhost:8080' }],
  ['another loopback address', { host: '127.3.2.1:8080' }],
  ['IPv6 loopback', { host: '[::1]:8080' }],
  ['the bound address', { host: '192.168.1.5:8080' }],
  ['a configured name, without port, in other case, with a final dot', { host: 'jobs.example.COM.' }],
  ['a page of our own', { host: 'localhost:8080', origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' }],
  ['our own page behind TLS on the usual port', { host: 'node-1', origin: 'https://node-1' }],
  ['an address typed by the user', { host: 'localhost:8080', 'sec-fetch-site': 'none' }],
])('%s is obeyed', (_name, headers) => {
  expect(() => guard(headers)).not.toThrow()
})

test.each<[string, GuardedHeaders]>([
  ['a name that points here but is not ours', { host: 'evil.example:8080' }],
  ['a name that begins like a loopback address', { host: '127.0.0.1.evil.example' }],
  ['a name that ends like ours', { host: 'evil.localhost' }],
  ['another address', { host: '10.0.0.1:8080' }],
  ['an empty Host', { host: '' }],
  ['a Host with a user in it', { host: 'localhost@evil.example' }],
  ['a page of another site', { host: 'localhost:8080', origin: 'https://evil.example' }],
  ['a page on another port', { host: 'localhost:8080', origin: 'http://localhost:3000' }],
  ['a page without origin', { host: 'localhost:8080', origin: 'null' }],
  ['an Origin that is no URL', { host: 'localhost:8080', origin: 'http://' }],
  ['an Origin and no Host', { origin: 'http://localhost' }],
  ['a cross-site fetch without Origin', { host: 'localhost:8080', 'sec-fetch-site': 'cross-site' }],
  ['a same-site fetch', { host: 'localhost:8080', 'sec-fetch-site': 'same-site' }],
])('%s is refused', (_name, headers) => {
  expect(() => guard(headers)).toThrow(ForeignRequestError)
})

test('with a wildcard address every address in digits is ours, but no name', () => {
  const wildcard = hostGuard({ boundAddress: '0.0.0.0', names: [] })
  expect(() => wildcard({ host: '10.1.2.3:8080' })).not.toThrow()
  expect(() => wildcard({ host: '[fe80::1]:8080' })).not.toThrow()
  expect(() => wildcard({ host: 'evil.example' })).toThrow(ForeignRequestError)
})
