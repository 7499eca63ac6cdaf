/** Each cure that is named is executed on a real server, and removes what it was named for. */
import { expect, onTestFinished, test } from 'vitest'
import { type ServerKind, startServer, type TestServer } from '../../../test/harness/mysql-servers.ts'
import { tempDir } from '../../../test/harness/temp-dir.ts'
import { systemClock } from '../../core/clock.ts'
import type { CheckRequest, ConnectionCheck } from './check-result.ts'
import { checkConnection } from './connection-check.ts'
import type { Finding } from './finding.ts'

const password = 'Planted-2387-secret'
const app = [{ schema: 'app', tables: [] }]

async function server(kind: ServerKind, args: readonly string[], dataDir?: string): Promise<TestServer> {
  const started = await startServer(kind, { args, ...(dataDir === undefined ? {} : { dataDir }) })
  onTestFinished(() => started[Symbol.asyncDispose]())
  return started
}

/** An account that may connect, and nothing else. */
async function makeWeak(on: TestServer): Promise<void> {
  await on.query(`CREATE USER 'weak'@'%' IDENTIFIED BY '${password}'`)
}

async function makeTables(on: TestServer): Promise<void> {
  // The kept connection has the session's own copies of what was set globally meanwhile.
  const connection = await on.connect({ multipleStatements: true })
  await connection.query(`CREATE DATABASE app; CREATE DATABASE other;
    CREATE TABLE app.orders (id INT PRIMARY KEY, note VARCHAR(20)) ENGINE=InnoDB;
    INSERT INTO app.orders VALUES (1, 'one'), (2, 'two'), (3, 'three');
    CREATE TABLE app.log (at INT, line VARCHAR(20)) ENGINE=InnoDB;
    CREATE TABLE app.old (id INT PRIMARY KEY) ENGINE=MyISAM;
    CREATE TABLE other.t (id INT PRIMARY KEY) ENGINE=InnoDB;
    CREATE VIEW app.shown AS SELECT id FROM app.orders`)
  await connection.end()
}

type Ask = (change?: Partial<CheckRequest>) => Promise<ConnectionCheck>

function asker(on: TestServer, role: CheckRequest['role'], user = 'weak', secret = password): Ask {
  return async (change = {}) => {
    const endpoint = { host: on.host, port: on.port, user, password: secret }
    const request = { role, server: endpoint, include: app, exclude: [], skipsCreation: false, ...change }
    const found = await checkConnection(request, { clock: systemClock, withinMs: 10_000 })
    expect(JSON.stringify(found)).not.toContain(password)
    return found
  }
}

/** Executes cure after cure, each of which must remove its finding. @returns what was cured, and what is left */
async function cureAll(on: TestServer, ask: Ask): Promise<{ cured: string[]; left: readonly Finding[] }> {
  const cured: string[] = []
  for (;;) {
    const { findings, failure } = await ask()
    expect(failure).toBeNull()
    const next = findings.find(({ cureSql }) => cureSql !== null)
    if (next === undefined) return { cured, left: findings }
    await on.query(next.cureSql ?? '')
    const after = (await ask()).findings.map(({ text }) => text)
    expect(after, `after ${String(next.cureSql)}`).not.toContain(next.text)
    cured.push(`${next.severity}: ${next.text}`)
    expect(cured.length).toBeLessThan(30)
  }
}

const isCured = (cured: readonly string[], words: RegExp) => expect(cured).toContainEqual(expect.stringMatching(words))

