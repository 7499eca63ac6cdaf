/** What /ops tells of a replication job, over a real agent and real servers: the copy, the stream, statements, problems. */
import { expect, test } from 'vitest'
import { eventually } from '../../harness/eventually.ts'
import { connectionOf, ReplicationPair } from '../../harness/replication-pair.ts'
import { startSlowLink } from '../../harness/slow-link.ts'

const planted = 'Planted-Text-6621'

interface Table {
  readonly name: string
  readonly rows_copied: number
  readonly rows_total: number
  readonly rows_per_second: number | null
  readonly eta_ms: number | null
  readonly is_done: boolean
}

interface Problem {
  readonly role: string
  readonly code: string
  readonly cure: string | null
  readonly is_current: boolean
  readonly message: string
}

interface Details {
  readonly status: string
  readonly stage: string
  readonly lag_ms: number | null
  readonly rows_copied: number
  readonly backlog_bytes: number | null
  readonly tasks: { readonly source: { node_name: string }; readonly target: { node_name: string; position: string } }
  readonly copy: { readonly tables: number; readonly tables_done: number }
  readonly tables: readonly Table[]
  readonly ddl: readonly {
    readonly sql: string
    readonly schema: string
    readonly outcome: string
    readonly at: string
  }[]
  readonly problems: readonly Problem[]
  readonly conflicts: readonly Problem[]
}

async function details(pair: ReplicationPair, id: string): Promise<Details> {
  const { status, json, text } = await pair.agent.dkron('GET', `/ops/replication-jobs/${id}`)
  expect(status, text).toBe(200)
  expect(text).not.toContain(pair.source.password)
  return json as Details
}

/** What waits for somebody is tried every 30 s; whoever has cured it need not wait. */
async function tryAtOnce({ agent }: ReplicationPair, id: string): Promise<void> {
  for (const order of ['pause', 'resume']) expect((await agent.udup('POST', `/v1/job/${id}/${order}`)).status).toBe(200)
}

test('a job is told from its copy to its stream: tables as they move, figures over time, statements', async () => {
  await using pair = await ReplicationPair.start('mariadb-10.11')
  await pair.source.query(`CREATE DATABASE app;
    CREATE TABLE app.big (id INT AUTO_INCREMENT PRIMARY KEY, filler VARCHAR(200) NOT NULL) ENGINE=InnoDB;
    CREATE TABLE app.small (id INT PRIMARY KEY) ENGINE=InnoDB;
    INSERT INTO app.small VALUES (1), (2), (3);
    INSERT INTO app.big (filler) SELECT REPEAT('x', 150) FROM app.seq_1_to_100000`)
  await using slow = await startSlowLink(pair.source, 2_000_000)
  const { user, password } = pair.source
  const { host, port } = slow
  const ConnectionConfig = connectionOf({ host, port, user, password })
  const { ID: id } = await pair.create(
    pair.jobOf('app', { source: { ParallelWorkers: 1, ConnectionConfig }, target: { ParallelWorkers: 1 } }),
  )
  const moving = await eventually(async () => {
    const { stage, tables } = await details(pair, id)
    const big = tables.find(({ name }) => name === 'big')
    return stage === 'full' && big !== undefined && big.rows_per_second !== null ? { big, tables } : undefined
  }, 60_000)
  expect(moving.tables[0]?.name).toBe('big')
  expect(moving.big.rows_copied).toBeGreaterThan(0)
  expect(moving.big.rows_copied).toBeLessThan(100_000)
  expect(moving.big.rows_per_second).toBeGreaterThan(0)
  expect(moving.big.is_done).toBe(false)
  await pair.whenStreaming(id)
  const copied = await details(pair, id)
  expect(copied).toMatchObject({ copy: { tables: 2, tables_done: 2, rows_copied: 100_003, rows_total: 100_003 } })
  expect(copied.tables.map(({ name, is_done, eta_ms }) => [name, is_done, eta_ms])).toEqual([
    ['big', true, null],
    ['small', true, null],
  ])

  await pair.source.query(`ALTER TABLE app.small ADD note VARCHAR(30) DEFAULT '${planted}'`)
  await pair.source.query('USE app; CREATE TABLE more (id INT PRIMARY KEY)')
  const { ddl } = await eventually(async () => {
    const told = await details(pair, id)
    return told.ddl.length === 2 ? told : undefined
  }, 20_000)
  expect(ddl.map(({ sql, schema, outcome }) => [sql, schema, outcome])).toEqual([
    ['CREATE TABLE more (id INT PRIMARY KEY)', 'app', 'applied'],
    ["ALTER TABLE app.small ADD note VARCHAR(30) DEFAULT '...'", expect.any(String), 'applied'],
  ])
  expect(Math.abs(Date.parse(ddl[0]?.at ?? '') - Date.now())).toBeLessThan(60_000)

  let next = 10
  const series = await eventually(async () => {
    await pair.source.query(`INSERT INTO app.small (id) VALUES (${next++})`)
    const history = (await pair.agent.dkron('GET', `/ops/replication-jobs/app/history`)).json as Readonly<
      Record<'at' | 'lag_ms' | 'rows' | 'transactions' | 'bytes' | 'backlog_bytes', readonly (number | null)[]>
    >
    const has = (name: keyof typeof history) => history[name].some((figure) => figure !== null && Number(figure) > 0)
    const isWhole = has('rows') && has('transactions') && has('bytes') && history.lag_ms.some((lag) => lag !== null)
    return isWhole && history.backlog_bytes.some((bytes) => bytes !== null) ? history : undefined
  }, 60_000)
  expect(new Set(Object.values(series).map((column) => (Array.isArray(column) ? column.length : null))).size).toBe(2)

  const now = await details(pair, id)
  expect(now).toMatchObject({ status: 'running', stage: 'incremental', problems: [], conflicts: [] })
  expect(now.lag_ms).not.toBeNull()
  expect(now.tasks.target.position).not.toBe('')
  const { json: all } = await pair.agent.dkron('GET', '/ops/replication-jobs')
  expect(all).toMatchObject({ total: 1, jobs: [{ id, name: 'app', target: { port: pair.target.port } }] })
  const viaUdup = await pair.agent.dkron('GET', `/udup/v1/job/${id}`)
  expect(viaUdup.json).toMatchObject(await pair.job(id))
})

