/** The routes as their clients see them, over the real service with a store and processes in memory. */
import { describe, expect, test } from 'vitest'
import { taskReport } from '../../../../test/doubles/replication-jobs.ts'
import { alpha, beta, example, exampleJob, planted, udupAgent } from '../../../../test/doubles/udup-agent.ts'
import type { ConnectionCheck } from '../../../replication/preflight/check-result.ts'
import type { WantedCheck } from '../../../replication/service/connection-checks.ts'
import type { TaskReport } from '../../../replication/task-context.ts'
import { registerReplication } from './routes.ts'

const nothingFound: ConnectionCheck = {
  isReachable: true,
  failure: null,
  vendor: 'mysql',
  version: '9.7.0',
  account: "'root'@'%'",
  settings: { log_bin: 'ON' },
  findings: [],
  schemas: [],
  hasAllTables: true,
}

function agent(found: ConnectionCheck = nothingFound) {
  const made = udupAgent()
  const checked: WantedCheck[] = []
  registerReplication(made.app, {
    ...{ jobs: made.service.jobs, progress: made.service.progress, journal: made.service.journal },
    members: () => [alpha, beta],
    async checkConnection(wanted) {
      checked.push(wanted)
      return found
    },
    nodeName: 'alpha',
  })
  /** What the newest process of a task tells, told everywhere. */
  const report = async (role: 'source' | 'target', change: Partial<TaskReport>) => {
    const running = made.launcher.processes.findLast(({ spec }) => spec.role === role)
    running?.report(taskReport(role, change))
    await made.pass()
    await made.clock.advance(1_000)
    await made.pass()
  }
  return { ...made, checked, report }
}

/** A job whose two tasks run on alpha. */
async function running() {
  const made = agent()
  const job = exampleJob({ dest: {} }) as { Tasks: { NodeId: string }[] }
  for (const task of job.Tasks) task.NodeId = 'id-of-alpha'
  const { json } = await made.call('POST', '/v1/jobs', job)
  await made.pass()
  return { ...made, id: String(json['ID']) }
}

const table = (name: string, rowsDone: number, rowsTotal: number) => ({
  schema: 'sbtest',
  table: name,
  rowsDone,
  rowsTotal,
  bytesDone: rowsDone * 10,
  bytesTotal: rowsTotal * 10,
  isDone: rowsDone === rowsTotal,
})

describe('GET /ops/replication-jobs', () => {
  test('without jobs is empty', async () => {
    expect((await agent().call('GET', '/ops/replication-jobs')).json).toEqual({ total: 0, jobs: [] })
  })

  test('tells where each job stands, in order of names, and no password', async () => {
    const { call, report, id } = await running()
    await report('source', { stage: 'full', backlogBytes: 4_096 })
    await report('target', {
      stage: 'full',
      tables: [table('t1', 5, 10), table('t2', 3, 3)],
      rowsPerSecond: 7,
      etaMs: 9_000,
    })
    await call('POST', '/v1/jobs', { ...example, Name: 'a-first' })
    const { json, text } = await call('GET', '/ops/replication-jobs')
    expect(json).toMatchObject({ total: 2, jobs: [{ name: 'a-first' }, { id }] })
    expect((json as { jobs: readonly object[] }).jobs[1]).toEqual({
      id,
      name: 'exam-7-9',
      type: 'synchronous',
      status: 'running',
      description: 'source at work; target at work',
      stage: 'full',
      lag_ms: null,
      rows_copied: 8,
      rows_total: 13,
      eta_ms: 9_000,
      rows_per_second: 7,
      transactions_per_second: 0,
      bytes_per_second: 0,
      backlog_bytes: 4_096,
      source: { host: '192.168.99.100', port: 13307, user: 'root', node_id: 'id-of-alpha', node_name: 'alpha' },
      target: { host: '192.168.99.100', port: 13309, user: 'root', node_id: 'id-of-alpha', node_name: 'alpha' },
      created_at: '2026-03-01T12:00:00Z',
      updated_at: '2026-03-01T12:00:00Z',
    })
    expect(text).not.toContain(planted)
  })
})