const sources: readonly (readonly [ServerKind, readonly string[], readonly RegExp[]])[] = [
  [
    'mariadb-10.11',
    ['--binlog-format=MIXED', '--binlog-row-image=MINIMAL', '--binlog-expire-logs-seconds=600'],
    [/^error: binlog_format is MIXED/, /^warning: .* for 10 minutes only/],
  ],
  [
    'mysql-9.7',
    [
      '--binlog-format=STATEMENT',
      '--binlog-row-image=NOBLOB',
      '--gtid-mode=OFF',
      '--enforce-gtid-consistency=OFF',
      '--binlog-expire-logs-seconds=3600',
    ],
    [
      /^error: binlog_format is STATEMENT/,
      /^error: server_id is 0/,
      /^warning: gtid_mode is OFF/,
      /^warning: .* for 60 minutes only/,
    ],
  ],
  [
    'mysql-5.6',
    ['--binlog-format=STATEMENT', '--binlog-row-image=MINIMAL'],
    [/^error: binlog_format is STATEMENT/, /^error: server_id is 0/],
  ],
]

test.each(sources)('on a source of %s every cure that is named cures', async (kind, args, expected) => {
  const on = await server(kind, args)
  await makeTables(on)
  await makeWeak(on)
  // MariaDB takes 1 instead.
  await on.query('SET GLOBAL server_id = 0')
  const ask = asker(on, 'source')
  const first = await ask()
  expect(first).toMatchObject({ isReachable: true, vendor: on.vendor, account: "'weak'@'%'", hasAllTables: true })
  expect(first.version).toContain(kind.slice(kind.indexOf('-') + 1))
  const { cured, left } = await cureAll(on, ask)
  const always = [
    /^error: user 'weak'@'%' lacks REPLICATION SLAVE/,
    /^error: user 'weak'@'%' lacks REPLICATION CLIENT/,
    /^error: user 'weak'@'%' lacks SELECT on what/,
    /^error: .* lacks SHOW VIEW for app\.shown/,
    /^error: .* lacks LOCK TABLES .* because (app\.log|GTIDs are off|MySQL 5\.6 does not tell)/,
    /^warning: binlog_row_image/,
    /^warning: engines without transactions .*app\.old \(MyISAM\)/,
  ]
  for (const words of [...expected, ...always]) isCured(cured, words)
  expect(left.map(({ severity, text }) => `${severity}: ${text}`)).toEqual([
    expect.stringMatching(/^warning: no primary or unique key that can be used .*: app\.log;/),
  ])
  const { schemas, settings } = await ask()
  expect(settings).toMatchObject({ binlog_format: 'ROW', log_bin: 'ON' })
  const tables = schemas.find(({ name }) => name === 'app')?.tables ?? []
  expect(tables.map(({ name, kind: of, hasKey }) => [name, of, hasKey])).toEqual([
    ['log', 'table', false],
    ['old', 'table', true],
    ['orders', 'table', true],
    ['shown', 'view', null],
  ])
  expect(tables[2]).toMatchObject({ engine: 'InnoDB', bytes: expect.any(Number), rowsEstimate: expect.any(Number) })
  // It was granted nothing there.
  expect(schemas.map(({ name }) => name)).not.toContain('other')
})

const targets: readonly (readonly [ServerKind, readonly string[], readonly RegExp[]])[] = [
  [
    'mariadb-10.11',
    ['--read-only=ON', '--max-allowed-packet=65536'],
    [/^error: .* has read_only = ON and user 'weak'@'%' is not exempt/, /^note: .* may not run BINLOG/],
  ],
  [
    'mysql-9.7',
    ['--read-only=ON', '--super-read-only=ON', '--max-allowed-packet=65536', '--sql-require-primary-key=ON'],
    [/^error: .* super_read_only = ON/, /^error: .* has read_only = ON/, /^warning: .* sql_require_primary_key/],
  ],
  [
    'mysql-5.6',
    ['--read-only=ON', '--max-allowed-packet=4M'],
    [/^error: .* has read_only = ON/, /^note: .* a longer row/],
  ],
]

