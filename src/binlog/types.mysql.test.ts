import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { partsOf } from '../../test/binlog/collect-parts.ts'
import { type EdgeColumn, edgeColumns, edgeRows } from '../../test/binlog/type-edges.ts'
import { type ServerKind, startServer, type TestServer } from '../../test/harness/mysql-servers.ts'
import {
  columnValue,
  decodeTableMap,
  decodeTableMetadata,
  encodeEventForBinlogStatement,
  type RawEvent,
  RowsReader,
  sqlLiteral,
  type TableMap,
  type TransactionPart,
  writeTableMapWithNames,
} from './index.ts'

const session = "SET SESSION sql_mode='ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone='+00:00'"

interface Row {
  readonly table: TableMap
  /** By column, without the id: the value's bytes in hexadecimal. */
  readonly values: readonly (string | null)[]
  readonly literals: readonly string[]
}

/** Every row of the parts, with each value as bytes and as the literal that should make the same bytes. */
function rowsOf(parts: readonly TransactionPart[], columns: readonly EdgeColumn[]): Row[] {
  const rows: Row[] = []
  let reader: RowsReader | null = null
  for (const part of parts) {
    if (part.kind === 'table-map') reader = new RowsReader(decodeTableMap(part.event))
    if (part.kind !== 'rows' || reader === null) continue
    reader.open(part.event)
    while (reader.next()) rows.push(readRow(reader, columns))
  }
  return rows
}

function readRow(reader: RowsReader, columns: readonly EdgeColumn[]): Row {
  const { after, table } = reader
  const literals = columns.map((column, index) => {
    const type = table.columns[index + 1]
    if (type === undefined) throw new Error(`no column ${index}`)
    if (after.isNull(index + 1)) return 'NULL'
    const options = { isUnsigned: column.isUnsigned === true, charset: column.charset ?? null, json: 'exact' } as const
    return sqlLiteral(type, options, after.buffer, after.starts[index + 1] ?? 0, after.ends[index + 1] ?? 0)
  })
  return { table, literals, values: columns.map((_column, index) => after.bytes(index + 1)?.toString('hex') ?? null) }
}

const kinds: readonly ServerKind[] = ['mysql-9.7', 'mysql-5.6', 'mariadb-10.11']

