import type { FastifyInstance } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { MemoryBucket } from '../../../test/doubles/memory-bucket.ts'
import { MemoryDispatcher, MemoryExecutionLog, MemoryFireLog } from '../../../test/doubles/memory-logs.ts'
import { sampleExecution, sampleMember, sampleNowMs } from '../../../test/doubles/samples.ts'
import { FakeClock } from '../../core/clock.ts'
import { ConflictError, UnavailableError } from '../../core/errors.ts'
import { silentLog } from '../../core/log.ts'
import { checkCommand } from '../../execution/check-command.ts'
import type { RunningExecution } from '../../model/execution.ts'
import type { Member } from '../../model/member.ts'
import type { JobCounters, ScheduledJob } from '../../model/scheduled-job.ts'
import { noCounters } from '../../schedule/counters-shard.ts'
import { JobService } from '../../schedule/job-service.ts'
import { JobView } from '../../schedule/job-view.ts'
import { Placer } from '../../schedule/placer.ts'
import { groupOf } from '../../schedule/start-order.ts'
import { createApi } from '../shared/create-api.ts'
import { registerDkronApi } from './routes.ts'

type Json = Readonly<Record<string, unknown>>

function makeApi() {
  const state = {
    bucket: new MemoryBucket<ScheduledJob>(),
    history: new MemoryExecutionLog(),
    dispatcher: new MemoryDispatcher(),
    clock: new FakeClock(sampleNowMs),
    counters: noCounters as JobCounters,
    members: [sampleMember('node-1', { tags: { role: 'web' } })] as Member[],
    leader: sampleMember('node-1') as Member | null,
    running: [] as RunningExecution[],
    stopped: [] as string[],
    hasLeft: false,
  }
  state.clock.sleep = async () => {}
  const placer = new Placer(() => state.members, { runningOn: () => 0, refusesOrders: () => false }, state.clock)
  const jobs = new JobService({
    ...state,
    view: new JobView(state.bucket),
    placer,
    runAlone: async () => {},
    fireLog: new MemoryFireLog(),
    counters: { of: () => state.counters, forget: () => {} },
    checks: {
      agentZone: 'UTC',
      checkCommand,
      checkRunAsUser: (name) => (name === 'nobody' ? null : `there is no user '${name}' on this machine`),
    },
  })
  const app = createApi({ nodeName: 'node-1', guard: { boundAddress: '127.0.0.1', names: [] }, log: silentLog })
  onTestFinished(() => app.close())
  registerDkronApi(app, {
    jobs,
    cluster: {
      self: sampleMember('node-1', { tags: { role: 'web' } }),
      members: () => state.members,
      leader: () => state.leader,
    },
    running: async (jobName) => state.running.filter((execution) => execution.jobName === jobName),
    async stop(_jobName, id) {
      state.stopped.push(id)
      return state.running.some((execution) => execution.id === id)
    },
    async leave() {
      state.hasLeft = true
      return state.members.map((member) => ({ ...member, status: 'leaving' as const }))
    },
  })
  return { app, state }
}

async function call(
  app: FastifyInstance,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT' | 'HEAD',
  url: string,
  body?: unknown,
) {
  const payload = body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }
  const reply = await app.inject({ method, url, headers: { host: 'localhost:8080' }, ...payload })
  return { status: reply.statusCode, headers: reply.headers, text: reply.body, json: json(reply.body) }
}

function json(text: string): Json {
  return text === '' ? {} : (JSON.parse(text) as Json)
}

const nightly = { name: 'Nightly Report', schedule: '0 0 3 * * *', command: 'report --all' }

const nightlyAnswer = {
  name: 'nightly-report',
  displayname: '',
  schedule: '0 0 3 * * *',
  timezone: '',
  command: 'report --all',
  shell: false,
  run_as_user: '',
  owner: '',
  owner_email: '',
  success_count: 0,
  error_count: 0,
  last_success: null,
  last_error: null,
  disabled: false,
  tags: {},
  concurrency: 'allow',
  catchup: 'all',
  late_limit: '1m0s',
  timeout: '',
  retries: 0,
  retry_delay: '1s',
  metadata: {},
  next: '2026-01-03T03:00:00.000Z',
  status: '',
}

