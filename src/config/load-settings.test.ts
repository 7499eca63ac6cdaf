import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InvalidError } from '../core/errors.ts'
import { environmentName, loadSettings } from './load-settings.ts'
import { type OptionName, options } from './options.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'settings-'))
})

afterAll(() => rmSync(folder, { recursive: true }))

function file(text: string): string {
  const path = join(folder, `${Math.random()}.yaml`)
  writeFileSync(path, text)
  return path
}

function issuesOf(flags: Record<string, string>, environment: Record<string, string> = {}): readonly string[] {
  try {
    loadSettings({ flags, environment })
    return []
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error
    return error.issues.map((issue) => issue.field)
  }
}

describe('settings', () => {
  test('have the documented defaults', () => {
    const { settings, origins } = loadSettings({ flags: {}, environment: {} })
    expect(settings['http-addr']).toEqual({ host: '127.0.0.1', port: 8080 })
    expect(settings['udup-addr']).toEqual({ host: '127.0.0.1', port: 8190 })
    expect(settings['nats-addr']).toEqual({ host: '127.0.0.1', port: 8193 })
    expect(settings['data-dir']).toBe('./millrace-data')
    expect(settings['leave-timeout']).toBe(30_000)
    expect(new Set(Object.values(origins))).toEqual(new Set(['default']))
  })

  test('come from a flag before the environment before the file', () => {
    const config = file('node-name: from-file\ntimezone: Europe/Berlin\nlog-level: warn\n')
    const { settings, origins } = loadSettings({
      flags: { config, 'node-name': 'from-flag' },
      environment: { MILLRACE_NODE_NAME: 'from-environment', MILLRACE_LOG_LEVEL: 'debug' },
    })
    expect([settings['node-name'], settings['log-level'], settings.timezone]).toEqual([
      'from-flag',
      'debug',
      'Europe/Berlin',
    ])
    expect([origins['node-name'], origins['log-level'], origins.timezone]).toEqual(['flag', 'environment', 'file'])
  })

  test('take lists and maps of the file as they are written', () => {
    const config = file('tag:\n  role: web\n  site: north\njoin: [a:8193, b:8193]\n')
    const { settings } = loadSettings({ flags: { config }, environment: {} })
    expect(settings.tag).toEqual({ role: 'web', site: 'north' })
    expect(settings.join).toEqual(['a:8193', 'b:8193'])
  })

  test('report every wrong value at once, under the name it was given by', () => {
    const config = file('timezone: Mars/Olympus\n')
    const fields = issuesOf({ config, 'http-addr': 'x', 'history-limit': '0' }, { MILLRACE_LEAVE_TIMEOUT: 'soon' })
    expect(fields.toSorted()).toEqual(['--history-limit', '--http-addr', 'MILLRACE_LEAVE_TIMEOUT', 'timezone'])
  })

  test('refuse a key or a variable that is none of them', () => {
    expect(issuesOf({ config: file('http-adr: 127.0.0.1:1\n') })).toEqual(['http-adr'])
    expect(issuesOf({}, { MILLRACE_HTTP_ADR: 'x' })).toEqual(['MILLRACE_HTTP_ADR'])
    expect(issuesOf({}, { MILLRACE_JOB: 'a job may start an agent' })).toEqual([])
    expect(issuesOf({}, { MILLRACE_TOKEN_FILE: 'of the commands that ask an agent' })).toEqual([])
  })

  test('name a file that cannot be read', () => {
    expect(issuesOf({ config: join(folder, 'absent.yaml') })).toEqual(['--config'])
    expect(issuesOf({ config: file('- a\n- list\n') })).toEqual(['--config'])
  })

  test('have an environment name and a help text each', () => {
    for (const name of Object.keys(options) as OptionName[]) {
      expect(environmentName(name)).toMatch(/^MILLRACE_[A-Z_]+$/)
      expect(options[name].help).toMatch(/\.$/)
    }
  })
})

describe('a value', () => {
  test.each([
    ['http-addr', '[::1]:80', { host: '::1', port: 80 }],
    ['http-addr', ':8080', { host: '0.0.0.0', port: 8080 }],
    ['leave-timeout', '1m30s', 90_000],
    ['leave-timeout', '1.5s', 1500],
    ['output-limit', '64KiB', 65_536],
    ['stream-limit', '2GB', 2_000_000_000],
    ['tag', 'a=1,b=x=y', { a: '1', b: 'x=y' }],
    ['insecure', 'true', true],
  ] as const)('of %s may be %s', (name, text, value) => {
    expect(loadSettings({ flags: { [name]: text }, environment: {} }).settings[name]).toEqual(value)
  })

  test.each([
    ['http-addr', '127.0.0.1'],
    ['http-addr', '127.0.0.1:70000'],
    ['leave-timeout', '10'],
    ['leave-timeout', '-5s'],
    ['output-limit', '1 TB'],
    ['history-limit', '1.5'],
    ['tag', 'novalue'],
    ['insecure', 'yes'],
    ['log-level', 'trace'],
  ])('of %s may not be %s', (name, text) => {
    expect(issuesOf({ [name]: text })).toEqual([`--${name}`])
  })
})
