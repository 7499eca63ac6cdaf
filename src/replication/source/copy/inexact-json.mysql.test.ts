import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../../../../test/harness/mysql-servers.ts'
import { readDefinitions } from '../../../mysql/schema-reader.ts'
import { openSession, type Session } from '../../../mysql/session.ts'
import { copyingState, plainState } from '../../../mysql/session-state.ts'
import { readTextRow } from '../../../mysql/text-row.ts'
import { decodeExactJson, isExactJson } from '../../pipe/exact-json.ts'
import { readChunk } from './chunk-reader.ts'
import { wholeTable } from './key-range.ts'
import { TableCopy } from './table-copy.ts'

let server: TestServer
let plain: Session
let reader: Session

beforeAll(async () => {
  server = await startServer('mysql-9.7')
  await server.query(
    'CREATE DATABASE j; CREATE TABLE j.t (id INT, k VARCHAR(9) NOT NULL, a JSON, b JSON, PRIMARY KEY (id, k))',
  )
  plain = await openSession(server)
  await plain.execute(plainState)
  reader = await openSession(server)
  await reader.execute(copyingState)
})
afterAll(async () => {
  await plain.close()
  await reader.close()
  await server[Symbol.asyncDispose]()
})

/** Copies the table as the target would, into `j.copy`. @returns how many documents needed more than their text */
async function copy(): Promise<number> {
  const [definition] = await readDefinitions(plain, [{ schema: 'j', name: 't' }])
  if (definition === undefined) throw new Error('no table')
  const facts = { tableId: 1, engine: 'InnoDB', estimatedRows: 0, estimatedBytes: 0, averageRowBytes: 0 }
  const table = new TableCopy({ ...definition, ...facts })
  table.define(definition)
  await plain.execute('DROP TABLE IF EXISTS j.copy')
  await plain.execute('CREATE TABLE j.copy LIKE j.t')
  let exact = 0
  await readChunk(reader, table, wholeTable, async (piece) => {
    for (let row = 0, at = 0; row < piece.rowCount; row += 1) {
      const { cells, next } = readTextRow(piece.rows, at, 4)
      at = next
      const values = cells.map((cell, column) => {
        if (cell === null) return 'NULL'
        if (!isExactJson(cell)) return column < 2 ? `X'${cell.toString('hex')}'` : `_utf8mb4 X'${cell.toString('hex')}'`
        exact += 1
        return decodeExactJson(cell).expression.toString()
      })
      values[0] = cells[0]?.toString() ?? ''
      await plain.execute(`INSERT INTO j.copy VALUES (${values.join(', ')})`)
    }
  })
  return exact
}

async function differences(): Promise<unknown> {
  return plain.query(
    `SELECT t.id, CAST(t.a AS CHAR) AS had, CAST(c.a AS CHAR) AS has FROM j.t AS t LEFT JOIN j.copy AS c USING (id, k)
     WHERE c.id IS NULL OR NOT (t.a <=> c.a) OR NOT (BINARY CAST(t.a AS CHAR) <=> BINARY CAST(c.a AS CHAR)) OR NOT (t.b <=> c.b)`,
  )
}

test('documents with decimals, dates, bytes and nested ones of them arrive equal in text and value', async () => {
  await server.query(`INSERT INTO j.t VALUES (1, 'a''\\\\', JSON_OBJECT('d', CAST('1.10' AS DECIMAL(10,2)), 'n', CAST('5' AS DECIMAL(5,0)),
      'big', CAST('12345678901234567890.123456789' AS DECIMAL(40,9)), 'day', CAST('2024-02-29' AS DATE),
      'at', CAST('2024-02-29 10:11:12.5' AS DATETIME(6)), 'time', CAST('-838:59:59' AS TIME(6)), 'bytes', CAST('abc' AS BINARY)), NULL),
    (2, 'b', '{"plain": [1, -2, 18446744073709551615, "text", true, null, {"x": {}}]}', '[]'),
    (3, 'c', JSON_ARRAY(JSON_ARRAY(CAST('0.50' AS DECIMAL(3,2))), JSON_OBJECT('a "b" \\\\', CAST('2024-01-01' AS DATE))), JSON_ARRAY(CAST(1 AS DECIMAL(9,1)))),
    (4, 'd', CAST(CAST('7.700' AS DECIMAL(5,3)) AS JSON), CAST(CAST('2024-01-01' AS DATE) AS JSON)),
    (5, 'e', '"2024-02-29"', '"base64:type15:YQ=="'), (6, 'f', NULL, NULL)`)
  // Both documents of a row that needs it are said exactly: two of row 3, two of row 4, one of row 1.
  expect(await copy()).toBe(5)
  expect(await differences()).toEqual([])
  const types = await plain.query(
    "SELECT JSON_TYPE(a->'$.day') AS day, JSON_TYPE(a->'$.d') AS d FROM j.copy WHERE id = 1",
  )
  expect(types).toEqual([{ day: 'DATE', d: 'DECIMAL' }])
})

test('doubles arrive to the last bit, however the server would read their text', async () => {
  await server.query('DELETE FROM j.t')
  const random = Array.from(
    { length: 2_000 },
    (_, id) => `(${id}, 'k', JSON_ARRAY(RAND(${id}) * POW(10, ${(id % 600) - 300})), NULL)`,
  )
  await server.query(`INSERT INTO j.t VALUES ${random.join(', ')}`)
  await copy()
  expect(await differences()).toEqual([])
})
