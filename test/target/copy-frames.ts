/** Items of a copy, read from a real server: structures, tables, and rows in chunks of a few rows. */

import { readCreateSchema, readCreateTable, readDefinitions, readTables } from '../../src/mysql/schema-reader.ts'
import { openSession, type Session } from '../../src/mysql/session.ts'
import { copyingState } from '../../src/mysql/session-state.ts'
import { readTextRow } from '../../src/mysql/text-row.ts'
import type { ChunkPiece, CopyTable, FrameItem, KeyTuple, StructureObject } from '../../src/replication/pipe/frame.ts'
import { columnOf, copiedColumns, rowAlias } from '../../src/replication/source/copy/cell-expressions.ts'
import { pickCopyKey } from '../../src/replication/source/copy/copy-key.ts'
import { quoteTable } from '../../src/replication/target/sql-text.ts'
import type { TestServer } from '../harness/mysql-servers.ts'

const sqlMode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'

async function withSession<Result>(server: TestServer, work: (session: Session) => Promise<Result>): Promise<Result> {
  const session = await openSession(server)
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}

export function structureItems(server: TestServer, schema: string): Promise<FrameItem[]> {
  return withSession(server, async (session) => {
    await session.execute(`SET SESSION sql_mode = '${sqlMode}'`)
    const object = (kind: StructureObject['kind'], name: string, createSql: string): FrameItem => ({
      kind: 'structure',
      object: { kind, schema, name, createSql, sqlMode, when: 'before-rows' },
    })
    const items = [object('schema', schema, await readCreateSchema(session, schema))]
    for (const table of await readTables(session, [schema]))
      if (table.kind === 'table') items.push(object('table', table.name, await readCreateTable(session, table)))
    return items
  })
}

export function copyTables(server: TestServer, schema: string): Promise<CopyTable[]> {
  return withSession(server, async (session) => {
    const names = (await readTables(session, [schema])).filter(({ kind }) => kind === 'table')
    const definitions = await readDefinitions(session, names)
    return definitions.map((definition, index) => ({
      tableId: index + 1,
      schema,
      table: definition.name,
      columns: copiedColumns(definition.columns).map(({ column }) => column),
      keyColumns: pickCopyKey(definition)?.columns.map(({ name }) => name) ?? [],
      estimatedRows: 0,
      estimatedBytes: 0,
    }))
  })
}

/** The rows of a table as they are now, `chunkRows` in a chunk, in pieces of half as many. */
export function chunkItems(server: TestServer, table: CopyTable, chunkRows: number): Promise<FrameItem[]> {
  return withSession(server, async (session) => {
    const [definition] = await readDefinitions(session, [{ schema: table.schema, name: table.table }])
    const columns = copiedColumns(definition?.columns ?? [])
    const order =
      table.keyColumns.length === 0 ? '' : ` ORDER BY ${table.keyColumns.map((name) => columnOf(name)).join(',')}`
    await session.execute(copyingState)
    const rows: Buffer[] = []
    const cells = columns.map(({ expression }) => expression).join(',')
    for await (const batch of session.rawRows(
      `SELECT ${cells} FROM ${quoteTable(table.schema, table.table)} AS ${rowAlias}${order}`,
    ))
      for (const row of batch) rows.push(Buffer.from(row))
    const size = table.keyColumns.length === 0 ? rows.length + 1 : chunkRows
    const items: FrameItem[] = []
    let after: KeyTuple | null = null
    for (let from = 0; from < rows.length || from === 0; from += size) {
      const own = rows.slice(from, from + size)
      const isEnd = from + size >= rows.length
      const upTo: KeyTuple | null = isEnd ? null : keyOf(own.at(-1) ?? Buffer.alloc(0), table)
      items.push(...pieces({ tableId: table.tableId, after, upTo }, own))
      after = upTo
    }
    return items
  })
}

function pieces(range: Pick<ChunkPiece, 'tableId' | 'after' | 'upTo'>, rows: readonly Buffer[]): FrameItem[] {
  const half = Math.ceil(rows.length / 2)
  return [rows.slice(0, half), rows.slice(half)].map((part, piece) => ({
    kind: 'chunk',
    chunk: {
      ...range,
      piece,
      isLast: piece === 1,
      isReread: false,
      keys: [],
      rowCount: part.length,
      rows: Buffer.concat(part),
    },
  }))
}

function keyOf(row: Buffer, table: CopyTable): KeyTuple {
  const { cells } = readTextRow(row, 0, table.columns.length)
  return table.keyColumns.map((name) => {
    const place = table.columns.findIndex((column) => column.name === name)
    return (cells[place] ?? Buffer.alloc(0)).toString('base64')
  })
}
