/** Every type, character set and kind of key that the type torture has, the same on both servers: all of it is equal. */
import { expect, test } from 'vitest'
import { commonTables, ownTables, type TortureTable } from '../../../test/e2e/type-torture/tables.ts'
import { type ServerKind, startServer, type TestServer } from '../../../test/harness/mysql-servers.ts'
import { compareServers } from './compare-servers.ts'

async function fill(server: TestServer, tables: readonly TortureTable[]): Promise<void> {
  const connection = await server.connect({ charset: 'utf8mb4' })
  await connection.query('CREATE DATABASE torture DEFAULT CHARACTER SET utf8mb4')
  await connection.query('USE torture')
  await connection.query(
    "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', timestamp = 1700000000.5",
  )
  for (const table of tables) {
    await connection.query(table.create)
    for (const row of table.rows) await connection.query(`INSERT INTO ${table.name} (${table.columns}) VALUES (${row})`)
  }
  // CHAR(0) beside a text of another character set: the servers make different texts of that.
  await connection.query('UPDATE strings SET t = CHAR(0) WHERE id = 4')
  await connection.end()
}

const pairs: readonly (readonly [ServerKind, ServerKind])[] = [
  ['mariadb-10.11', 'mariadb-10.11'],
  ['mysql-9.7', 'mysql-9.7'],
  ['mysql-5.6', 'mysql-5.6'],
  ['mysql-5.6', 'mysql-9.7'],
  ['mariadb-10.11', 'mysql-9.7'],
  ['mysql-5.6', 'mariadb-10.11'],
]

test.each(pairs)('%s and %s agree on every value of every type', async (from, to) => {
  await using source = await startServer(from)
  await using target = await startServer(to)
  const tables = [...commonTables(), ...(from === to ? ownTables(from) : [])]
  await Promise.all([source, target].map((server) => fill(server, tables)))
  const found = await compareServers({
    ...{ source, target, include: [{ schema: 'torture', tables: [] }], exclude: [], live: null },
    signal: new AbortController().signal,
  })
  expect(found.tables.filter(({ verdict }) => verdict !== 'equal')).toEqual([])
  expect(found.tables).toHaveLength(tables.length)
  expect(found.tables.every(({ source: side }) => (side?.rows ?? 0) > 0)).toBe(true)
})