describe('GET /ops/replication-jobs/:id', () => {
  test('tells tasks, tables with rates, statements and notes', async () => {
    const { call, report, id } = await running()
    const moving = { ...table('big', 100, 1_100), rowsPerSecond: 50, bytesPerSecond: 500 }
    const ddl = [1, 2].map((at) => ({ at, schema: 'sbtest', sql: `ALTER ${at}`, outcome: 'applied' as const }))
    const notes = ['CREATE TRIGGER is left out']
    await report('target', {
      ...{ stage: 'full', tables: [table('done', 3, 3), table('waits', 0, 9), moving], ddl, notes },
      ...{ position: 'a:1', strategy: 'sql' },
    })
    const { json } = await call('GET', `/ops/replication-jobs/${id}`)
    expect(json).toMatchObject({
      id,
      copy: { tables: 3, tables_done: 1, rows_copied: 103, rows_total: 1_112 },
      tables: [
        { name: 'big', rows_per_second: 50, bytes_per_second: 500, eta_ms: 20_000, is_done: false },
        { name: 'waits', rows_per_second: null, eta_ms: null },
        { name: 'done', is_done: true },
      ],
      ddl: [
        { at: '1970-01-01T00:00:00.002Z', schema: 'sbtest', sql: 'ALTER 2', outcome: 'applied' },
        { sql: 'ALTER 1' },
      ],
      notes,
      problems: [],
      conflicts: [],
      tasks: {
        source: { is_running: true, problem: null },
        target: { node_name: 'alpha', stage: 'full', position: 'a:1', strategy: 'sql', ddl: 0 },
      },
    })
    expect((await call('GET', '/ops/replication-jobs/exam-7-9')).json).toEqual(json)
    expect((await call('GET', '/ops/replication-jobs/nope')).status).toBe(404)
  })

  test('a report of an agent of before is told as far as it goes', async () => {
    const { call, report, id } = await running()
    await report('target', { stage: 'incremental', lagMs: 3 })
    const { json } = await call('GET', `/ops/replication-jobs/${id}`)
    expect(json).toMatchObject({ lag_ms: 3, backlog_bytes: null, ddl: [], notes: [], tables: [], copy: { tables: 0 } })
  })

  test('problems stay when they are over, with their cure; conflicts are those of rows and tables', async () => {
    const { call, report, id } = await running()
    const lost = {
      code: 'MYSQL_UNREACHABLE',
      message: "can't reach b:2; check that it runs",
      remedy: 'retry',
      at: 5_000,
    } as const
    const missing = {
      code: 'REPL_ROW_MISSING',
      message: 'row 1 of t is missing',
      remedy: 'operator',
      at: 7_000,
    } as const
    await report('target', { problem: lost })
    await report('target', { problem: missing })
    await report('target', { problem: { ...missing, at: 9_000 } })
    const { json } = await call('GET', `/ops/replication-jobs/${id}`)
    expect(json['problems']).toEqual([
      {
        ...{ role: 'target', code: 'REPL_ROW_MISSING', remedy: 'operator', message: 'row 1 of t is missing' },
        cure: 'put the row back as it is at the source, or copy the table again',
        ...{ at: '1970-01-01T00:00:09.000Z', is_current: true },
      },
      expect.objectContaining({ code: 'MYSQL_UNREACHABLE', cure: 'check that it runs', is_current: false }),
    ])
    expect(json['conflicts']).toEqual([expect.objectContaining({ code: 'REPL_ROW_MISSING' })])
    await report('target', { problem: null })
    expect((await call('GET', `/ops/replication-jobs/${id}`)).json).toMatchObject({
      problems: [{ is_current: false }, { is_current: false }],
    })
  })

  test('what an earlier process of a task did is still told', async () => {
    const { call, report, id, pass } = await running()
    const ddl = [{ at: 1, schema: 's', sql: 'DROP TABLE x', outcome: 'applied' as const }]
    await report('target', { ddl })
    await call('POST', `/v1/job/${id}/pause`)
    await pass()
    await call('POST', `/v1/job/${id}/resume`)
    await pass()
    await report('target', { ddl: [{ at: 2, schema: 's', sql: 'DROP TABLE y', outcome: 'failed' }] })
    await report('target', { ddl: [{ at: 2, schema: 's', sql: 'DROP TABLE y', outcome: 'applied' }] })
    expect((await call('GET', `/ops/replication-jobs/${id}`)).json).toMatchObject({
      ddl: [
        { sql: 'DROP TABLE y', outcome: 'applied' },
        { sql: 'DROP TABLE x', outcome: 'applied' },
      ],
    })
  })
})

test('GET /ops/replication-jobs/:id/history tells a figure every five seconds, with gaps while the job rests', async () => {
  const { call, report, id, clock, pass } = await running()
  const fiveSeconds = async (seconds = 5) => {
    for (let second = 0; second < seconds; second += 1) {
      await report('source', { backlogBytes: 64 })
      await report('target', { lagMs: 12, rowsPerSecond: 3, transactionsPerSecond: 2, bytesPerSecond: 1 })
    }
  }
  await fiveSeconds()
  await call('POST', `/v1/job/${id}/pause`)
  await pass()
  await clock.advance(5_000)
  await pass()
  const { json } = await call('GET', `/ops/replication-jobs/${id}/history`)
  const series = json as Readonly<Record<string, readonly (number | null)[]>>
  expect(json['step_ms']).toBe(5_000)
  for (const name of ['lag_ms', 'rows', 'transactions', 'bytes', 'backlog_bytes'])
    expect(series[name]).toHaveLength(series['at']?.length ?? -1)
  expect(series['lag_ms']).toContain(12)
  expect(series['backlog_bytes']).toContain(64)
  expect([series['rows']?.at(-1), series['lag_ms']?.at(-1)]).toEqual([null, null])
})

