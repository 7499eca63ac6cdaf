/** Compares tables of two servers cell by cell, as bytes. */
import type { TestServer } from '../harness/mysql-servers.ts'

/** Every row of the table as a line of hexadecimal cells, in a fixed order. */
export async function tableLines(server: TestServer, schema: string, table: string): Promise<string[]> {
  const connection = await server.connect()
  try {
    await connection.query("SET SESSION time_zone = '+00:00', sql_mode = ''")
    const [columns] = await connection.query(
      `SELECT COLUMN_NAME AS name, DATA_TYPE AS type FROM information_schema.COLUMNS
       WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
      [schema, table],
    )
    const cells = (columns as { name: string; type: string }[]).map(({ name, type }) =>
      cellExpression(name, type.toLowerCase()),
    )
    const parts = cells.map((cell) => `COALESCE(${cell}, 'NULL')`)
    const [rows] = await connection.query(
      `SELECT CONCAT_WS('|', ${parts.join(', ')}) AS line FROM \`${schema.replaceAll('`', '``')}\`.\`${table.replaceAll('`', '``')}\``,
    )
    return (rows as { line: string }[]).map(({ line }) => String(line)).sort()
  } finally {
    await connection.end()
  }
}

function cellExpression(name: string, type: string): string {
  const column = `\`${name.replaceAll('`', '``')}\``
  switch (type) {
    case 'json':
      return `HEX(CAST(${column} AS CHAR))`
    case 'float':
      return `HEX(CAST(${column} + 0e0 AS CHAR))`
    case 'enum':
    case 'set':
    case 'bit':
      return `HEX(CAST(${column} AS UNSIGNED))`
    default:
      return `HEX(CAST(${column} AS BINARY))`
  }
}