test.each(targets)('on a target of %s every cure that is named cures', async (kind, args, expected) => {
  const dataDir = (await tempDir('mr-check-')).path
  const writable = await server(kind, [], `${dataDir}/data`)
  await makeWeak(writable)
  await writable.stop()
  const on = await server(kind, args, `${dataDir}/data`)
  const { cured, left } = await cureAll(on, asker(on, 'target'))
  const always = [
    /^error: .* lacks SELECT, INSERT, UPDATE, DELETE, CREATE, DROP on `millrace`\.\*/,
    /^error: .* lacks SELECT, INSERT, .* REFERENCES on `app`\.\*/,
    /^warning: .* lacks CREATE VIEW/,
    /^note: .* may not run BINLOG/,
  ]
  for (const words of [...expected, ...always]) isCured(cured, words)
  if (kind !== 'mysql-5.6') isCured(cured, /^error: .* max_allowed_packet = 65536/)
  expect(left).toEqual([])
  await makeTables(on)
  const { findings } = await asker(on, 'target')()
  expect(findings.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^already at the target .*: app\.log, app\.old/),
  ])
})

test.each<[ServerKind, readonly string[]]>([
  ['mariadb-10.11', ['--skip-log-bin']],
  ['mysql-9.7', ['--skip-log-bin', '--gtid-mode=OFF', '--enforce-gtid-consistency=OFF']],
  ['mysql-5.6', ['--skip-log-bin', '--skip-log-slave-updates', '--gtid-mode=OFF', '--enforce-gtid-consistency=OFF']],
])('on %s the lines for the configuration cure a log that is off', async (kind, args) => {
  const dataDir = `${(await tempDir('mr-check-')).path}/data`
  const without = await server(kind, args, dataDir)
  const ask = asker(without, 'source', without.user, without.password)
  const [worst, ...others] = (await ask()).findings
  expect(worst).toMatchObject({ severity: 'error', text: expect.stringContaining('log_bin is OFF'), cureSql: null })
  const lines = [worst, ...others].flatMap((finding) => finding?.cureConfig?.split('\n') ?? [])
  await without.stop()
  const cured = await server(
    kind,
    lines.map((line) => `--${line.replaceAll('_', '-')}`),
    dataDir,
  )
  const { findings } = await asker(cured, 'source', cured.user, cured.password)()
  expect(findings).toEqual([])
})

test('without a filter the account that may read only a part is told of it', async () => {
  const on = await server('mariadb-10.11', [])
  await makeTables(on)
  await makeWeak(on)
  await on.query(`GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO weak; GRANT SELECT ON other.* TO weak`)
  const ask = asker(on, 'source')
  const { findings } = await ask({ include: [] })
  expect(findings).toEqual([
    expect.objectContaining({ severity: 'note', text: expect.stringMatching(/may not read all .* only other$/) }),
  ])
  await on.query(findings[0]?.cureSql ?? '')
  const texts = (await ask({ include: [], exclude: [{ schema: 'app', tables: [] }] })).findings.map(({ text }) => text)
  expect(texts).toEqual([])
})

test.each<[ServerKind, string, RegExp]>([
  ['mariadb-10.11', "CREATE USER weak IDENTIFIED BY 'another'", /access-denied: 127\.0\.0\.1:\d+ refused user 'weak'/],
  ['mysql-9.7', `CREATE USER weak IDENTIFIED BY '${password}' REQUIRE SSL`, /access-denied: .*REQUIRE SSL/],
  [
    'mysql-9.7',
    `CREATE USER weak IDENTIFIED BY '${password}'; SET GLOBAL require_secure_transport = ON`,
    /tls-required: .* takes no connection without TLS/,
  ],
  ['mysql-5.6', 'SET GLOBAL max_connections = 1', /no-room: .* raise max_connections/],
])('%s after %s tells why it lets nobody in', async (kind, statement, expected) => {
  const on = await server(kind, [])
  // One more than max_connections is kept free for an administrator.
  const held = [await on.connect(), await on.connect()]
  await on.query(statement)
  const { isReachable, failure, findings } = await asker(on, 'source')()
  expect(`${failure?.kind}: ${failure?.text}`).toMatch(expected)
  expect([isReachable, findings]).toEqual([false, []])
  for (const connection of held) connection.destroy()
})