describe('jobs', () => {
  test('what a save would do is told, and nothing is stored', async () => {
    const { app } = makeApi()
    const check = (body: unknown) => call(app, 'POST', '/v1/check/job', body)
    expect((await check({ ...nightly, colour: 'red' })).json).toEqual({
      exists: false,
      unknown: ['colour'],
      stored: null,
      job: nightlyAnswer,
    })
    expect((await call(app, 'GET', '/v1/jobs')).text).toBe('[]')
    await call(app, 'POST', '/v1/jobs', nightly)
    expect((await check({ name: 'nightly-report', late_limit: '90s' })).json).toEqual({
      exists: true,
      unknown: [],
      stored: nightlyAnswer,
      job: { ...nightlyAnswer, late_limit: '1m30s' },
    })
    const wrong = await check({ name: 'x', schedule: '61 * * * * *', retries: 'many', comand: 'x' })
    expect([wrong.status, wrong.text]).toEqual([
      422,
      expect.stringMatching(/"field":"comand".*"field":"retries".*"field":"schedule"/),
    ])
  })

  test('no jobs are an empty array', async () => {
    const { app } = makeApi()
    expect((await call(app, 'GET', '/v1/jobs')).text).toBe('[]')
  })

  test.each(['POST', 'PATCH'] as const)('%s creates a job: 201, where it is, and every field', async (method) => {
    const { app } = makeApi()
    const reply = await call(app, method, '/v1/jobs', nightly)
    expect([reply.status, reply.headers.location, reply.headers.warning]).toEqual([
      201,
      '/v1/jobs/nightly-report',
      undefined,
    ])
    expect(reply.headers['content-type']).toBe('application/json; charset=UTF-8')
    expect(reply.headers['x-whom']).toBe('node-1')
    expect(reply.json).toEqual(nightlyAnswer)
    expect((await call(app, 'GET', '/v1/jobs/Nightly%20Report')).json).toEqual(nightlyAnswer)
    expect((await call(app, 'GET', '/v1/jobs')).json).toEqual([nightlyAnswer])
  })

  test('a name of another script is told in Location so that it can be followed', async () => {
    const { app } = makeApi()
    const { headers } = await call(app, 'POST', '/v1/jobs', { ...nightly, name: 'Отчёт' })
    expect((await call(app, 'GET', String(headers.location))).json.name).toBe('отчёт')
  })

  test('every field is stored and answered, and the answer can be sent back', async () => {
    const { app } = makeApi()
    const full = {
      ...nightly,
      displayname: 'Report',
      timezone: 'Asia/Tokyo',
      shell: true,
      run_as_user: 'nobody',
      owner: 'ops',
      owner_email: 'ops@example.com',
      disabled: true,
      tags: { role: 'web:2' },
      concurrency: 'forbid',
      catchup: 'last',
      late_limit: '90s',
      timeout: '1h',
      retries: 3,
      retry_delay: '10s',
      metadata: { team: 'a' },
    }
    const { json: answered } = await call(app, 'POST', '/v1/jobs', full)
    expect(answered).toEqual({
      ...nightlyAnswer,
      ...full,
      name: 'nightly-report',
      late_limit: '1m30s',
      timeout: '1h0m0s',
      next: null,
    })
    const again = await call(app, 'POST', '/v1/jobs', answered)
    expect([again.status, again.headers.warning, again.json]).toEqual([201, undefined, answered])
  })

  test('an update replaces what the body has, zero values and null too, and keeps the rest', async () => {
    const { app } = makeApi()
    await call(app, 'POST', '/v1/jobs', { ...nightly, owner: 'ops', shell: true, tags: { role: 'web' }, timeout: '5s' })
    const change = { name: 'nightly report', owner: '', shell: false, tags: null, timeout: '0s' }
    const { status, json: changed } = await call(app, 'PATCH', '/v1/jobs', change)
    expect(status).toBe(201)
    expect(changed).toEqual(nightlyAnswer)
  })

  test('the counters belong to the server', async () => {
    const { app, state } = makeApi()
    state.counters = { successCount: 5, errorCount: 1, lastSuccessAt: sampleNowMs, lastErrorAt: sampleNowMs - 1_000 }
    const body = {
      ...nightly,
      success_count: 99,
      error_count: 'x',
      last_success: 'y',
      last_error: null,
      next: 1,
      status: 2,
    }
    const { json: job, headers } = await call(app, 'POST', '/v1/jobs', body)
    expect(headers.warning).toBeUndefined()
    expect(job).toMatchObject({
      success_count: 5,
      error_count: 1,
      last_success: '2026-01-02T03:04:05.000Z',
      last_error: '2026-01-02T03:04:04.000Z',
      status: 'success',
    })
  })

  test.each([{ retries: 101 }, { retries: -1 }, { retries: 1.5 }, { retry_delay: 'soon' }, { retry_delay: '-1s' }])(
    'refuses %j',
    async (change) => {
      const { app } = makeApi()
      const { status, json: answered } = await call(app, 'POST', '/v1/jobs', { ...nightly, ...change })
      expect(status).toBe(422)
      expect(JSON.stringify(answered)).toContain(`"field":"${Object.keys(change)[0]}"`)
    },
  )

  test('unknown fields are ignored and named in a Warning header', async () => {
    const { app } = makeApi()
    const { status, headers } = await call(app, 'POST', '/v1/jobs', { ...nightly, processors: 3, 'we"ird': 1 })
    expect(status).toBe(201)
    expect(headers.warning).toBe('299 - "unknown field processors ignored", 299 - "unknown field we%22ird ignored"')
  })

  test('deleting answers the job as it was, and then it is gone', async () => {
    const { app } = makeApi()
    await call(app, 'POST', '/v1/jobs', nightly)
    const deleted = await call(app, 'DELETE', '/v1/jobs/nightly-report')
    expect([deleted.status, deleted.json]).toEqual([200, nightlyAnswer])
    expect((await call(app, 'DELETE', '/v1/jobs/nightly-report')).status).toBe(404)
    expect((await call(app, 'GET', '/v1/jobs')).text).toBe('[]')
  })

  test('run-now answers the job and orders the run, also of a disabled one, whatever the body', async () => {
    const { app, state } = makeApi()
    await call(app, 'POST', '/v1/jobs', { ...nightly, disabled: true })
    const reply = await call(app, 'POST', '/v1/jobs/nightly-report', 'junk')
    expect([reply.status, reply.json.name]).toEqual([200, 'nightly-report'])
    expect(state.dispatcher.messages).toHaveLength(1)
  })
})

