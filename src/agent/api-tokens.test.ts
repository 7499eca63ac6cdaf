import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import type { Log } from '../core/log.ts'
import { Scope } from '../core/scope.ts'
import { openApiTokens, readApiTokens } from './api-tokens.ts'
import { ApiTokenError } from './errors.ts'

const first = 'first-token-0123456789'
const second = 'second-token-0123456789'
let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokens-'))
  path = join(folder, 'token')
})

afterEach(() => rmSync(folder, { recursive: true }))

function write(text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

/** Keeps what is logged as text. */
function listeningLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = []
  const note = (facts: object, message: string) => {
    lines.push(`${message} ${JSON.stringify(facts, (_key, value) => (value instanceof Error ? value.message : value))}`)
  }
  const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log }
  return { log, lines }
}

test('tokens stand one a line; blanks around them are not part of them', () => {
  write(`\n ${first}\r\n\n${second}\n`)
  expect(readApiTokens(path)).toEqual([first, second])
})

test.each([
  ['', 'is empty'],
  [' \n\n', 'is empty'],
  ['short-planted', 'fewer than 16'],
  [`${first}\nshort-planted`, 'fewer than 16'],
  ['planted with blanks in it', 'characters that a header may not carry'],
  ['planted-ü-0123456789', 'characters that a header may not carry'],
])('a file with %j is refused by the name of its setting, without a word of it', (text, problem) => {
  write(text)
  expect(() => readApiTokens(path)).toThrow(ApiTokenError)
  expect(() => readApiTokens(path)).toThrow(`--api-token-file ${path}`)
  expect(() => readApiTokens(path)).toThrow(problem)
  expect(() => readApiTokens(path)).not.toThrow('planted')
})

test('a file that is missing, a folder, or endless is refused by the name of its setting', () => {
  for (const wrong of [path, folder, '/dev/null'])
    expect(() => readApiTokens(wrong)).toThrow(`--api-token-file ${wrong}`)
})

test('only what is in the file is known', async () => {
  write(`${first}\n${second}`)
  await using scope = new Scope()
  const tokens = openApiTokens(scope, path, listeningLog().log)
  expect(
    [first, second, `${first} `, first.slice(1), '', 'ü'.repeat(1000)].map((token) => tokens.isKnown(token)),
  ).toEqual([true, true, false, false, false, false])
})

test('a changed file counts within seconds, a spoilt one not at all', async () => {
  write(first)
  const { log, lines } = listeningLog()
  await using scope = new Scope()
  const tokens = openApiTokens(scope, path, log)
  write('short-planted')
  await eventually(() => lines.find((line) => line.includes('stay valid')), 10_000)
  expect(tokens.isKnown(first)).toBe(true)
  write(second)
  await eventually(() => tokens.isKnown(second) || undefined, 10_000)
  expect(tokens.isKnown(first)).toBe(false)
  expect(lines.join('\n')).not.toMatch(/planted|first-token|second-token/)
})

test('a file that others may read is told', async () => {
  write(first)
  const { log, lines } = listeningLog()
  await using scope = new Scope()
  openApiTokens(scope, path, log)
  expect(lines).toEqual([])
  chmodSync(path, 0o640)
  openApiTokens(scope, path, log)
  expect(lines.join()).toContain('chmod 600')
})
