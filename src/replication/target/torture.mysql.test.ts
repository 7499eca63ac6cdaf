import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commonTables, ownTables, type TortureTable } from '../../../test/e2e/type-torture/tables.ts'
import { eventually } from '../../../test/harness/eventually.ts'
import { type ServerKind, startServer, type TestServer } from '../../../test/harness/mysql-servers.ts'
import { positionOf, sendLog } from '../../../test/target/binlog-frames.ts'
import { tableLines } from '../../../test/target/compare-tables.ts'
import { MemoryPipe } from '../../../test/target/memory-pipe.ts'
import { TargetUnderTest } from '../../../test/target/target-under-test.ts'

const pairs: readonly [ServerKind, ServerKind, boolean][] = [
  ['mysql-9.7', 'mysql-9.7', false],
  ['mysql-9.7', 'mysql-9.7', true],
  ['mysql-5.6', 'mysql-5.6', false],
  ['mysql-5.6', 'mysql-5.6', true],
  ['mariadb-10.11', 'mariadb-10.11', false],
  ['mariadb-10.11', 'mariadb-10.11', true],
  ['mysql-5.6', 'mysql-9.7', false],
  ['mysql-5.6', 'mysql-9.7', true],
  ['mariadb-10.11', 'mysql-9.7', false],
  ['mysql-9.7', 'mariadb-10.11', false],
]

const servers = new Map<string, TestServer>()

async function serverOf(kind: ServerKind, role: string): Promise<TestServer> {
  const key = `${kind} ${role}`
  const known = servers.get(key)
  if (known !== undefined) return known
  const server = await startServer(kind)
  servers.set(key, server)
  return server
}

afterAll(async () => {
  for (const server of servers.values()) await server[Symbol.asyncDispose]()
})

describe.each(pairs)('from %s to %s, SQL forced: %s', (from, to, forceSql) => {
  const schema = `torture_${from}_${to}_${forceSql}`.replace(/[^a-z0-9]/g, '_')
  const tables: readonly TortureTable[] = [...commonTables(), ...(from === to ? ownTables(from) : [])]
  let source: TestServer
  let target: TestServer
  const stopping = new AbortController()
  let sending: Promise<void>
  let task: TargetUnderTest

  beforeAll(async () => {
    source = await serverOf(from, 'source')
    target = await serverOf(to, 'target')
    const pipe = new MemoryPipe(0, await positionOf(source))
    task = new TargetUnderTest(target, pipe, { jobId: schema, gtid: 'now', forceSql })
    pipe.restart((await task.resume()).epoch, pipe.position)
    sending = sendLog(source, pipe, [schema], stopping.signal)
    const connection = await source.connect({ multipleStatements: false })
    await connection.query("SET SESSION sql_mode = '', time_zone = '+00:00'")
    await connection.query(`CREATE DATABASE ${schema} DEFAULT CHARACTER SET latin1`)
    await connection.query(`USE ${schema}`)
    for (const table of tables) {
      await connection.query(table.create)
      for (const row of table.rows)
        await connection.query(`INSERT INTO ${table.name} (${table.columns}) VALUES (${row})`)
      for (const change of table.changes) await connection.query(change)
    }
    await connection.query('CREATE TABLE the_end (id INT PRIMARY KEY)')
    await connection.end()
    await eventually(
      async () => {
        const problem = task.report?.problem
        if (problem != null) return true
        return (await target.query(`SHOW TABLES FROM ${schema} LIKE 'the_end'`)).length === 1
      },
      60_000,
      'the last table',
    )
  })

  afterAll(async () => {
    stopping.abort()
    await task.stop()
    await sending
  })

  test('nothing went wrong', () => {
    expect(task.report?.problem).toBeNull()
    expect(task.report?.strategy).toBe(forceSql || from.slice(0, 5) !== to.slice(0, 5) ? 'sql' : 'row-images')
  })

  test.each(tables.map((table) => [table.name, table] as const))(
    'table %s is the same in every byte',
    async (_name, table) => {
      const name = table.name.replace(/^`|`$/g, '').replaceAll('``', '`')
      expect(await tableLines(target, schema, name)).toEqual(await tableLines(source, schema, name))
    },
  )
})
