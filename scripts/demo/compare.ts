/**
 * Compares source and target table by table: row counts, and a hash over all rows in order of their bytes.
 *
 * The server hashes each row over the stored bytes of its columns; the hashes are sorted here, so that tables without a
 * key compare too.
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
  const [found] = await connection.query(
    'SELECT COLUMN_NAME AS name, DATA_TYPE AS type FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION',
    [schema, table],
  )
  const columns = (found as Row[]).map((column) => ({ name: quote(String(column.name)), type: String(column.type) }))
  if (columns.length === 0) return { rows: -1, hash: 'missing' }
  const isFloating = ({ type }: { type: string }) => type === 'float' || type === 'double'
  const cells = columns.filter((column) => !isFloating(column)).map((column) => `IFNULL(${exactText(column)}, 'N')`)
  const floats = columns.filter(isFloating).map(({ name }, index) => `${name} AS f${index}`)
  const hashed = `SHA2(CONCAT_WS(',', ${cells.length === 0 ? "''" : cells.join(', ')}), 256) AS h`
  // Prepared, because only the binary protocol gives every bit of a FLOAT or DOUBLE: as text the servers round some.
  const [rows] = await connection.execute(
    `SELECT ${[hashed, ...floats].join(', ')} FROM ${quote(schema)}.${quote(table)}`,
  )
  const lines = (rows as Row[]).map((row) => [row.h, ...floats.map((_, index) => bits(row[`f${index}`]))].join())
  const hash = createHash('sha256')
  for (const line of lines.sort()) hash.update(line)
  return { rows: lines.length, hash: hash.digest('hex') }
}

function bits(value: unknown): string {
  if (value === null) return 'N'
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(Number(value))
  return bytes.toString('hex')
}

// HEX of a number rounds it.
function exactText({ name, type }: { readonly name: string; readonly type: string }): string {
  return type === 'decimal' ? `CAST(${name} AS CHAR)` : `HEX(${name})`
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