describe('POST /ops/connection-check', () => {
  const server = { role: 'source', host: 'db.example', port: 3307, user: 'repl', password: planted }

  test('passes on what is to be looked at, and answers what was found', async () => {
    const finding = { severity: 'error', kind: 'setting', text: 'log_bin is OFF', advice: 'switch it on' } as const
    const { call, checked } = agent({
      ...nothingFound,
      findings: [{ ...finding, cureSql: null, cureConfig: 'log_bin=binlog' }],
      schemas: [
        {
          name: 'shop',
          tables: [{ name: 't', kind: 'table', rowsEstimate: 5, bytes: 16_384, engine: 'InnoDB', hasKey: true }],
        },
      ],
    })
    const body = {
      ...server,
      include: [{ schema: 'shop', tables: ['t*'] }],
      exclude: [{ schema: 'tmp' }],
      skip_create: true,
    }
    const { status, json, text } = await call('POST', '/ops/connection-check', body)
    expect(checked).toEqual([
      {
        role: 'source',
        server: { host: 'db.example', port: 3307, user: 'repl', password: { kind: 'clear', text: planted } },
        include: [{ schema: 'shop', tables: ['t*'] }],
        exclude: [{ schema: 'tmp', tables: [] }],
        skipsCreation: true,
      },
    ])
    expect([status, json]).toEqual([
      200,
      {
        reachable: true,
        error: null,
        error_kind: null,
        checked_from: 'alpha',
        vendor: 'mysql',
        version: '9.7.0',
        account: "'root'@'%'",
        settings: { log_bin: 'ON' },
        findings: [
          { severity: 'error', text: 'log_bin is OFF; switch it on', cure_sql: null, cure_config: 'log_bin=binlog' },
        ],
        schemas: [
          {
            name: 'shop',
            tables: [{ name: 't', kind: 'table', rows_estimate: 5, bytes: 16_384, engine: 'InnoDB', has_key: true }],
          },
        ],
        has_all_tables: true,
      },
    ])
    expect(text).not.toContain(planted)
  })

  test("with a job's id its stored password goes to its own server, and to no other", async () => {
    const { call, checked } = agent()
    const { json: job } = await call('POST', '/v1/jobs', example)
    const job_id = job['ID']
    for (const body of [
      { role: 'target', job_id },
      { role: 'target', job_id, host: '192.168.99.100', port: 13309, user: 'root', password: '********' },
    ])
      expect((await call('POST', '/ops/connection-check', body)).status).toBe(200)
    const stored = { host: '192.168.99.100', port: 13309, user: 'root', password: { kind: 'sealed' } }
    expect(checked).toMatchObject([{ server: stored }, { server: stored }])
    for (const change of [{ host: 'evil.example' }, { port: 13307 }, { user: 'other' }]) {
      const { status, text } = await call('POST', '/ops/connection-check', { role: 'target', job_id, ...change })
      expect([status, text]).toEqual([422, expect.stringContaining('"field":"password"')])
    }
    expect(checked).toHaveLength(2)
    expect((await call('POST', '/ops/connection-check', { role: 'target', job_id: 'nope' })).status).toBe(404)
  })

  test.each<[object, readonly string[]]>([
    [{}, ['role']],
    [{ role: 'both' }, ['role']],
    [{ role: 'source' }, ['host', 'user', 'password']],
    [{ ...server, port: 0 }, ['port']],
    [{ ...server, host: 'a b' }, ['host']],
    [{ ...server, host: `root:${planted}@db.example` }, ['host']],
    [{ ...server, password: 7 }, ['password']],
    [{ ...server, password: 'file:relative' }, ['password']],
    [{ ...server, password: '********' }, ['password']],
    [{ ...server, include: [{}] }, ['include[0].schema']],
    [{ ...server, include: [{ schema: '/(/' }] }, ['include[0].schema']],
    [{ ...server, exclude: [{ schema: 'a', tables: ['b', '/(/'] }] }, ['exclude[0].tables[1]']],
  ])('%j is refused with its fields named, and without its password', async (body, fields) => {
    const { call, checked } = agent()
    const { status, json, text } = await call('POST', '/ops/connection-check', body)
    const named = (json['errors'] as readonly { readonly field: string }[]).map(({ field }) => field)
    expect([status, named]).toEqual([422, fields])
    expect(checked).toEqual([])
    expect(text).not.toContain(planted)
  })

  test('an unknown field is warned of; another method and a body that is none are refused', async () => {
    const { call } = agent()
    expect((await call('POST', '/ops/connection-check', { ...server, hots: 'x' })).warning).toContain('hots')
    expect((await call('GET', '/ops/connection-check')).status).toBe(405)
    expect((await call('POST', '/ops/connection-check', '{"password": "Plan')).status).toBe(400)
  })
})
