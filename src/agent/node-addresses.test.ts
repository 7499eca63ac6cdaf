import { expect, test } from 'vitest'
import { apiHost, isOutOfReach, joinAddresses, nodeAddresses, ownAddresses } from './node-addresses.ts'

const settings = (host: string, more: { advertise?: string; 'nats-route-addr'?: string } = {}) => ({
  ...{ 'nats-addr': { host, port: 8193 }, 'nats-route-addr': '', advertise: '' },
  ...more,
})

test('others are told the address that is listened on, and the port after it for servers', () => {
  expect(nodeAddresses(settings('10.0.0.1'))).toMatchObject({ client: '10.0.0.1:8193', route: '10.0.0.1:8194' })
})

test('others are told the host name, never a wildcard', () => {
  const addresses = nodeAddresses(settings('0.0.0.0'), 'box')
  expect(addresses).toMatchObject({ listen: '0.0.0.0:8193', client: 'box:8193', route: 'box:8194', host: 'box' })
  expect(apiHost({ 'http-addr': { host: '0.0.0.0', port: 8080 }, advertise: '' }, 'box')).toBe('box')
})

test('--advertise wins, also for IPv6', () => {
  expect(nodeAddresses(settings('0.0.0.0', { advertise: 'a.example' })).client).toBe('a.example:8193')
  expect(nodeAddresses(settings('::', { advertise: 'fd00::1' })).client).toBe('[fd00::1]:8193')
})

test('servers meet where --nats-route-addr says', () => {
  const addresses = nodeAddresses(settings('10.0.0.1', { 'nats-route-addr': '0.0.0.0:9000', advertise: 'a.example' }))
  expect(addresses).toMatchObject({ routeListen: '0.0.0.0:9000', route: 'a.example:9000' })
})

test.each([
  ['127.0.0.1', ['10.0.0.1:8193', 'b.example:8193'], true],
  ['::1', ['[fd00::1]:8193'], true],
  ['127.0.0.1', ['127.0.0.1:8193'], false],
  ['127.0.0.1', ['[::1]:8193', '10.0.0.1:8193'], false],
  ['127.0.0.1', [], false],
  ['10.0.0.2', ['10.0.0.1:8193'], false],
])('a server at %s is out of reach for %j: %s', (host, others, isIt) => {
  expect(isOutOfReach(host, others)).toBe(isIt)
})

test.each([
  [{ advertise: 'a.example:8193' }, /--advertise: "a.example:8193" is no host/],
  [{ 'nats-route-addr': '9000' }, /--nats-route-addr: "9000" is not allowed/],
])('what cannot be an address is told: %o', (more, message) => {
  expect(() => nodeAddresses(settings('10.0.0.1', more))).toThrow(message)
})

test('a node knows itself in --join by each of its names', () => {
  expect(ownAddresses(settings('127.0.0.1'))).toContain('localhost:8193')
  expect(ownAddresses(settings('0.0.0.0', { advertise: 'a.example' }))).toContain('a.example:8193')
  expect(ownAddresses(settings('10.0.0.1'))).not.toContain('127.0.0.1:8193')
})

test('--join takes addresses with and without nats://, and nothing else', () => {
  expect(joinAddresses(['a:1', 'nats://b:2', '[::1]:3'])).toEqual(['a:1', 'b:2', '[::1]:3'])
  expect(() => joinAddresses(['a'])).toThrow(/"a" is no NATS address of an agent; write HOST:PORT/)
})
