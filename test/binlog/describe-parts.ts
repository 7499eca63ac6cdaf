/** Short forms of transaction parts, for comparing in tests. */
import { decodeTableMap, RowsReader, rowValues, type TransactionPart } from '../../src/binlog/index.ts'
import type { TestServer } from '../harness/mysql-servers.ts'
import { partsOf } from './collect-parts.ts'

/** Runs each statement alone, on one connection. */
export function run(server: TestServer, ...statements: string[]) {
  return partsOf(server, async () => {
    const connection = await server.connect({ database: 'd' })
    try {
      for (const statement of statements) await connection.query(statement)
    } finally {
      await connection.end()
    }
  })
}

/** The kinds of the parts, in order, without idle and format. */
export const outline = (parts: readonly TransactionPart[]) =>
  parts.filter((part) => part.kind !== 'idle' && part.kind !== 'format').map((part) => part.kind)

/** The text of every statement. */
export const sqlOf = (parts: readonly TransactionPart[]) =>
  parts.flatMap((part) => ('query' in part ? [part.query.sql.toString()] : []))

type Values = ReturnType<typeof rowValues> | null

/** Every row: its kind, and the values before and after (undefined: absent). */
export function changes(parts: readonly TransactionPart[]) {
  const found: { kind: string; before: Values; after: Values }[] = []
  let reader: RowsReader | null = null
  for (const part of parts) {
    if (part.kind === 'table-map') reader = new RowsReader(decodeTableMap(part.event))
    if (part.kind !== 'rows' || reader === null) continue
    const { kind } = reader.open(part.event)
    const { columns } = reader.table
    while (reader.next())
      found.push({
        kind,
        before: kind === 'write' ? null : rowValues(reader.before, columns, null),
        after: kind === 'delete' ? null : rowValues(reader.after, columns, null),
      })
  }
  return found
}
