/** A server whose log holds many rows of a table with columns of the usual kinds. */
import { type ServerKind, startServer, type TestServer } from '../../test/harness/mysql-servers.ts'

const rowsAStatement = 1_000
/** Of the rows, one in so many is updated by a transaction of its own. */
const singleShare = 10
const seed = 1_000_003

export interface RowLog extends AsyncDisposable {
  readonly server: TestServer
  /** Rows in the log, an update counted once. */
  readonly rows: number
  /** What the ids of the rows after their changes add up to. */
  readonly idSum: number
}

/** Fills the log: `count` rows inserted, all of them updated at once, a tenth one by one. */
export async function fillLog(kind: ServerKind, count: number): Promise<RowLog> {
  const server = await startServer(kind, { args: metadataArgs(kind) })
  await server.query('CREATE DATABASE d; USE d')
  await server.query(
    'CREATE TABLE t (id INT PRIMARY KEY, k INT UNSIGNED, n BIGINT, price DECIMAL(12,2), at DATETIME(3), c CHAR(120), p VARCHAR(60)) CHARACTER SET utf8',
  )
  for (let from = 0; from < count; from += rowsAStatement) await server.query(insertFrom(from, count))
  await server.query('UPDATE t SET k = k + 1')
  const singles = Math.floor(count / singleShare)
  for (let from = 0; from < singles; from += rowsAStatement) {
    const ids = Array.from({ length: Math.min(rowsAStatement, singles - from) }, (_none, index) => from + index)
    await server.query(ids.map((id) => `UPDATE t SET n = n + 1 WHERE id = ${id}`).join('; '))
  }
  const idSum = (count * (count - 1) * 2 + singles * (singles - 1)) / 2
  return { server, rows: 2 * count + singles, idSum, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

/** The npm reader is at its best when the log names the columns; a server of 2013 cannot. */
function metadataArgs(kind: ServerKind): readonly string[] {
  return kind === 'mysql-5.6' ? [] : ['--binlog-row-metadata=FULL']
}

function insertFrom(from: number, count: number): string {
  const rows = Array.from({ length: Math.min(rowsAStatement, count - from) }, (_none, index) => {
    const id = from + index
    return `(${id}, ${index * 7}, ${id * seed}, ${index}.25, '2024-02-29 12:34:56.789', REPEAT('c', 120), 'pad pad pad')`
  })
  return `INSERT INTO t VALUES ${rows.join(',')}`
}
