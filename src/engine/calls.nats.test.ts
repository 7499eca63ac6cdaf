import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { startNats, type TestNats } from '../../test/harness/nats-server.ts'
import { InvalidError, NotFoundError, UnavailableError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import type { TaskLink as TaskLinkPort } from '../replication/ports.ts'
import { ask, nodeSubject, request, serve } from './calls.ts'
import { type Connection, openConnection } from './connection.ts'
import { TaskLink } from './task-link.ts'

let nats: TestNats
let here: Connection
let there: Connection

beforeAll(async () => {
  nats = await startNats()
  here = await openConnection({ url: nats.url, name: 'here', log: silentLog })
  there = await openConnection({ url: nats.url, name: 'there', log: silentLog })
})

afterAll(async () => {
  await here.close()
  await there.close()
  await nats[Symbol.asyncDispose]()
})

/** Serves on the other connection until the test ends. */
function answering(subject: string, answer: (payload: unknown) => Promise<unknown>): void {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  serve(there, subject, answer, abort.signal)
}

test('a request is answered with what the other side returned', async () => {
  const subject = nodeSubject('node.with dots', 'echo')
  answering(subject, async (payload) => ({ got: payload }))
  expect(await request(here, subject, { a: [1, 'ü'] }, 5_000)).toEqual({ got: { a: [1, 'ü'] } })
  expect(await request(here, subject, undefined, 5_000)).toEqual({ got: null })
})

test('errors cross with class, code and message', async () => {
  answering('fails.notfound', async () => {
    throw new NotFoundError('no job "x"')
  })
  answering('fails.invalid', async () => {
    throw new InvalidError([{ field: 'a', value: 1, message: 'must be 2' }])
  })
  answering('fails.odd', async () => {
    throw new TypeError('odd')
  })
  await expect(request(here, 'fails.notfound', null, 5_000)).rejects.toThrow(new NotFoundError('no job "x"'))
  await expect(request(here, 'fails.invalid', null, 5_000)).rejects.toMatchObject({
    code: 'INVALID',
    issues: [{ field: 'a', value: 1, message: 'must be 2' }],
  })
  await expect(request(here, 'fails.odd', null, 5_000)).rejects.toMatchObject({
    code: 'REMOTE_CALL',
    remoteCode: 'UNKNOWN',
    message: 'odd',
  })
})

test('a request that nobody serves fails when its time is over', async () => {
  const startedMs = performance.now()
  await expect(request(here, 'nobody', null, 300)).rejects.toBeInstanceOf(UnavailableError)
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(290)
})

test('a request that is not answered in time fails', async () => {
  answering('silent', () => new Promise(() => {}))
  await expect(request(here, 'silent', null, 200)).rejects.toBeInstanceOf(UnavailableError)
})

test('a question whose first answer got lost is asked once more, and one that was answered is not', async () => {
  let asked = 0
  answering('forgetful', () => {
    asked += 1
    return asked === 1 ? new Promise(() => {}) : Promise.resolve('here')
  })
  expect(await ask(here, 'forgetful', null, 1_500)).toBe('here')
  expect(await ask(here, 'forgetful', null, 300)).toBe('here')
  await sleep(400)
  expect(asked).toBe(3)
})

test('a question that nobody answers fails as a request does', async () => {
  answering('mute', () => new Promise(() => {}))
  await expect(ask(here, 'mute', null, 300)).rejects.toBeInstanceOf(UnavailableError)
  answering('refuses', async () => {
    throw new NotFoundError('no job "x"')
  })
  await expect(ask(here, 'refuses', null, 300)).rejects.toThrow(new NotFoundError('no job "x"'))
})

test('an answer that is too large for NATS is an error, not silence', async () => {
  answering('large', async () => 'x'.repeat(9 * 1024 * 1024))
  await expect(request(here, 'large', null, 5_000)).rejects.toMatchObject({ remoteCode: 'NATS_PAYLOAD_TOO_LARGE' })
})

test('the tasks of a job reach each other, also when one comes later and the server restarts', async () => {
  const source: TaskLinkPort = new TaskLink(here, 'job-1')
  const target: TaskLinkPort = new TaskLink(there, 'job-1')
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const early = source.request('resume', { n: 1 }, 10_000)
  target.serve('resume', async (payload) => ({ position: payload }), abort.signal)
  expect(await early).toEqual({ position: { n: 1 } })
  await nats.kill()
  await eventually(() => !here.isConnected, 5_000)
  const during = source.request('resume', { n: 2 }, 20_000)
  await nats.start()
  expect(await during).toEqual({ position: { n: 2 } })
  abort.abort()
  await expect(source.request('resume', null, 200)).rejects.toBeInstanceOf(UnavailableError)
})
