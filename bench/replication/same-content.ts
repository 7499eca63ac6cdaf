/**
 * Whether two servers of one kind hold the same rows: a figure counts only if they do.
 *
 * The server itself adds up a hash of each row, so that a million rows cost no memory here. SHA2, because MySQL 9.7 has no
 * MD5 any more; 60 bits of it, so that the sum stays a whole number.
 */
import type { TestServer } from '../../test/harness/mysql-servers.ts'

/** @throws Error naming a table that differs */
export async function assertSameContent(source: TestServer, target: TestServer, schema: string): Promise<void> {
  const tables = await tablesOf(source, schema)
  if (tables.size === 0) throw new Error(`${schema} has no tables to compare`)
  for (const [table, columns] of tables) {
    const [left, right] = [await digest(source, schema, table, columns), await digest(target, schema, table, columns)]
    if (left !== right) throw new Error(`${schema}.${table} differs: ${left} at the source, ${right} at the target`)
  }
}

/** Columns by table. */
async function tablesOf(server: TestServer, schema: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await server.query(
    'SELECT TABLE_NAME AS t, COLUMN_NAME AS c FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? ORDER BY 1, ORDINAL_POSITION',
    [schema],
  )
  const tables = new Map<string, string[]>()
  for (const { t, c } of rows) tables.set(String(t), [...(tables.get(String(t)) ?? []), String(c)])
  return tables
}

async function digest(server: TestServer, schema: string, table: string, columns: readonly string[]): Promise<string> {
  const cells = columns.map((column) => `IFNULL(HEX(\`${column}\`), 'N')`).join(', ')
  const hash = `CAST(CONV(LEFT(SHA2(CONCAT_WS(',', ${cells}), 256), 15), 16, 10) AS UNSIGNED)`
  const [row] = await server.query(`SELECT COUNT(*) AS n, SUM(${hash}) AS h FROM \`${schema}\`.\`${table}\``)
  return `${row?.n} rows, sum ${row?.h}`
}
