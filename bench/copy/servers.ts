/**
 * Source and target of the copy benchmark: real servers with a buffer that holds about all of it, so that what is
 * measured is the copying and not this machine's disk; tables as sysbench makes them.
 */
import { type ServerKind, startServer, type TestServer } from '../../test/harness/mysql-servers.ts'

export const schema = 'sbtest'

export interface CopyTables {
  readonly rows: number
  readonly tables: number
}

/** Equal for source and target, and for everybody who copies: commits are flushed each second, the binary log is on. */
export function startCopyServer(
  kind: ServerKind,
  options: { readonly dataDir?: string; readonly args: readonly string[] },
): Promise<TestServer> {
  const redo = kind === 'mysql-9.7' ? '--innodb-redo-log-capacity=1G' : '--innodb-log-file-size=512M'
  const args = ['--innodb-buffer-pool-size=1G', redo, ...options.args]
  return startServer(kind, { ...options, args })
}

/** Fills the source, unless an earlier run has. */
export async function fill(server: TestServer, { rows, tables }: CopyTables): Promise<void> {
  const perTable = Math.ceil(rows / tables)
  if (await isFilled(server, perTable, tables)) return
  const connection = await server.connect({ multipleStatements: true })
  await connection.query(
    `SET SESSION sql_log_bin = 0; DROP DATABASE IF EXISTS ${schema}; CREATE DATABASE ${schema}; USE ${schema};
     CREATE TABLE sbtest1 (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, k INT NOT NULL DEFAULT 0,
       c CHAR(120) NOT NULL DEFAULT '', pad CHAR(60) NOT NULL DEFAULT '', KEY k_1 (k)) DEFAULT CHARSET=utf8mb4`,
  )
  const digits = 'LPAD(FLOOR(RAND() * 99999999999), 11, 0)'
  const text = (groups: number) => `CONCAT_WS('-', ${Array.from({ length: groups }, () => digits).join(', ')})`
  const values = `FLOOR(RAND() * ${perTable}) + 1, ${text(10)}, ${text(5)}`
  await connection.query(`INSERT INTO sbtest1 (k, c, pad) SELECT ${values}`)
  for (let have = 1; have < perTable; have *= 2) {
    const limit = Math.min(have, perTable - have)
    await connection.query(`INSERT INTO sbtest1 (k, c, pad) SELECT ${values} FROM sbtest1 LIMIT ${limit}`)
  }
  for (let table = 2; table <= tables; table += 1)
    await connection.query(
      `CREATE TABLE sbtest${table} LIKE sbtest1; INSERT INTO sbtest${table} SELECT * FROM sbtest1 ORDER BY id`,
    )
  await connection.end()
}

async function isFilled(server: TestServer, perTable: number, tables: number): Promise<boolean> {
  const found = await server.query<{ n: number }[]>(
    `SELECT COUNT(*) AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${schema}'`,
  )
  if (Number(found[0]?.n) !== tables) return false
  const [last] = await server.query<{ n: number }[]>(`SELECT COUNT(*) AS n FROM ${schema}.sbtest${tables}`)
  return Number(last?.n) === perTable
}

/** Row count and a sum over all rows of each table, and each table's definition: equal for equal tables. */
export async function contentOf(server: TestServer, tables: number): Promise<string> {
  const lines: string[] = []
  for (let table = 1; table <= tables; table += 1) {
    const [sums] = await server.query(
      `SELECT COUNT(*) AS n, SUM(CRC32(CONCAT_WS('#', id, k, c, pad))) AS s, SUM(id) AS ids, SUM(k) AS ks
       FROM ${schema}.sbtest${table}`,
    )
    const keys = await server.query(
      `SELECT INDEX_NAME AS name, COLUMN_NAME AS part FROM information_schema.STATISTICS
       WHERE TABLE_SCHEMA = '${schema}' AND TABLE_NAME = 'sbtest${table}' ORDER BY 1, SEQ_IN_INDEX`,
    )
    lines.push(JSON.stringify([table, sums, keys]))
  }
  return lines.join('\n')
}
