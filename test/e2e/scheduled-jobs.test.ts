/** Scheduled jobs on a real agent, as a client of the Dkron API meets them. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isAlive, processIdentity } from '../../src/core/process-identity.ts'
import { eventually } from '../harness/eventually.ts'
import { startAgent, type TestAgent } from '../harness/millrace-agent.ts'
import { type TempDir, tempDir } from '../harness/temp-dir.ts'

interface Execution {
  readonly id: string
  readonly job_name: string
  readonly node_name: string
  readonly started_at: string
  readonly scheduled_at: string | null
  readonly finished_at: string | null
  readonly success: boolean
  readonly outcome: string
  readonly reason: string
  readonly output: string
  readonly exit_code: number | null
}

async function executionsOf(agent: TestAgent, name: string): Promise<readonly Execution[]> {
  const answer = await agent.dkron('GET', `/v1/executions/${name}`)
  expect(answer.status, answer.text).toBe(200)
  return answer.json as readonly Execution[]
}

async function finishedOf(agent: TestAgent, name: string, count: number): Promise<readonly Execution[]> {
  return await eventually(async () => {
    const finished = (await executionsOf(agent, name)).filter((one) => one.finished_at !== null)
    expect(finished.length).toBeGreaterThanOrEqual(count)
    return finished
  }, 30_000)
}

async function create(agent: TestAgent, job: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const answer = await agent.dkron('POST', '/v1/jobs', job)
  expect(answer.status, answer.text).toBe(201)
  return answer.json as Record<string, unknown>
}

describe('one agent', () => {
  let agent: TestAgent
  let folder: TempDir

  beforeAll(async () => {
    folder = await tempDir()
    agent = await startAgent({ args: ['--tag', 'role=web', '--tag', 'site=north', '--history-limit', '500'] })
  })

  afterAll(async () => {
    await agent?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  test('fires a job each second, within the second, and keeps its output and counts', async () => {
    const job = await create(agent, {
      name: 'Every Second',
      schedule: '* * * * * *',
      command: 'echo out; echo err >&2',
      shell: true,
    })
    expect(job.name).toBe('every-second')
    const finished = await finishedOf(agent, 'every-second', 3)
    for (const one of finished) {
      expect(one).toMatchObject({
        job_name: 'every-second',
        success: true,
        outcome: 'succeeded',
        output: 'out\nerr\n',
        exit_code: 0,
      })
      expect(Date.parse(one.started_at) - Date.parse(one.scheduled_at ?? '')).toBeGreaterThanOrEqual(0)
    }
    const shown = (await agent.dkron('GET', '/v1/jobs/every-second')).json as {
      success_count: number
      last_success: string
    }
    expect(shown.success_count).toBeGreaterThanOrEqual(3)
    expect(shown.last_success).not.toBeNull()
    expect((await agent.dkron('DELETE', '/v1/jobs/every-second')).status).toBe(200)
    expect((await agent.dkron('GET', '/v1/executions/every-second')).status).toBe(404)
  })

  test('runs a job now, also a disabled one', async () => {
    await create(agent, { name: 'by-hand', schedule: '@manually', command: 'printf done', disabled: true })
    expect((await agent.dkron('POST', '/v1/jobs/by-hand')).status).toBe(200)
    const [execution] = await finishedOf(agent, 'by-hand', 1)
    expect(execution).toMatchObject({ success: true, output: 'done', scheduled_at: null })
  })

  test('records a failed command with its exit status and what it said', async () => {
    await create(agent, { name: 'fails', schedule: '@manually', command: 'echo no >&2; exit 3', shell: true })
    await agent.dkron('POST', '/v1/jobs/fails')
    const [execution] = await finishedOf(agent, 'fails', 1)
    expect(execution).toMatchObject({ success: false, outcome: 'failed', output: 'no\n', exit_code: 3 })
    const job = (await agent.dkron('GET', '/v1/jobs/fails')).json as { error_count: number }
    expect(job.error_count).toBe(1)
  })

  test('splits a command as a shell would and expands nothing when shell is false', async () => {
    await create(agent, {
      name: 'words',
      schedule: '@manually',
      command: `printf '%s|' 'a b' "$HOME" c\\ d *`,
      shell: false,
    })
    await agent.dkron('POST', '/v1/jobs/words')
    expect((await finishedOf(agent, 'words', 1))[0]?.output).toBe('a b|$HOME|c d|*|')
  })

  test('records a command that cannot start as failed, with the reason in its output', async () => {
    await create(agent, { name: 'nowhere', schedule: '@manually', command: '/no/such/program' })
    await agent.dkron('POST', '/v1/jobs/nowhere')
    const [execution] = await finishedOf(agent, 'nowhere', 1)
    expect(execution).toMatchObject({ success: false, outcome: 'failed' })
    expect(execution?.output).toContain('/no/such/program')
  })

  test('stops a running execution with its whole process group', async () => {
    const pidFile = join(folder.path, 'group')
    await create(agent, {
      name: 'long',
      schedule: '@manually',
      command: `sleep 300 & echo $! > ${pidFile}; wait`,
      shell: true,
    })
    await agent.dkron('POST', '/v1/jobs/long')
    const running = await eventually(
      async () => (await executionsOf(agent, 'long')).find((one) => one.finished_at === null),
      10_000,
    )
    // The file is there a moment before the number is in it.
    const child = await eventually(
      () => (existsSync(pidFile) ? (processIdentity(Number(readFileSync(pidFile, 'utf8'))) ?? undefined) : undefined),
      10_000,
    )
    expect((await agent.dkron('DELETE', `/v1/executions/long/${running.id}`)).status).toBe(200)
    const [execution] = await finishedOf(agent, 'long', 1)
    expect(execution).toMatchObject({ success: false, outcome: 'failed' })
    expect(execution?.reason).toMatch(/stop/)
    await eventually(() => !isAlive(child), 10_000)
  })

  test('ends a command at its time limit, also one that ignores SIGTERM', async () => {
    await create(agent, {
      name: 'stubborn',
      schedule: '@manually',
      command: `trap '' TERM; while :; do sleep 1; done`,
      shell: true,
      timeout: '1s',
    })
    await agent.dkron('POST', '/v1/jobs/stubborn')
    const [execution] = await finishedOf(agent, 'stubborn', 1)
    expect(execution).toMatchObject({ success: false, outcome: 'failed' })
    expect(execution?.reason).toMatch(/time limit/)
  })

  test('skips a fire while the last one runs when the job forbids overlap', async () => {
    await create(agent, {
      name: 'alone',
      schedule: '* * * * * *',
      command: 'sleep 2.5',
      shell: true,
      concurrency: 'forbid',
    })
    const finished = await finishedOf(agent, 'alone', 4)
    await agent.dkron('DELETE', '/v1/jobs/alone')
    const ran = finished
      .filter((one) => one.outcome === 'succeeded')
      .map((one) => [Date.parse(one.started_at), Date.parse(one.finished_at ?? '')])
    expect(finished.some((one) => one.outcome === 'skipped' && one.reason !== '')).toBe(true)
    for (const [index, [startedAt]] of ran.slice(1).entries())
      expect(startedAt).toBeGreaterThanOrEqual(ran[index]?.[1] ?? 0)
  })

  test('records a fire that no node matches, and runs where tags match as whole values', async () => {
    await create(agent, { name: 'misplaced', schedule: '@manually', command: 'true', tags: { role: 'we' } })
    await create(agent, {
      name: 'placed',
      schedule: '@manually',
      command: 'true',
      tags: { role: 'w.b', site: 'north:1' },
    })
    await agent.dkron('POST', '/v1/jobs/misplaced')
    await agent.dkron('POST', '/v1/jobs/placed')
    expect((await finishedOf(agent, 'misplaced', 1))[0]).toMatchObject({ success: false, outcome: 'unplaced' })
    expect((await finishedOf(agent, 'misplaced', 1))[0]?.reason).toContain('role')
    expect((await finishedOf(agent, 'placed', 1))[0]).toMatchObject({ success: true })
  })

  test('keeps the end of an output of a gigabyte and says how much there was', async () => {
    await create(agent, {
      name: 'flood',
      schedule: '@manually',
      command: `head -c 1000000000 /dev/zero | tr '\\0' x; printf END`,
      shell: true,
    })
    await agent.dkron('POST', '/v1/jobs/flood')
    const [execution] = await finishedOf(agent, 'flood', 1)
    expect(execution?.output.length).toBe(256_000)
    expect(execution?.output.endsWith('xEND')).toBe(true)
  })

  test.each([
    [{ schedule: '@every 1s', command: 'true' }, 'name'],
    [{ name: '!!!', schedule: '@every 1s', command: 'true' }, 'name'],
    [{ name: 'bad', command: 'true' }, 'schedule'],
    [{ name: 'bad', schedule: '', command: 'true' }, 'schedule'],
    [{ name: 'bad', schedule: '* * *', command: 'true' }, 'schedule'],
    [{ name: 'bad', schedule: '*/0 * * * * *', command: 'true' }, 'schedule'],
    [{ name: 'bad', schedule: '0 0 0 30 2 *', command: 'true' }, 'schedule'],
    [{ name: 'bad', schedule: '@every 1s' }, 'command'],
    [{ name: 'bad', schedule: '@every 1s', command: '   ' }, 'command'],
    [{ name: 'bad', schedule: '@every 1s', command: "echo 'open" }, 'command'],
    [{ name: 'bad', schedule: '@every 1s', command: 'true', tags: { role: 'web:0' } }, 'tags'],
    [{ name: 'bad', schedule: '@every 1s', command: 'true', tags: { role: '(' } }, 'tags'],
    [{ name: 'bad', schedule: '@every 1s', command: 'true', tags: 'role' }, 'tags'],
    [{ name: 'bad', schedule: '@every 1s', command: 'true', shell: 'yes' }, 'shell'],
    [{ name: 'bad', schedule: '@every 1s', command: 'true', concurrency: 'maybe' }, 'concurrency'],
    [{ name: 'bad', schedule: '@every 1s', command: 'true', timezone: 'Mars/Olympus' }, 'timezone'],
    [{ name: 'bad', schedule: '@every 1s', command: 'true', run_as_user: 'no such user' }, 'run_as_user'],
  ])('refuses %j, names the field %s and stores nothing', async (job, field) => {
    const answer = await agent.dkron('POST', '/v1/jobs', job)
    expect(answer.status, answer.text).toBe(422)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    const { errors } = answer.json as { errors: readonly { field: string }[] }
    expect(
      errors.some((error) => error.field.startsWith(field)),
      answer.text,
    ).toBe(true)
    expect((await agent.dkron('GET', '/v1/jobs/bad')).status).toBe(404)
  })

  test('refuses a page of elsewhere and a host that is not ours', async () => {
    const foreign = { 'content-type': 'text/plain', origin: 'https://evil.example' }
    expect(
      (await agent.dkron('POST', '/v1/jobs', { name: 'x', schedule: '@manually', command: 'true' }, foreign)).status,
    ).toBe(403)
    expect((await agent.dkron('GET', '/v1/jobs', undefined, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  })
})

describe('an agent that was killed while commands ran', () => {
  test('finds them again, keeps their output and exit status, and starts none twice', async () => {
    await using folder = await tempDir()
    await using agent = await startAgent()
    const note = join(folder.path, 'starts')
    await create(agent, {
      name: 'survivor',
      schedule: '@manually',
      command: `echo start >> ${note}; echo before; sleep 4; echo after; exit 7`,
      shell: true,
    })
    await agent.dkron('POST', '/v1/jobs/survivor')
    await eventually(() => existsSync(note), 10_000)
    await agent.kill()
    await sleep(500)
    await agent.start()
    const [execution] = await finishedOf(agent, 'survivor', 1)
    expect(execution).toMatchObject({ success: false, outcome: 'failed', output: 'before\nafter\n', exit_code: 7 })
    expect(readFileSync(note, 'utf8')).toBe('start\n')
  })

  test.each([
    ['all', 'succeeded'],
    ['none', 'missed'],
  ])('with catchup %s records what it slept through as %s', async (catchup, outcome) => {
    await using agent = await startAgent()
    await create(agent, { name: 'sleeper', schedule: '* * * * * *', command: 'true', catchup })
    await finishedOf(agent, 'sleeper', 1)
    await agent.kill()
    const downFrom = Math.ceil(Date.now() / 1000)
    await sleep(6000)
    const downTo = Math.floor(Date.now() / 1000) - 3
    await agent.start()
    await eventually(async () => {
      const executions = await executionsOf(agent, 'sleeper')
      for (let second = downFrom; second <= downTo; second += 1) {
        const ofSecond = executions.filter((one) => Date.parse(one.scheduled_at ?? '') === second * 1000)
        expect(ofSecond.map((one) => one.outcome)).toEqual([outcome])
      }
      return true
    }, 20_000)
  })

  test('with catchup last makes up only the latest', async () => {
    await using agent = await startAgent()
    await create(agent, { name: 'sleeper', schedule: '*/2 * * * * *', command: 'true', catchup: 'last' })
    await finishedOf(agent, 'sleeper', 1)
    await agent.kill()
    const downFrom = Date.now()
    await sleep(9000)
    const downTo = Date.now()
    await agent.start()
    await eventually(async () => {
      const slept = (await executionsOf(agent, 'sleeper')).filter((one) => {
        const scheduledAt = Date.parse(one.scheduled_at ?? '')
        return scheduledAt > downFrom && scheduledAt < downTo - 500 && one.finished_at !== null
      })
      expect(slept.length).toBeGreaterThanOrEqual(3)
      const outcomes = slept
        .sort((a, b) => Date.parse(a.scheduled_at ?? '') - Date.parse(b.scheduled_at ?? ''))
        .map((one) => one.outcome)
      expect(outcomes.slice(0, -1).every((outcome) => outcome === 'missed')).toBe(true)
      return true
    }, 20_000)
  })
})