describe.each(kinds)('on %s', (kind) => {
  let server: TestServer
  const columns = edgeColumns(kind)
  let parts: TransactionPart[]
  let rows: Row[]

  beforeAll(async () => {
    const extra = kind === 'mysql-5.6' ? [] : ['--binlog-row-metadata=FULL']
    server = await startServer(kind, { args: ['--max-allowed-packet=64M', ...extra] })
    const list = columns.map((column) => `\`${column.name}\` ${column.definition}`).join(', ')
    await server.query(`CREATE DATABASE d CHARACTER SET utf8mb4; USE d; SET NAMES utf8mb4; ${session}`)
    for (const table of ['origin', 'by_sql', 'by_binlog'])
      await server.query(`CREATE TABLE ${table} (id INT PRIMARY KEY, ${list}) ENGINE=InnoDB`)
    parts = await partsOf(server, async () => {
      for (const [id, values] of edgeRows(columns).entries())
        await server.query(`INSERT INTO origin VALUES (${[id, ...values].join(', ')})`)
    })
    rows = rowsOf(parts, columns)
  })

  afterAll(() => server[Symbol.asyncDispose]())

  test('an SQL literal of every value stores the same bytes again', async () => {
    const copied = rowsOf(
      await partsOf(server, async () => {
        for (const [id, row] of rows.entries())
          await server.query(`INSERT INTO by_sql VALUES (${[id, ...row.literals].join(', ')})`)
      }),
      columns,
    )
    const different = rows.flatMap((row, id) =>
      columns.flatMap((column, index) =>
        row.values[index] === copied[id]?.values[index] ? [] : [`${column.name} ${row.literals[index]}`],
      ),
    )
    expect(different).toEqual([])
    expect(copied).toHaveLength(rows.length)
  })

  test('an SQL literal with its character set finds the row by a comparison', async () => {
    const missed: string[] = []
    for (const [id, row] of rows.entries()) {
      for (const [index, column] of columns.entries()) {
        const literal = row.literals[index] ?? ''
        if (literal === 'NULL' || isNotComparable(column)) continue
        const [found] = await server.query(
          `SELECT COUNT(*) AS n FROM origin WHERE id = ${id} AND \`${column.name}\` = ${literal}`,
        )
        if (Number(found?.n) !== 1) missed.push(`${column.name} = ${literal.slice(0, 80)}`)
      }
    }
    expect(missed).toEqual([])
  })

  test('raw events passed through a BINLOG statement to another table store the same bytes', async () => {
    const format = await formatOf(server)
    const copied = await partsOf(server, async () => {
      let statement: RawEvent[] = []
      await using connection = await dedicated(server)
      await connection.query(`BINLOG '${encodeEventForBinlogStatement(format, [])}'`)
      for (const part of parts) {
        if (part.kind === 'table-map') statement = [writeTableMapWithNames(part.event, 'd', 'by_binlog')]
        if (part.kind !== 'rows') continue
        if (server.vendor === 'mysql') await connection.query("SET SESSION gtid_next='AUTOMATIC'")
        await connection.query('BEGIN')
        await connection.query(`BINLOG '${encodeEventForBinlogStatement(null, [...statement, part.event])}'`)
        await connection.query('COMMIT')
      }
    })
    expect(rowsOf(copied, columns).map((row) => row.values)).toEqual(rows.map((row) => row.values))
  })

  test('dates, decimals and numbers read as the server prints them', async () => {
    const shown = await server.query<Record<string, unknown>[]>('SELECT * FROM origin ORDER BY id')
    const wrong: string[] = []
    for (const [id, row] of rows.entries()) {
      for (const [index, column] of columns.entries()) {
        const type = row.table.columns[index + 1]
        const hex = row.values[index]
        if (!/^(date|time|dec|tiny|small|medium|int|big)/i.test(column.name) || typeof hex !== 'string') continue
        if (type === undefined || column.charset !== undefined) continue
        const bytes = Buffer.from(hex, 'hex')
        const value = columnValue(type, column.isUnsigned === true, bytes, 0, bytes.length)
        const server = String(shown[id]?.[column.name])
        if (String(value) !== server) wrong.push(`${column.name}: ${value} is not ${server}`)
      }
    }
    expect(wrong).toEqual([])
  })

  test('the optional metadata names the columns, their signs and their members', () => {
    const table = rows[0]?.table
    if (table === undefined) throw new Error('no rows')
    const metadata = decodeTableMetadata(table)
    if (kind === 'mysql-5.6') {
      expect(metadata.names).toBeNull()
      return
    }
    expect(metadata.names).toEqual(['id', ...columns.map((column) => column.name)])
    expect(metadata.primaryKey).toEqual([{ column: 0, prefixLength: 0 }])
    for (const [index, column] of columns.entries()) {
      const told = metadata.isUnsigned?.[index + 1] ?? null
      if (told !== null) expect([column.name, told]).toEqual([column.name, column.isUnsigned === true])
    }
    const enumAt = columns.findIndex((column) => column.name === 'enum_300') + 1
    expect(metadata.members?.[enumAt]?.at(-1)?.toString()).toBe('m300')
    const blobAt = columns.findIndex((column) => column.name === 'blob_') + 1
    expect(metadata.collations?.[blobAt]).toBe(63)
  })
})

/** What SQL itself can't compare by `=` with a literal. */
function isNotComparable(column: EdgeColumn): boolean {
  return /^(json_|float_7_3|geometry_|point_|srid_|vector_|uuid_|inet|enum_$)/.test(column.name)
}

async function dedicated(server: TestServer) {
  const connection = await server.connect()
  return {
    query: (sql: string) => connection.query(sql),
    [Symbol.asyncDispose]: () => connection.end(),
  }
}

async function formatOf(server: TestServer): Promise<RawEvent> {
  const parts = await partsOf(server, () => server.query('CREATE TABLE IF NOT EXISTS d.nothing (id INT)'))
  const format = parts.find((part) => part.kind === 'format')
  if (format?.kind !== 'format') throw new Error('no format description')
  return format.event
}
