/** What the page and the command line ask of scheduled jobs, from a real agent. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EventStream, openEventStream } from '../harness/event-stream.ts'
import { eventually } from '../harness/eventually.ts'
import { startAgent, type TestAgent } from '../harness/millrace-agent.ts'

interface ListedJob {
  readonly name: string
  readonly status: string
  readonly health: string
  readonly running: number
  readonly next_at: string | null
  readonly success_count: number
}

interface JobPage {
  readonly total: number
  readonly matched: number
  readonly jobs: readonly ListedJob[]
}

interface ExecutionItem {
  readonly job: string
  readonly id: string
  readonly outcome: string
  readonly duration_ms: number | null
}

let agent: TestAgent

beforeAll(async () => {
  agent = await startAgent()
}, 60_000)

afterAll(async () => {
  await agent[Symbol.asyncDispose]()
})

async function save(job: Readonly<Record<string, unknown>>): Promise<void> {
  const { status, text } = await agent.dkron('POST', '/v1/jobs', { schedule: '@manually', ...job })
  expect(status, text).toBe(201)
}

async function run(name: string): Promise<void> {
  const { status, text } = await agent.dkron('POST', `/v1/jobs/${name}`)
  expect(status, text).toBe(200)
}

async function list(query: string): Promise<JobPage> {
  const { status, json, text } = await agent.dkron('GET', `/ops/scheduled-jobs${query}`)
  expect(status, text).toBe(200)
  return json as JobPage
}

function itemsOf(stream: EventStream, job: string): readonly ExecutionItem[] {
  const items = stream.events
    .filter(({ event }) => event === 'executions')
    .flatMap(({ data }) => data['items'] as readonly ExecutionItem[])
  return items.filter((item) => item.job === job)
}

test('jobs are listed by search, status, tag and page, in the order that is asked for', async () => {
  await save({ name: 'list-a', command: 'true', tags: {}, schedule: '@every 24h' })
  await save({ name: 'list-b', command: 'false', schedule: '@every 1h' })
  await save({ name: 'list-c', command: 'true', disabled: true })
  for (const name of ['list-a', 'list-b']) await run(name)
  const page = await eventually(async () => {
    const found = await list('?search=LIST-&status=failing')
    return found.matched === 1 ? found : undefined
  }, 15_000)
  expect(page.jobs).toMatchObject([{ name: 'list-b', status: 'failing', running: 0 }])
  await eventually(
    async () => ((await list('?search=list-&status=succeeding')).matched === 1 ? true : undefined),
    15_000,
  )
  expect((await list('?search=list-&status=disabled')).jobs).toMatchObject([{ name: 'list-c', next_at: null }])
  expect((await list('?search=list-&sort=next')).jobs.map(({ name }) => name)).toEqual(['list-b', 'list-a', 'list-c'])
  const second = await list('?search=list-&order=desc&offset=1&limit=1')
  expect(second).toMatchObject({ matched: 3, jobs: [{ name: 'list-b' }] })
  const { status, json } = await agent.dkron('GET', '/ops/scheduled-jobs?sort=colour&limit=0')
  expect(status).toBe(422)
  expect(json).toMatchObject({ errors: [{ field: 'sort' }, { field: 'limit' }] })
})

test('events tell of a run, from its start to its end, and of the job', async () => {
  await save({ name: 'told', command: 'sleep 1', shell: true })
  using stream = await openEventStream(`${agent.dkronUrl}/ops/events`)
  expect(stream.status).toBe(200)
  await eventually(() => (stream.events[0]?.event === 'hello' ? true : undefined), 5_000)
  await run('told')
  await eventually(
    () => (itemsOf(stream, 'told').some(({ outcome }) => outcome === 'running') ? true : undefined),
    10_000,
  )
  expect((await list('?status=running&search=told')).jobs).toMatchObject([
    { name: 'told', status: 'running', running: 1 },
  ])
  const end = await eventually(() => itemsOf(stream, 'told').find(({ outcome }) => outcome === 'succeeded'), 10_000)
  expect(end.duration_ms).toBeGreaterThan(900)
  const named = stream.events.filter(({ event }) => event === 'scheduled-jobs').flatMap(({ data }) => data['names'])
  expect(named).toContain('told')
  await eventually(
    async () => ((await list('?search=told')).jobs[0]?.status === 'succeeding' ? true : undefined),
    5_000,
  )
})