describe('a bad job', () => {
  test.each<[string, Json, string]>([
    ['no name', { name: undefined }, 'name'],
    ['a name of nothing', { name: ' !? ' }, 'name'],
    ['a name that is no string', { name: 5 }, 'name'],
    ['no schedule', { schedule: undefined }, 'schedule'],
    ['an empty schedule', { schedule: '' }, 'schedule'],
    ['a null schedule', { schedule: null }, 'schedule'],
    ['a step of 0', { schedule: '*/0 * * * * *' }, 'schedule'],
    ['a schedule of three fields', { schedule: '* * *' }, 'schedule'],
    ['a schedule that is no string', { schedule: {} }, 'schedule'],
    ['no command', { command: undefined }, 'command'],
    ['an unbalanced quote', { command: "echo 'a" }, 'command'],
    ['a command that is an array', { command: ['echo'] }, 'command'],
    ['shell as text', { shell: 'true' }, 'shell'],
    ['an unknown zone', { timezone: 'Mars/Olympus' }, 'timezone'],
    ['a user that is not there', { run_as_user: 'ghost' }, 'run_as_user'],
    ['tags that are an array', { tags: ['a'] }, 'tags'],
    ['a tag that is a number', { tags: { role: 2 } }, 'tags.role'],
    ['a tag count of 0', { tags: { role: 'web:0' } }, 'tags.role'],
    ['a bad expression', { tags: { role: '(' } }, 'tags.role'],
    ['an unknown concurrency', { concurrency: 'maybe' }, 'concurrency'],
    ['an unknown catch-up', { catchup: 'some' }, 'catchup'],
    ['a late limit without unit', { late_limit: '60' }, 'late_limit'],
    ['a late limit that nothing can keep', { late_limit: '1ms' }, 'late_limit'],
    ['a negative time limit', { timeout: '-1s' }, 'timeout'],
    ['a time limit that is a number', { timeout: 5 }, 'timeout'],
    ['a disabled that is a number', { disabled: 0 }, 'disabled'],
    ['metadata of numbers', { metadata: { a: 1 } }, 'metadata.a'],
    ['an owner without end', { owner: 'x'.repeat(2_000) }, 'owner'],
  ])('with %s is answered 422, names the field, and nothing is stored', async (_name, change, field) => {
    const { app, state } = makeApi()
    const { status, headers, json: problem } = await call(app, 'POST', '/v1/jobs', { ...nightly, ...change })
    expect([status, headers['content-type']]).toEqual([422, 'application/problem+json; charset=UTF-8'])
    expect(problem).toMatchObject({ status: 422, code: 'INVALID', title: 'Unprocessable Content' })
    const errors = problem.errors as readonly Json[]
    expect(errors.map((error) => error.field)).toEqual([field])
    expect(Object.keys(errors[0] ?? {})).toEqual(['field', 'value', 'message'])
    expect(await state.bucket.list()).toEqual([])
  })

  test('has all its problems listed, in the names and with the values of the body', async () => {
    const { app } = makeApi()
    const body = { name: 'x', schedule: 'never', shell: 'yes', late_limit: '1ms', tags: { a: 'b:0', c: '(' } }
    const { json: problem } = await call(app, 'POST', '/v1/jobs', body)
    const errors = problem.errors as readonly { field: string; value: unknown }[]
    expect(errors.map(({ field, value }) => [field, value])).toEqual([
      ['shell', 'yes'],
      ['schedule', 'never'],
      ['command', ''],
      ['tags.a', 'b:0'],
      ['tags.c', '('],
      ['late_limit', '1ms'],
    ])
  })

  test.each([
    ['', 400],
    ['{"name":', 400],
    ['[]', 400],
    ['"text"', 400],
    ['null', 400],
    ['[{"name":"a"}]', 400],
    ['{}', 422],
    [`{"name":"${'x'.repeat(1_100_000)}"}`, 413],
  ])('a body %.20s is answered %i', async (body, status) => {
    const { app } = makeApi()
    expect((await call(app, 'POST', '/v1/jobs', body)).status).toBe(status)
  })

  test.each<[string, Json]>([
    [
      'a hundred thousand bad tags',
      { tags: Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`t${i}`, 0])) },
    ],
    [
      'thousands of bad expressions',
      { tags: Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`t${i}`, '('])) },
    ],
    ['a tag name of half a megabyte', { tags: { ['x'.repeat(500_000)]: '(' } }],
    ['a schedule of half a megabyte', { schedule: '* '.repeat(250_000) }],
    ['a command of half a megabyte', { command: 'x'.repeat(500_000) }],
    ['half a megabyte of unknown name', { ['x'.repeat(500_000)]: 1, schedule: '' }],
  ])('%s gets a short answer', async (_name, change) => {
    const { app } = makeApi()
    const { status, text, headers } = await call(app, 'POST', '/v1/jobs', { ...nightly, ...change })
    expect([400, 413, 422]).toContain(status)
    expect(text.length + JSON.stringify(headers).length).toBeLessThan(50_000)
  })

  test('__proto__ in a body changes nothing but a Warning header', async () => {
    const { app } = makeApi()
    const body = '{"name":"a","schedule":"@daily","command":"true","__proto__":{"shell":true},"tags":{"__proto__":"x"}}'
    const { status, text, headers } = await call(app, 'POST', '/v1/jobs', body)
    expect([status, headers.warning]).toEqual([201, '299 - "unknown field __proto__ ignored"'])
    expect(text).toContain('"shell":false')
    expect(text).toContain('"tags":{"__proto__":"x"}')
  })

  test('a lost race is answered 409, and a store without quorum 503 with when to come again', async () => {
    const { app, state } = makeApi()
    state.bucket.beforeWrite = () => {
      throw new ConflictError('somebody was faster')
    }
    expect((await call(app, 'POST', '/v1/jobs', nightly)).status).toBe(409)
    state.bucket.beforeWrite = () => {
      throw new UnavailableError('no quorum')
    }
    const reply = await call(app, 'POST', '/v1/jobs', nightly)
    expect([reply.status, reply.headers['retry-after']]).toEqual([503, '1'])
  })
})

