import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { expect, onTestFinished, test, vi } from 'vitest'
import { sampleExecution } from '../../../../test/doubles/samples.ts'
import { systemClock } from '../../../core/clock.ts'
import { NotFoundError, UnavailableError } from '../../../core/errors.ts'
import { silentLog } from '../../../core/log.ts'
import type { Execution } from '../../../model/execution.ts'
import type { JobQuery } from '../../../schedule/job-query.ts'
import { createApi } from '../../shared/create-api.ts'
import type { OutputPart } from './output-follower.ts'
import type { ScheduledDomain } from './ports.ts'
import { registerScheduled } from './routes.ts'

const id = '17-1-node-1'

function makeApp(change: Partial<ScheduledDomain> = {}) {
  const state = {
    queries: [] as JobQuery[],
    asked: [] as (readonly string[])[],
    reads: 0,
    record: sampleExecution({ id }) as Execution | null,
  }
  const app = createApi({ nodeName: 'n1', guard: { boundAddress: '127.0.0.1', names: [] }, log: silentLog })
  onTestFinished(() => app.close())
  registerScheduled(app, {
    async list(query) {
      state.queries.push(query)
      return { total: 3, counts: { failing: 1, succeeding: 0, disabled: 0, never: 2 }, matched: 0, jobs: [] }
    },
    tags: async () => [{ name: 'role', value: 'web', jobs: 2 }],
    async nameOf(job) {
      if (job !== 'Job') throw new NotFoundError(`there is no job "${job}"`)
      return 'job'
    },
    async recent(names) {
      state.asked.push(names)
      return new Map([['a', [{ outcome: 'failed', durationMs: 5, startedAt: 0 }]]])
    },
    pastRuns: async () => [],
    running: async () => [],
    async read(): Promise<OutputPart> {
      state.reads += 1
      return { kind: 'none' }
    },
    recorded: async () => state.record,
    clock: systemClock,
    previewContext: () => ({ nowMs: 0, agentZone: 'UTC', createdAt: () => null }),
    ...change,
  })
  return { app, state }
}

test('a query of jobs is read with what is usual', async () => {
  const { app, state } = makeApp()
  const answer = await app.inject('/ops/scheduled-jobs')
  expect(answer.json()).toEqual({
    total: 3,
    counts: { failing: 1, succeeding: 0, disabled: 0, never: 2 },
    matched: 0,
    jobs: [],
  })
  await app.inject(
    '/ops/scheduled-jobs?search=%20a%20&status=running&tag=role%3Dx%3Dy&sort=last&order=desc&offset=7&limit=500',
  )
  await app.inject('/ops/scheduled-jobs?tag=role')
  const usual = { search: '', status: null, tag: null, sort: 'name', isDescending: false, offset: 0, limit: 50 }
  expect(state.queries[0]).toEqual(usual)
  expect(state.queries[1]).toEqual({
    ...{ search: 'a', status: 'running', tag: { name: 'role', value: 'x=y' } },
    ...{ sort: 'last', isDescending: true, offset: 7, limit: 500 },
  })
  expect(state.queries[2]?.tag).toEqual({ name: 'role', value: null })
})

test.each([
  ['/ops/scheduled-jobs?status=ill&order=up&limit=501', ['status', 'order', 'limit']],
  [`/ops/scheduled-jobs?search=${'x'.repeat(201)}`, ['search']],
  [`/ops/scheduled-jobs/recent?${Array.from({ length: 101 }, (_, name) => `names=${name}`).join('&')}`, ['names']],
  ['/ops/scheduled-jobs/Job/fires?limit=0&before=now', ['limit', 'before']],
])('%s is refused by field', async (path, fields) => {
  const answer = await makeApp().app.inject(path)
  expect(answer.statusCode).toBe(422)
  expect(answer.json().errors.map(({ field }: { field: string }) => field)).toEqual(fields)
})

test('recent runs are asked for once each, and tags are told', async () => {
  const { app, state } = makeApp()
  const recent = await app.inject('/ops/scheduled-jobs/recent?names=a&names=b&names=a')
  expect(recent.json()).toEqual({
    jobs: { a: [{ outcome: 'failed', duration_ms: 5, started_at: '1970-01-01T00:00:00.000Z' }] },
  })
  expect(state.asked).toEqual([['a', 'b']])
  expect((await app.inject('/ops/scheduled-jobs/tags')).json()).toEqual({
    tags: [{ name: 'role', value: 'web', jobs: 2 }],
  })
})

