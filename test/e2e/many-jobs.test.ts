/**
 * Many jobs due in one second, while the agent is killed: each runs once.
 *
 * Easy to get wrong: how fast jobs can be created differs tenfold between machines, so the second in which they are due
 * is set by how long the first of them took. Should it pass while the agent is away, the fires are made up, once each.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eventually } from '../harness/eventually.ts'
import { startAgent, type TestAgent } from '../harness/millrace-agent.ts'
import { tempDir } from '../harness/temp-dir.ts'

interface Execution {
  readonly job_name: string
  readonly scheduled_at: string | null
  readonly finished_at: string | null
  readonly outcome: string
}

const connections = 16
const drainWithinMs = 120_000

test('2,000 jobs due in one second after a restart each have one execution and ran once', async () => {
  await using folder = await tempDir()
  await using agent = await startAgent()
  const marks = join(folder.path, 'marks')
  const { names, dueAt } = await createDueAtOnce(agent, 2_000, marks)
  await agent.kill()
  await agent.start()
  await expectOnceEach(agent, names, dueAt, marks)
})

test('1,000 jobs due in one second each run once though the agent is killed while they start', async () => {
  await using folder = await tempDir()
  await using agent = await startAgent()
  const marks = join(folder.path, 'marks')
  const { names, dueAt } = await createDueAtOnce(agent, 1_000, marks)
  await eventually(() => linesOf(marks).length > 0, dueAt - Date.now() + drainWithinMs, 'the first command has run')
  await agent.kill()
  await agent.start()
  await agent.kill()
  await agent.start()
  await expectOnceEach(agent, names, dueAt, marks)
})

/** Creates jobs that are all due in the same second, which is a few seconds away when this resolves. */
async function createDueAtOnce(agent: TestAgent, count: number, marks: string) {
  const probes = Array.from({ length: 100 }, (_none, index) => `probe-${index}`)
  const startedAt = performance.now()
  await each(probes, (name) => create(agent, { name, schedule: '@manually', command: 'true' }))
  const estimateMs = ((performance.now() - startedAt) / probes.length) * count
  const dueAt = Math.ceil((Date.now() + 3 * estimateMs + 5_000) / 1_000) * 1_000
  const names = Array.from({ length: count }, (_none, index) => `due-${index}`)
  const schedule = `@at ${new Date(dueAt).toISOString()}`
  await each(names, (name) => create(agent, { name, schedule, command: `echo ${name} >> ${marks}`, shell: true }))
  return { names, dueAt }
}

async function create(agent: TestAgent, job: Readonly<Record<string, unknown>>): Promise<void> {
  const answer = await agent.dkron('POST', '/v1/jobs', { ...job, late_limit: '1h' })
  expect(answer.status, answer.text).toBe(201)
}

async function expectOnceEach(agent: TestAgent, names: readonly string[], dueAt: number, marks: string): Promise<void> {
  await eventually(
    () => linesOf(marks).length >= names.length,
    dueAt - Date.now() + drainWithinMs,
    'every command has run',
  )
  await eventually(() => hasCounted(agent, names.length), drainWithinMs, 'every execution is counted')
  const executions: Execution[] = []
  await each(names, async (name) => {
    const answer = await agent.dkron('GET', `/v1/executions/${name}`)
    expect(answer.status, answer.text).toBe(200)
    executions.push(...(answer.json as readonly Execution[]))
  })
  const unlike = executions.filter(
    ({ outcome, scheduled_at, finished_at }) =>
      outcome !== 'succeeded' || finished_at === null || Date.parse(scheduled_at ?? '') !== dueAt,
  )
  expect(unlike).toEqual([])
  expect(executions.map(({ job_name }) => job_name).sort()).toEqual(names.toSorted())
  expect(linesOf(marks).toSorted()).toEqual(names.toSorted())
}

async function hasCounted(agent: TestAgent, count: number): Promise<boolean> {
  const jobs = (await agent.dkron('GET', '/v1/jobs')).json as readonly { success_count: number; error_count: number }[]
  return jobs.reduce((sum, { success_count, error_count }) => sum + success_count + error_count, 0) >= count
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1)
  } catch {
    return []
  }
}

/** Does `act` for each, several at once. */
async function each<Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> {
  const left = items.values()
  const worker = async () => {
    for (const item of left) await act(item)
  }
  await Promise.all(Array.from({ length: connections }, worker))
}
