import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ClusterSecrets } from './cluster-secrets.ts'
import { chooseToken } from './cluster-token.ts'
import { ClusterTokenError } from './errors.ts'

const token = 'a-token-of-some-length'
const other = 'another-token-of-some-length'
let folder: string
let given: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'token-'))
  mkdirSync(join(folder, 'secrets'))
  given = join(folder, 'given')
})

afterEach(() => rmSync(folder, { recursive: true }))

describe('the token of a cluster', () => {
  test('is made once, and only its owner can read it', () => {
    const made = chooseToken(folder, '', 'new')
    expect(made.origin).toBe('made')
    made.keep()
    const path = join(folder, 'secrets/cluster-token')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(chooseToken(folder, '', 'standalone')).toMatchObject({ token: made.token, origin: 'kept' })
  })

  test('is taken from the file, and kept only when told so', () => {
    writeFileSync(given, `${token}\n`)
    expect(chooseToken(folder, given, 'new')).toMatchObject({ token, origin: 'given' })
    expect(chooseToken(folder, '', 'new').origin).toBe('made')
  })

  test.each(['standalone', 'client'] as const)('may be changed on a node that is %s', (holder) => {
    writeFileSync(given, token)
    chooseToken(folder, given, 'new').keep()
    writeFileSync(given, other)
    const chosen = chooseToken(folder, given, holder)
    expect(chosen).toMatchObject({ token: other, origin: 'changed' })
    chosen.keep()
    expect(readFileSync(join(folder, 'secrets/cluster-token'), 'utf8').trim()).toBe(other)
  })

  test('may not be changed on a server of a grown cluster', () => {
    writeFileSync(given, token)
    chooseToken(folder, given, 'new').keep()
    writeFileSync(given, other)
    expect(() => chooseToken(folder, given, 'server')).toThrow(/leave --cluster-token-file away/)
  })

  test.each([['too-short'], ['two words of some length'], ['']])('is refused when the file holds "%s"', (text) => {
    writeFileSync(given, text)
    expect(() => chooseToken(folder, given, 'new')).toThrow(ClusterTokenError)
    expect(() => chooseToken(folder, given, 'new')).toThrow(/millrace keygen/)
  })

  test('is asked for by the name of its file when that is missing', () => {
    expect(() => chooseToken(folder, join(folder, 'absent'), 'new')).toThrow(/absent cannot be read/)
  })
})

test('passwords differ by purpose, by attempt and by token, and are the same on every node', () => {
  const { clientPassword, systemPassword, routePassword } = new ClusterSecrets(token).passwords
  const attempt = new ClusterSecrets(token).attemptPasswords('a1')
  const all = [clientPassword, systemPassword, routePassword, attempt.clientPassword, attempt.systemPassword]
  expect(new Set([...all, new ClusterSecrets(other).passwords.clientPassword]).size).toBe(6)
  expect(new ClusterSecrets(token).passwords.clientPassword).toBe(clientPassword)
  expect(attempt.routePassword).toBe(routePassword)
  expect(new ClusterSecrets(token).keyBox.open(new ClusterSecrets(token).keyBox.seal('key'))).toBe('key')
  expect(() => new ClusterSecrets(other).keyBox.open(new ClusterSecrets(token).keyBox.seal('key'))).toThrow()
})