test('a row that is missing at the target is a conflict with its cure, and the past once it is put back', async () => {
  await using pair = await ReplicationPair.start('mariadb-10.11')
  await pair.source.query(
    "CREATE DATABASE app; CREATE TABLE app.t (a INT PRIMARY KEY, b VARCHAR(10)) ENGINE=InnoDB; INSERT INTO app.t VALUES (1, 'x')",
  )
  const { ID: id } = await pair.create(pair.jobOf('app', { target: { ApproveHeterogeneous: true } }))
  await pair.whenStreaming(id)
  await pair.target.query('DELETE FROM app.t')
  await pair.source.query(`UPDATE app.t SET b = 'new' WHERE a = 1`)
  const told = await eventually(async () => {
    const now = await details(pair, id)
    return now.conflicts.some(({ is_current }) => is_current) ? now : undefined
  }, 45_000)
  expect(told.conflicts[0]).toMatchObject({ role: 'target', cure: expect.stringMatching(/./), is_current: true })
  expect(told.conflicts[0]?.message).toMatch(/app.*t/)
  expect(told.problems).toEqual(told.conflicts)
  await pair.target.query(`INSERT INTO app.t VALUES (1, 'x')`)
  await tryAtOnce(pair, id)
  await pair.whenStreaming(id, 90_000)
  const over = await details(pair, id)
  expect(over.conflicts.map(({ code, is_current }) => [code, is_current])).toEqual(
    over.conflicts.map(({ code }) => [code, false]),
  )
  expect(over.conflicts.length).toBeGreaterThan(0)
})

test('a privilege that a job misses is named by the check before, and by the job, with the same cure', async () => {
  await using pair = await ReplicationPair.start('mysql-9.7', { agentArgs: ['--log-level', 'debug'] })
  const password = 'Planted-Weak-9310'
  await pair.source.query(
    `CREATE DATABASE app; CREATE TABLE app.t (a INT PRIMARY KEY); CREATE USER weak IDENTIFIED BY '${password}'; GRANT SELECT ON app.* TO weak`,
  )
  const { host, port } = pair.source
  const check = async (body: object) => {
    const { status, json, text } = await pair.agent.dkron('POST', '/ops/connection-check', body)
    expect(status, text).toBe(200)
    expect(text).not.toContain(password)
    return json as {
      readonly findings: readonly { severity: string; cure_sql: string | null }[]
      readonly error: unknown
    }
  }
  const asked = { role: 'source', include: [{ schema: 'app' }] }
  const before = await check({ ...asked, host, port, user: 'weak', password })
  const errors = before.findings.filter(({ severity }) => severity === 'error').map(({ cure_sql }) => cure_sql)
  expect(errors).toEqual([
    "GRANT REPLICATION SLAVE ON *.* TO 'weak'@'%'",
    "GRANT REPLICATION CLIENT ON *.* TO 'weak'@'%'",
  ])
  const connection = { ...connectionOf(pair.source), User: 'weak', Password: password }
  const { ID: id } = await pair.create(pair.jobOf('app', { source: { ConnectionConfig: connection } }))
  const [problem] = await eventually(async () => {
    const { problems } = await details(pair, id)
    return problems[0]?.is_current ? problems : undefined
  }, 45_000)
  expect(problem).toMatchObject({ role: 'source', code: 'MYSQL_MISSING_PRIVILEGE', cure: errors[0] })
  await pair.source.query(errors.join(';'))
  await tryAtOnce(pair, id)
  await pair.whenStreaming(id, 90_000)
  expect(await check({ ...asked, job_id: id })).toMatchObject({ reachable: true, error: null, findings: [] })
  const elsewhere = await pair.agent.dkron('POST', '/ops/connection-check', {
    ...{ role: 'source', job_id: id, host, port: pair.target.port },
  })
  expect([elsewhere.status, elsewhere.text]).toEqual([422, expect.stringContaining('password')])
  await pair.source.stop()
  expect(await check({ ...asked, job_id: id })).toMatchObject({ reachable: false, error_kind: 'refused' })
  expect(pair.agent.log()).not.toContain(password)
})