describe('executions', () => {
  const running: RunningExecution = {
    id: `${sampleNowMs + 5_000}000001-1-node-1`,
    jobName: 'job',
    group: `${sampleNowMs + 5_000}000001`,
    attempt: 1,
    nodeName: 'node-1',
    scheduledAt: null,
    startedAt: sampleNowMs + 5_004,
    pid: 42,
    output: 'so far',
  }

  async function apiWithJob() {
    const made = makeApi()
    await call(made.app, 'POST', '/v1/jobs', { ...nightly, name: 'job' })
    return made
  }

  test('are told oldest first, the running ones too, with their group to the last digit', async () => {
    const { app, state } = await apiWithJob()
    const late = sampleExecution({ group: groupOf(sampleNowMs + 9_000), id: 'late', startedAt: sampleNowMs + 9_000 })
    state.running = [running, { ...running, id: 'late', startedAt: late.startedAt }]
    for (const execution of [late, sampleExecution()]) await state.history.append(execution)
    const { text, json: list } = await call(app, 'GET', '/v1/executions/JOB')
    const executions = list as unknown as readonly Json[]
    expect(executions.map((one) => [one.id, one.running])).toEqual([
      [`${sampleNowMs}000000-1-node-1`, false],
      [running.id, true],
      ['late', false],
    ])
    expect(text).toContain(`"group":${sampleNowMs + 5_000}000001,`)
    expect(executions[0]).toEqual({
      id: `${sampleNowMs}000000-1-node-1`,
      job_name: 'job',
      group: expect.any(Number),
      attempt: 1,
      node_name: 'node-1',
      scheduled_at: '2026-01-02T03:04:05.000Z',
      started_at: '2026-01-02T03:04:05.003Z',
      finished_at: '2026-01-02T03:04:06.003Z',
      success: true,
      output: 'out\n',
      outcome: 'succeeded',
      reason: '',
      exit_code: 0,
      signal: null,
      running: false,
    })
    expect(executions[1]).toMatchObject({ finished_at: null, success: false, output: 'so far', outcome: 'running' })
  })

  test('that were given up with their node are lost, unless a node says that it runs them', async () => {
    const { app, state } = await apiWithJob()
    const change = { outcome: 'lost' as const, reason: 'node "node-1" is gone', output: '' }
    await state.history.append(sampleExecution({ ...change, id: running.id, group: running.group }))
    const shown = async () => (await call(app, 'GET', '/v1/executions/job')).json as unknown as readonly Json[]
    expect(await shown()).toMatchObject([{ outcome: 'lost', success: false, output: change.reason, running: false }])
    state.running = [running]
    expect(await shown()).toMatchObject([{ id: running.id, outcome: 'running', output: 'so far', running: true }])
  })

  test('that never started say why, for old clients in the output too', async () => {
    const { app, state } = await apiWithJob()
    await call(app, 'POST', '/v1/jobs', { name: 'job', tags: { role: 'none' } })
    await call(app, 'POST', '/v1/jobs/job')
    expect(state.dispatcher.messages).toEqual([])
    const { json: list } = await call(app, 'GET', '/v1/executions/job')
    expect(list).toMatchObject([
      {
        success: false,
        outcome: 'unplaced',
        node_name: '',
        reason: 'no alive node matches the tag role=none',
        output: 'no alive node matches the tag role=none',
      },
    ])
  })

  test('of a job without any are an empty array, of an unknown job 404', async () => {
    const { app } = await apiWithJob()
    expect((await call(app, 'GET', '/v1/executions/job')).text).toBe('[]')
    expect((await call(app, 'GET', '/v1/executions/other')).status).toBe(404)
  })

  test('can be stopped while they run, and only then', async () => {
    const { app, state } = await apiWithJob()
    await state.history.append(sampleExecution({ id: 'ended' }))
    state.running = [running]
    const reply = await call(app, 'DELETE', `/v1/executions/job/${running.id}`)
    expect([reply.status, reply.json.id, state.stopped]).toEqual([200, running.id, [running.id]])
    expect((await call(app, 'DELETE', '/v1/executions/job/ended')).status).toBe(409)
    expect((await call(app, 'DELETE', '/v1/executions/job/other')).status).toBe(404)
    expect((await call(app, 'DELETE', `/v1/executions/other/${running.id}`)).status).toBe(404)
  })
})

