/**
 * Compares source and target table by table: row counts, and a hash over all rows in order of their bytes.
 *
 * The server hashes each row over the stored bytes of its columns; the hashes are added up in sorted order here, so that
 * tables without a key compare too.
 */
import { createHash } from 'node:crypto'
import type { Connection } from 'mysql2/promise'

export interface TableComparison {
  readonly table: string
  readonly sourceRows: number
  readonly targetRows: number
  readonly isEqual: boolean
}

type Row = Record<string, unknown>

/** @returns one entry for every table of the schema on either side */
export async function compareSchemas(
  source: Connection,
  target: Connection,
  schema: string,
): Promise<readonly TableComparison[]> {
  const tables = new Set([...(await tablesOf(source, schema)), ...(await tablesOf(target, schema))])
  const comparisons: TableComparison[] = []
  for (const table of tables) {
    const [left, right] = [await digest(source, schema, table), await digest(target, schema, table)]
    comparisons.push({ table, sourceRows: left.rows, targetRows: right.rows, isEqual: left.hash === right.hash })
  }
  return comparisons
}

async function tablesOf(connection: Connection, schema: string): Promise<readonly string[]> {
  const [rows] = await connection.query(
    'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? ORDER BY 1',
    [schema],
  )
  return (rows as Row[]).map((row) => String(row.name))
}

async function digest(connection: Connection, schema: string, table: string): Promise<{ rows: number; hash: string }> {
  const [columns] = await connection.query(
    'SELECT COLUMN_NAME AS name, DATA_TYPE AS type FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION',
    [schema, table],
  )
  if ((columns as Row[]).length === 0) return { rows: -1, hash: 'missing' }
  const cells = (columns as Row[]).map(
    (column) => `IFNULL(${exactText(String(column.name), String(column.type))}, 'N')`,
  )
  const [rows] = await connection.query(
    `SELECT SHA2(CONCAT_WS(',', ${cells.join(', ')}), 256) AS h FROM ${quote(schema)}.${quote(table)} ORDER BY 1`,
  )
  const hash = createHash('sha256')
  for (const row of rows as Row[]) hash.update(String(row.h))
  return { rows: (rows as Row[]).length, hash: hash.digest('hex') }
}

// HEX of a number rounds it; FLOAT as text keeps six digits only, times one as a double it keeps every bit, the sign of zero too.
function exactText(column: string, type: string): string {
  if (type === 'float' || type === 'double') return `CAST(${quote(column)} * 1e0 AS CHAR)`
  return type === 'decimal' ? `CAST(${quote(column)} AS CHAR)` : `HEX(${quote(column)})`
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
