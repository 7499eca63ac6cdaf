import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freePort } from '../../test/harness/free-port.ts'
import { loadSettings } from '../config/load-settings.ts'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { answerMeanwhile, type WaitingParts } from './waiting-apis.ts'

let dataDir: string

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'waiting-'))
})

afterEach(() => rmSync(dataDir, { recursive: true }))

async function partsWith(flags: Readonly<Record<string, string>>): Promise<WaitingParts> {
  const [http, udup] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
  const { settings } = loadSettings({ flags: { 'http-addr': http, 'udup-addr': udup, ...flags }, environment: {} })
  return { settings, nodeName: 'n1', dataDir, clock: systemClock, log: silentLog }
}

async function until<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await ask()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

test.each([
  ['an agent to join', { join: '127.0.0.1:8193,10.0.0.2:8193' }, 'it waits for an agent at 10.0.0.2:8193;'],
  ['a NATS of the user', { nats: 'nats://u:secret@10.0.0.3:4222' }, 'it waits for the NATS at 10.0.0.3:4222'],
])('while an agent waits for %s both APIs say so, and give their ports back', async (_what, flags, words) => {
  const parts = await partsWith(flags)
  const opening = Promise.withResolvers<string>()
  const result = answerMeanwhile(parts, opening.promise)
  for (const name of ['http-addr', 'udup-addr'] as const) {
    const { port } = parts.settings[name]
    const answer = await until(() => fetch(`http://127.0.0.1:${port}/v1/jobs`))
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).not.toBeNull()
    const { detail } = (await answer.json()) as { detail: string }
    expect(detail).toContain(words)
    expect(detail).not.toContain('secret')
  }
  const page = await fetch(`http://127.0.0.1:${parts.settings['http-addr'].port}/ui/`)
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  opening.resolve('the cluster')
  expect(await result).toBe('the cluster')
  const { port } = parts.settings['http-addr']
  await expect(fetch(`http://127.0.0.1:${port}/v1/jobs`)).rejects.toThrow()
})

test.each([
  ['GET', '/ops/events'],
  ['GET', '/ops/scheduled-jobs'],
  ['GET', '/ops/scheduled-jobs/j/executions/1-1-n/output/live'],
  ['GET', '/ops/timeline'],
  ['POST', '/ops/schedule-preview'],
])('%s %s says too for what the agent waits', async (method, path) => {
  const parts = await partsWith({ join: '10.0.0.2:8193' })
  const opening = Promise.withResolvers<void>()
  const waiting = answerMeanwhile(parts, opening.promise)
  const url = `http://127.0.0.1:${parts.settings['http-addr'].port}${path}`
  const answer = await until(() => fetch(url, { method, ...(method === 'POST' ? { body: '{}' } : {}) }))
  expect(answer.status).toBe(503)
  expect(await answer.json()).toMatchObject({ code: 'UNAVAILABLE', detail: expect.stringContaining('10.0.0.2:8193') })
  opening.resolve()
  await waiting
})
