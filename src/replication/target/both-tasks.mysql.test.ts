import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { commonTables, ownTables } from '../../../test/e2e/type-torture/tables.ts'
import { eventually } from '../../../test/harness/eventually.ts'
import { type ServerKind, startServer, type TestServer } from '../../../test/harness/mysql-servers.ts'
import { BothTasks } from '../../../test/target/both-tasks.ts'
import { tableLines } from '../../../test/target/compare-tables.ts'
import { ServerPool } from '../../../test/target/stream-pair.ts'

const pool = new ServerPool()
let schemas = 0

afterAll(() => pool[Symbol.asyncDispose]())

async function expectEqual(source: TestServer, target: TestServer, schema: string): Promise<void> {
  const tables = await source.query<Record<string, string>[]>(`SHOW TABLES FROM ${schema}`)
  for (const row of tables) {
    const table = Object.values(row)[0] ?? ''
    expect([table, await tableLines(target, schema, table)]).toEqual([table, await tableLines(source, schema, table)])
  }
}

async function caughtUp(tasks: BothTasks, source: TestServer, target: TestServer, schema: string): Promise<void> {
  const mark = `mark_${Math.random().toString(36).slice(2)}`
  await source.query(`CREATE TABLE ${schema}.${mark} (id INT PRIMARY KEY)`)
  await eventually(
    async () => {
      const found = await target.query(`SHOW TABLES FROM ${schema} LIKE '${mark}'`)
      const { source: one, target: other } = tasks.reports
      if (found.length === 0 || other?.stage !== 'incremental')
        throw new Error(
          `source: ${one?.problem?.message ?? one?.description}; target: ${other?.problem?.message ?? other?.description}`,
        )
      return true
    },
    60_000,
    'the target catches up',
  )
}

const pairs: readonly [ServerKind, ServerKind, boolean][] = [
  ['mysql-9.7', 'mysql-9.7', false],
  ['mysql-5.6', 'mysql-5.6', false],
  ['mariadb-10.11', 'mariadb-10.11', false],
  ['mariadb-10.11', 'mysql-9.7', false],
]

test.each<ServerKind>(['mysql-9.7', 'mysql-5.6', 'mariadb-10.11'])(
  'on %s a target that is the source under another name is refused before a row is touched',
  async (kind) => {
    await using server = await startServer(kind, { args: ['--bind-address=0.0.0.0'] })
    await server.query(
      'CREATE DATABASE own; CREATE TABLE own.t (id INT PRIMARY KEY); INSERT INTO own.t VALUES (1), (2)',
    )
    const { port, user, password } = server
    const alias = { host: '127.0.0.2', port, user, password }
    await using tasks = new BothTasks(server, alias, 'own', { dropTableIfExists: true })
    const problem = await eventually(() => tasks.reports.source?.problem ?? undefined, 30_000, 'a problem')
    expect(problem).toMatchObject({ code: 'REPL_SAME_SERVER', remedy: 'operator' })
    expect(problem.message).toMatch(/127\.0\.0\.2:\d+ is the source itself under another name.*give the job another/)
    expect(await server.query('SELECT COUNT(*) AS n FROM own.t')).toEqual([{ n: 2 }])
  },
)

describe.each(pairs)('from %s to %s', (from, to, forceSql) => {
  test('tables are copied and followed, byte for byte', async () => {
    const [source, target] = [await pool.get(from, 'source'), await pool.get(to, 'target')]
    schemas += 1
    const schema = `both_${schemas}`
    const tables = [...commonTables(), ...(from === to ? ownTables(from) : [])]
    const writer = await source.connect({ charset: 'utf8mb4' })
    await writer.query("SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'")
    await writer.query(`CREATE DATABASE ${schema} DEFAULT CHARACTER SET utf8mb4`)
    await writer.query(`USE ${schema}`)
    for (const table of tables) {
      await writer.query(table.create)
      for (const row of table.rows) await writer.query(`INSERT INTO ${table.name} (${table.columns}) VALUES (${row})`)
    }
    await using tasks = new BothTasks(source, target, schema, { forceSql })
    await caughtUp(tasks, source, target, schema)
    for (const table of tables) for (const change of table.changes) await writer.query(change)
    await caughtUp(tasks, source, target, schema)
    await writer.end()
    await expectEqual(source, target, schema)
  })

  test('tasks that start again at any moment lose and repeat nothing, in the copy and after it', async () => {
    const [source, target] = [await pool.get(from, 'source'), await pool.get(to, 'target')]
    schemas += 1
    const schema = `both_${schemas}`
    await source.query(`CREATE DATABASE ${schema}; CREATE TABLE ${schema}.big (id INT PRIMARY KEY AUTO_INCREMENT, v INT, pad VARCHAR(2000)) ENGINE=InnoDB;
      CREATE TABLE ${schema}.twins (v INT) ENGINE=InnoDB; CREATE TABLE ${schema}.pairs (a INT, b INT, n INT, PRIMARY KEY (a, b)) ENGINE=InnoDB`)
    for (let n = 0; n < 20; n += 1)
      await source.query(
        `INSERT INTO ${schema}.big (v, pad) VALUES ${Array.from({ length: 500 }, () => `(${n}, REPEAT('x', 1500))`).join(',')}`,
      )
    await source.query(
      `INSERT INTO ${schema}.pairs SELECT id % 40, id, v FROM ${schema}.big; INSERT INTO ${schema}.twins SELECT v FROM ${schema}.big`,
    )
    await using tasks = new BothTasks(source, target, schema, { forceSql })
    const writing = new AbortController()
    const writer = (async () => {
      for (let n = 0; !writing.signal.aborted; n += 1) {
        const id = 1 + Math.floor(Math.random() * 10_000)
        await source.query(
          `BEGIN; UPDATE ${schema}.big SET v = v + 1 WHERE id = ${id}; DELETE FROM ${schema}.pairs WHERE b = ${id};
           INSERT INTO ${schema}.big (v) VALUES (${n}); INSERT INTO ${schema}.twins VALUES (${n}); DELETE FROM ${schema}.twins WHERE v = ${n % 10} LIMIT 1;
           UPDATE IGNORE ${schema}.pairs SET a = a + 1 WHERE b = ${(id * 7) % 10_000}; COMMIT`,
        )
      }
    })()
    for (let round = 0; round < 8; round += 1) {
      await sleep(100 + Math.random() * 500)
      await tasks.restart(Math.random() < 0.5 ? 'source' : 'target')
    }
    await sleep(500)
    writing.abort()
    await writer
    await caughtUp(tasks, source, target, schema)
    await expectEqual(source, target, schema)
  })
})
