import { expect, test } from 'vitest'
import { isVersionAtLeast, versionInText } from './server-version.ts'

test.each([
  ['2.10.23', '2.10.23', true],
  ['2.10.22', '2.10.23', false],
  ['2.9.30', '2.10.23', false],
  ['2.15.1', '2.10.23', true],
  ['v2.11.0', '2.10.23', true],
  ['3.0.0', '2.10.23', true],
  ['2.12.0-RC.3', '2.12.0', true],
  ['none', '2.10.23', false],
])('%s is at least %s: %s', (version, wanted, answer) => {
  expect(isVersionAtLeast(version, wanted)).toBe(answer)
})

test.each([
  ['nats-server: v2.15.1', '2.15.1'],
  ['nats-server: v2.12.0-RC.1\n', '2.12.0-RC.1'],
  ['GNU bash, something', null],
])('the version in %j is %s', (text, version) => {
  expect(versionInText(text)).toBe(version)
})
