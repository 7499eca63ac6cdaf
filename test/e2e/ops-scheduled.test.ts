/** What the page and the command line ask of scheduled jobs, from a real agent. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startAgentCluster } from '../harness/agent-cluster.ts'
import { type EventStream, openEventStream } from '../harness/event-stream.ts'
import { eventually } from '../harness/eventually.ts'
import { startAgent, type TestAgent } from '../harness/millrace-agent.ts'
import { tempDir } from '../harness/temp-dir.ts'

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

interface Fire {
  readonly group: string
  readonly executions: readonly {
    readonly id: string
    readonly outcome: string
    readonly output_bytes: number | null
  }[]
}

async function fires(
  job: string,
  query = '',
): Promise<{ readonly fires: readonly Fire[]; readonly next_before: string }> {
  const { status, json, text } = await agent.dkron('GET', `/ops/scheduled-jobs/${job}/fires${query}`)
  expect(status, text).toBe(200)
  return json as { fires: readonly Fire[]; next_before: string }
}

test('the output of a command is told while it runs, and how it ended', async () => {
  await save({ name: 'live', command: 'for i in 1 2 3; do echo line $i; sleep 0.7; done', shell: true })
  await run('live')
  const id = await eventually(async () => (await fires('live')).fires[0]?.executions[0]?.id, 10_000)
  expect((await fires('live')).fires[0]?.executions[0]?.outcome).toBe('running')
  const path = `/ops/scheduled-jobs/live/executions/${id}/output`
  using stream = await openEventStream(`${agent.dkronUrl}${path}/live`)
  await eventually(() => (textOf(stream).includes('line 1') ? true : undefined), 5_000)
  expect(stream.events.some(({ event }) => event === 'end')).toBe(false)
  expect((await agent.dkron('GET', path)).text).toMatch(/^line 1\n/)
  await stream.ended
  expect(textOf(stream)).toBe('line 1\nline 2\nline 3\n')
  expect(stream.events.at(-1)).toMatchObject({ event: 'end', data: { execution: { id, outcome: 'succeeded' } } })
  const download = await agent.dkron('GET', `${path}?download=1`)
  expect(download.text).toBe('line 1\nline 2\nline 3\n')
  expect(download.headers.get('content-type')).toBe('text/plain; charset=UTF-8')
  expect(download.headers.get('content-disposition')).toContain(`filename="live-${id}.txt"`)
  expect((await fires('live')).fires[0]?.executions[0]).toMatchObject({ outcome: 'succeeded', output_bytes: 21 })
  const missing = await agent.dkron('GET', '/ops/scheduled-jobs/live/executions/1-1-nobody/output/live')
  expect(missing.status).toBe(404)
})

test('a command that writes as fast as it can makes neither the stream nor the agent grow', async () => {
  await save({ name: 'flood', command: 'timeout 4 yes', shell: true })
  await run('flood')
  const id = await eventually(async () => (await fires('flood')).fires[0]?.executions[0]?.id, 10_000)
  using stream = await openEventStream(`${agent.dkronUrl}/ops/scheduled-jobs/flood/executions/${id}/output/live`)
  await stream.ended
  const outputs = stream.events.filter(({ event }) => event === 'output')
  const last = outputs.at(-1)?.data as { readonly offset: number } | undefined
  expect(last?.offset).toBeGreaterThan(20_000_000)
  expect(textOf(stream).length).toBeLessThan(8_000_000)
  const { output_bytes } = (await fires('flood')).fires[0]?.executions[0] ?? {}
  expect(output_bytes).toBeGreaterThan(last?.offset ?? 0)
})

test('the history is told by fire and page by page, and the last runs of many jobs at once', async () => {
  await save({ name: 'often', command: 'exit 3', shell: true })
  for (let count = 0; count < 3; count += 1) await run('often')
  await eventually(async () => ((await fires('often')).fires.length === 3 ? true : undefined), 10_000)
  const page = await fires('often', '?limit=2')
  expect(page.fires).toHaveLength(2)
  const rest = await fires('often', `?limit=2&before=${page.next_before}`)
  expect(rest.fires).toHaveLength(1)
  expect(rest.next_before).toBeNull()
  const recent = await eventually(async () => {
    const { json } = await agent.dkron('GET', '/ops/scheduled-jobs/recent?names=often&names=nobody')
    const { jobs } = json as { jobs: Readonly<Record<string, readonly unknown[]>> }
    return jobs['often']?.length === 3 ? jobs : undefined
  }, 10_000)
  expect(recent).toMatchObject({ often: [{ outcome: 'failed' }, {}, {}] })
  expect(Object.keys(recent)).toEqual(['often'])
  expect((await agent.dkron('GET', '/ops/scheduled-jobs/nobody/fires')).status).toBe(404)
})

test('a schedule is explained before it is saved', async () => {
  const body = { schedule: '30 2 * * *', time_zone: 'Europe/Berlin', from: '2026-03-28T12:00:00Z', count: 2 }
  const { status, json } = await agent.dkron('POST', '/ops/schedule-preview', body)
  expect(status).toBe(200)
  expect(json).toMatchObject({
    words: 'every day at 02:30',
    next: [
      { local: '2026-03-29T03:00:00', change: 'skipped' },
      { local: '2026-03-30T02:30:00', utc_offset: '+02:00' },
    ],
  })
  const wrong = await agent.dkron('POST', '/ops/schedule-preview', { schedule: '30 2 * *' })
  expect(wrong.status).toBe(422)
  expect(wrong.json).toMatchObject({ errors: [{ field: 'schedule' }] })
})

function textOf(stream: EventStream): string {
  return stream.events.map(({ event, data }) => (event === 'output' ? data['text'] : '')).join('')
}

test('on a cluster any node tells what any other one runs, and what it writes', async () => {
  await using folder = await tempDir()
  await using cluster = await startAgentCluster({ agents: 2, args: (index) => ['--tag', `place=${index}`] })
  const [here, there] = cluster.agents
  if (here === undefined || there === undefined) throw new Error('two agents were asked for')
  const job = {
    name: 'far',
    schedule: '@manually',
    shell: true,
    command: `echo begun; until [ -e ${folder.path}/over ]; do sleep 0.1; done; echo over`,
    tags: { place: '1' },
  }
  await eventually(async () => ((await there.dkron('POST', '/v1/jobs', job)).status === 201 ? true : undefined), 20_000)
  using events = await openEventStream(`${here.dkronUrl}/ops/events`)
  await eventually(async () => ((await there.dkron('POST', '/v1/jobs/far')).status === 200 ? true : undefined), 20_000)
  const seen = await eventually(() => itemsOf(events, 'far').find(({ outcome }) => outcome === 'running'), 10_000)
  const path = `/ops/scheduled-jobs/far/executions/${seen.id}/output`
  using stream = await openEventStream(`${here.dkronUrl}${path}/live`)
  await eventually(() => (textOf(stream) === 'begun\n' ? true : undefined), 5_000)
  expect((await here.dkron('GET', path)).text).toBe('begun\n')
  writeFileSync(join(folder.path, 'over'), '')
  await stream.ended
  expect(textOf(stream)).toBe('begun\nover\n')
  expect(stream.events.at(-1)).toMatchObject({
    event: 'end',
    data: { execution: { node_name: 'node2', outcome: 'succeeded' } },
  })
  await eventually(() => itemsOf(events, 'far').find(({ outcome }) => outcome === 'succeeded'), 10_000)
}, 120_000)

interface Timeline {
  readonly buckets: readonly { readonly succeeded: number; readonly failed: number; readonly due: number }[]
  readonly failed: readonly { readonly job: string; readonly exit_code: number }[]
}

async function timeline(query = ''): Promise<Timeline> {
  const { status, json, text } = await agent.dkron('GET', `/ops/timeline${query}`)
  expect(status, text).toBe(200)
  return json as Timeline
}

test('the timeline tells fires behind and ahead of us, those too from before the agent was started', async () => {
  await save({ name: 'timed', command: 'exit 7', shell: true })
  await save({ name: 'to-come', command: 'true', schedule: '@every 1m' })
  await run('timed')
  const seen = await eventually(async () => {
    const found = await timeline()
    return found.failed.some(({ job }) => job === 'timed') ? found : undefined
  }, 10_000)
  expect(seen.failed.find(({ job }) => job === 'timed')?.exit_code).toBe(7)
  const due = seen.buckets.reduce((sum, bucket) => sum + bucket.due, 0)
  expect(due).toBeGreaterThanOrEqual(29)
  const before = failedIn(seen)
  await agent.stop()
  await agent.start()
  const again = await eventually(async () => {
    const found = await timeline()
    return failedIn(found) >= before ? found : undefined
  }, 20_000)
  expect(again.failed.some(({ job }) => job === 'timed')).toBe(true)
  expect(failedIn(again)).toBe(before)
})

function failedIn({ buckets }: Timeline): number {
  return buckets.reduce((sum, bucket) => sum + bucket.failed, 0)
}
