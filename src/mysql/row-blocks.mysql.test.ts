import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../../test/harness/mysql-servers.ts'
import { SqlError } from './errors.ts'
import type { RowBlock } from './row-blocks.ts'
import { openSession, type Session } from './session.ts'
import { copyingState } from './session-state.ts'

let server: TestServer
let session: Session

beforeAll(async () => {
  server = await startServer('mysql-9.7')
  session = await openSession(server)
  await session.execute(copyingState)
  await session.execute('CREATE DATABASE d')
  await session.execute('CREATE TABLE d.t (id INT PRIMARY KEY, v LONGBLOB)')
  for (let id = 0; id < 300; id += 1)
    await session.execute(
      `INSERT INTO d.t VALUES (${id}, ${id % 7 === 0 ? 'NULL' : `REPEAT(CHAR(${id % 256}), ${id * 11})`})`,
    )
  // One that begins with the mark of an end, one of several packets.
  await session.execute("INSERT INTO d.t VALUES (1000, REPEAT('x', 17 * 1024 * 1024)), (1001, REPEAT('y', 16777205))")
})
afterAll(async () => {
  await session.close()
  await server[Symbol.asyncDispose]()
})

async function blocksOf(sql: string, blockBytes: number): Promise<readonly RowBlock[]> {
  const blocks: RowBlock[] = []
  for await (const block of session.rowBlocks(sql, blockBytes)) blocks.push(block)
  return blocks
}

test.each([1, 1_000, 100_000, 8_000_000])(
  'blocks of %i bytes hold the rows as they come, and all of them',
  async (bytes) => {
    for (const sql of ['SELECT * FROM d.t ORDER BY id', 'SELECT v, id FROM d.t ORDER BY id DESC']) {
      const rows: Buffer[] = []
      for await (const batch of session.rawRows(sql)) rows.push(...batch.map((row) => Buffer.from(row)))
      const blocks = await blocksOf(sql, bytes)
      expect(Buffer.concat(blocks.map((block) => block.rows)).equals(Buffer.concat(rows))).toBe(true)
      expect(blocks.reduce((sum, block) => sum + block.rowCount, 0)).toBe(302)
      for (const block of blocks.slice(0, -1)) expect(block.rows.length).toBeGreaterThanOrEqual(bytes)
    }
  },
)

test('a result without rows has no block', async () => {
  expect(await blocksOf('SELECT * FROM d.t WHERE id < 0', 1_000)).toEqual([])
})

test('an error comes out where the rows are taken, also behind rows, and the session goes on', async () => {
  await expect(blocksOf('SELECT * FROM d.nothing', 1_000)).rejects.toThrow(SqlError)
  await expect(
    blocksOf("SELECT id, JSON_EXTRACT(IF(id = 200, 'no json', '1'), '$') FROM d.t ORDER BY id", 100),
  ).rejects.toThrow(SqlError)
  expect(await session.query('SELECT 1 AS one')).toEqual([{ one: '1' }])
})

test('whoever stops early gets the session back', async () => {
  for await (const block of session.rowBlocks('SELECT * FROM d.t', 1_000)) {
    expect(block.rowCount).toBeGreaterThan(0)
    break
  }
  expect(await session.query('SELECT 1 AS one')).toEqual([{ one: '1' }])
})