describe('the cluster', () => {
  test.each(['/v1', '/v1/', '/v1?pretty'])('%s tells the status in three groups of strings', async (url) => {
    const { app } = makeApi()
    const { json: status } = await call(app, 'GET', url)
    expect(status).toEqual({
      agent: { name: 'node-1', version: '0.1.0', backend: 'nats' },
      serf: { members: '1', alive: '1', leaving: '0', left: '0', failed: '0', leader: 'node-1' },
      tags: { role: 'web', dkron_server: 'true', dkron_version: '0.7.2', millrace_version: '0.1.0' },
    })
  })

  test('members and leader have the shape of Serf', async () => {
    const { app, state } = makeApi()
    const { json: members } = await call(app, 'GET', '/v1/members')
    expect(members).toMatchObject([{ Name: 'node-1', Status: 1, Tags: { role: 'web' }, DelegateCur: 4 }])
    expect((await call(app, 'GET', '/v1/leader')).json).toMatchObject({ Name: 'node-1', Port: 8193 })
    state.leader = null
    const reply = await call(app, 'GET', '/v1/leader')
    expect([reply.status, reply.headers['retry-after']]).toEqual([503, '1'])
  })

  test('leaving answers the members at once, and HEAD does not leave', async () => {
    const { app, state } = makeApi()
    expect((await call(app, 'HEAD', '/v1/leave')).status).toBe(405)
    expect(state.hasLeft).toBe(false)
    const { status, json: members } = await call(app, 'GET', '/v1/leave')
    expect([status, members, state.hasLeft]).toMatchObject([200, [{ Status: 2 }], true])
  })

  test.each([
    ['PUT', '/v1/jobs', 'GET, HEAD, PATCH, POST'],
    ['PATCH', '/v1/jobs/x', 'DELETE, GET, HEAD, POST'],
    ['POST', '/v1/leave', 'GET'],
    ['DELETE', '/v1/executions/x', 'GET, HEAD'],
    ['GET', '/v1/executions/x/y', 'DELETE'],
  ] as const)('%s %s is answered 405 with Allow: %s', async (method, url, allow) => {
    const { app } = makeApi()
    const reply = await call(app, method, url)
    expect([reply.status, reply.headers.allow]).toEqual([405, allow])
  })

  test.each(['/v2/jobs', '/v1/job', '/v1/executions', '/jobs'])('%s is answered 404', async (url) => {
    const { app } = makeApi()
    expect((await call(app, 'GET', url)).status).toBe(404)
  })
})
