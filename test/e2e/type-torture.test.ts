/** Every type, character set and kind of key, copied and then changed, by both strategies, compared byte by byte. */
import { describe, expect, test } from 'vitest'
import { compareSchemas } from '../../scripts/demo/compare.ts'
import { eventually } from '../harness/eventually.ts'
import { startAgent, type TestAgent } from '../harness/millrace-agent.ts'
import { type ServerKind, startServer, type TestServer } from '../harness/mysql-servers.ts'
import { commonTables, ownTables, type TortureTable } from './type-torture/tables.ts'

const schema = 'torture'

const pairs: readonly (readonly [ServerKind, ServerKind, 'row-images' | 'sql'])[] = [
  ['mariadb-10.11', 'mariadb-10.11', 'row-images'],
  ['mariadb-10.11', 'mariadb-10.11', 'sql'],
  ['mysql-9.7', 'mysql-9.7', 'row-images'],
  ['mysql-9.7', 'mysql-9.7', 'sql'],
  ['mysql-5.6', 'mysql-5.6', 'row-images'],
  ['mysql-5.6', 'mysql-5.6', 'sql'],
  ['mysql-5.6', 'mysql-9.7', 'sql'],
  ['mariadb-10.11', 'mysql-9.7', 'sql'],
  ['mysql-9.7', 'mariadb-10.11', 'sql'],
]

describe('a schema of every type', () => {
  test.each(pairs)('from %s to %s by %s arrives byte by byte, copied and changed', async (from, to, strategy) => {
    await using source = await startServer(from)
    await using target = await startServer(to)
    await using agent = await startAgent()
    const tables = [...commonTables(), ...(from === to ? ownTables(from) : [])]
    await fill(source, tables)

    const id = await replicate(agent, source, target, strategy)
    await whenStreaming(agent, id)
    await whenEqual(source, target, tables)

    await change(source, tables)
    await whenEqual(source, target, tables)
    await eventually(async () => {
      const stats = (await agent.udup('GET', `/v1/job/${id}/stats`)).json as Stats
      expect(stats.Tasks[1]?.Strategy).toBe(strategy)
      return true
    }, 10_000)
  })
})

interface Stats {
  readonly Status: string
  readonly StatusDescription: string
  readonly Tasks: readonly { readonly Stage: string; readonly Strategy: string | null }[]
}

async function fill(source: TestServer, tables: readonly TortureTable[]): Promise<void> {
  const connection = await source.connect({ charset: 'utf8mb4' })
  await connection.query(`CREATE DATABASE ${schema} DEFAULT CHARACTER SET utf8mb4`)
  await connection.query(`USE ${schema}`)
  await connection.query(`SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'`)
  for (const table of tables) {
    await connection.query(table.create)
    for (const row of table.rows) await connection.query(`INSERT INTO ${table.name} (${table.columns}) VALUES (${row})`)
  }
  await connection.end()
}

async function change(source: TestServer, tables: readonly TortureTable[]): Promise<void> {
  const connection = await source.connect({ charset: 'utf8mb4' })
  await connection.query(`USE ${schema}`)
  await connection.query(`SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'`)
  for (const table of tables) for (const sql of table.changes) await connection.query(sql)
  await connection.end()
}

async function replicate(agent: TestAgent, source: TestServer, target: TestServer, strategy: string): Promise<string> {
  const connection = (server: TestServer) => ({
    Key: { Host: server.host, Port: server.port },
    User: server.user,
    Password: server.password,
  })
  const answer = await agent.udup('POST', '/v1/jobs', {
    Name: 'torture',
    Type: 'synchronous',
    Tasks: [
      {
        Type: 'Src',
        Driver: 'MySQL',
        Config: { ReplicateDoDb: [{ TableSchema: schema }], ConnectionConfig: connection(source) },
      },
      {
        Type: 'Dest',
        Driver: 'MySQL',
        Config: { ApproveHeterogeneous: strategy === 'sql', ConnectionConfig: connection(target) },
      },
    ],
  })
  expect(answer.status, answer.text).toBe(200)
  return (answer.json as { ID: string }).ID
}

async function whenStreaming(agent: TestAgent, id: string): Promise<void> {
  await eventually(async () => {
    const stats = (await agent.udup('GET', `/v1/job/${id}/stats`)).json as Stats
    expect(stats.Tasks[1]?.Stage, stats.StatusDescription).toBe('incremental')
    return true
  }, 60_000)
}

async function whenEqual(source: TestServer, target: TestServer, tables: readonly TortureTable[]): Promise<void> {
  const [left, right] = [await source.connect(), await target.connect()]
  try {
    await eventually(async () => {
      const comparison = await compareSchemas(left, right, schema)
      expect(comparison.length).toBe(tables.length)
      expect(comparison.filter((table) => !table.isEqual)).toEqual([])
      return true
    }, 30_000)
  } finally {
    left.destroy()
    right.destroy()
  }
}