test('the output of an execution that has ended is plain text, or a file of a harmless name', async () => {
  const { app } = makeApp()
  const path = `/ops/scheduled-jobs/Job/executions/${id}/output`
  const shown = await app.inject(path)
  expect([shown.body, shown.headers['content-type']]).toEqual(['out\n', 'text/plain; charset=UTF-8'])
  expect(shown.headers['content-disposition']).toBeUndefined()
  const odd = await app.inject(
    `/ops/scheduled-jobs/Job/executions/${encodeURIComponent('17-1-a"/\u00fc')}/output?download=1`,
  )
  expect(odd.headers['content-disposition']).toBe(
    `attachment; filename="job-17-1-a___.txt"; filename*=UTF-8''job-17-1-a%22%2F%C3%BC.txt`,
  )
})

test('live output of what is not there is 404 before a stream begins, and of a job that is not there too', async () => {
  const { app, state } = makeApp()
  state.record = null
  expect((await app.inject(`/ops/scheduled-jobs/Job/executions/${id}/output/live`)).statusCode).toBe(404)
  expect((await app.inject(`/ops/scheduled-jobs/other/executions/${id}/output/live`)).statusCode).toBe(404)
  expect((await app.inject(`/ops/scheduled-jobs/other/executions/${id}/output`)).statusCode).toBe(404)
})

test('a node that does not answer, and of whose command nothing is recorded, is 503', async () => {
  const read = async () => {
    throw new UnavailableError('node.node-1.output does not answer')
  }
  const { app, state } = makeApp({ read })
  state.record = null
  expect((await app.inject(`/ops/scheduled-jobs/Job/executions/${id}/output`)).statusCode).toBe(503)
})

test('an id may have anything in it, and a node is not asked for what is no id', async () => {
  const { app, state } = makeApp()
  state.record = null
  const answer = await app.inject('/ops/scheduled-jobs/Job/executions/..%2F..%2Fetc/output')
  expect(answer.statusCode).toBe(404)
  expect(state.reads).toBe(0)
})

test('a reader that goes away while a command runs is followed no more', async () => {
  let reads = 0
  const read = async ({ fromOffset }: { fromOffset: number }): Promise<OutputPart> => {
    reads += 1
    return { kind: 'part', offset: fromOffset, bytes: Buffer.from('x') }
  }
  const { app } = makeApp({ read: (_node, question) => read(question) })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const going = new AbortController()
  const response = await fetch(`${url}/ops/scheduled-jobs/Job/executions/${id}/output/live`, { signal: going.signal })
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=UTF-8')
  await vi.waitUntil(() => reads > 3, 5_000)
  going.abort()
  const stillFor = async () => {
    const before = reads
    await new Promise((resolve) => setTimeout(resolve, 400))
    return reads === before
  }
  await vi.waitUntil(stillFor, { timeout: 5_000, interval: 10 })
})

/** On a connection of its own, which ends with it. */
async function reader(url: string): Promise<IncomingMessage> {
  const asked = get(url, { agent: false })
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  return answer
}

test('readers of a command that writes nothing give their places back when they go', async () => {
  const state = { reads: 0 }
  const read = async (): Promise<OutputPart> => {
    state.reads += 1
    return { kind: 'pending' }
  }
  const { app } = makeApp({ read })
  const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/ops/scheduled-jobs/Job/executions/${id}/output/live`
  const readers = await Promise.all(Array.from({ length: 200 }, () => reader(url)))
  expect(new Set(readers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]))
  expect((await reader(url)).statusCode).toBe(503)
  for (const one of readers) one.destroy()
  const isFree = async () => {
    const one = await reader(url)
    one.destroy()
    return one.statusCode === 200
  }
  await vi.waitUntil(isFree, { timeout: 5_000, interval: 50 })
  const areStill = async () => {
    const before = state.reads
    await new Promise((resolve) => setTimeout(resolve, 600))
    return state.reads === before
  }
  await vi.waitUntil(areStill, { timeout: 5_000, interval: 10 })
})

test('an execution that is not there takes no place for longer than its answer', async () => {
  const { app, state } = makeApp()
  state.record = null
  const ask = (job: string) => app.inject(`/ops/scheduled-jobs/${job}/executions/${id}/output/live`)
  for (let asked = 0; asked < 201; asked += 1) expect((await ask('other')).statusCode).toBe(404)
  expect((await ask('Job')).statusCode).toBe(404)
})

test('a job may have any name, also one that every object has', async () => {
  const names = ['__proto__', 'constructor']
  const { app } = makeApp({ recent: async () => new Map(names.map((name) => [name, []])) })
  const recent = await app.inject(`/ops/scheduled-jobs/recent?${names.map((name) => `names=${name}`).join('&')}`)
  expect(recent.body).toBe('{"jobs":{"__proto__":[],"constructor":[]}}')
})
