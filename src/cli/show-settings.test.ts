import { expect, test } from 'vitest'
import { loadSettings } from '../config/load-settings.ts'
import { showSettings } from './show-settings.ts'

test.each([
  'nats://someone:pl4nted@host:4222',
  'nats://pl4nted@host:4222',
  'nats://u:pl4nt@ed@a:1,nats://u:pl4nted@b:2',
])('what is secret in the address %s is not shown', (address) => {
  const loaded = loadSettings({ flags: {}, environment: { MILLRACE_NATS: address } })
  for (const isJson of [false, true]) {
    const text = showSettings(loaded, isJson)
    expect(text).toContain('nats://******@')
    expect(text).not.toMatch(/pl4nt|someone/)
  }
})

test('a setting is shown with its value and its origin', () => {
  const loaded = loadSettings({ flags: { 'node-name': 'n1' }, environment: {} })
  expect(JSON.parse(showSettings(loaded, true))).toMatchObject({ 'node-name': { value: 'n1', origin: 'flag' } })
})
