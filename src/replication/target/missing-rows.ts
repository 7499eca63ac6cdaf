/**
 * Rows of the copy that the target lacks and that no chunk will bring: only parts of them came in the stream
 * (binlog_row_image MINIMAL or NOBLOB, differences of JSON documents), and there was no row to change.
 *
 * A row gets lost so when an update moves it into a chunk that was copied before, or when another row, copied later, had
 * taken a unique value from it. Each is recorded in the transaction of the change; when the copy ends, those that are
 * still not there are read again.
 *
 * Easy to get wrong: most rows that are not there yet come with their chunks. So what counts is who is missing at the
 * end: a row that came since is as new as whatever brought it.
 */
import { createHash } from 'node:crypto'
import type { RowImage } from '../../binlog/row-image.ts'
import type { Session } from '../../mysql/session.ts'
import type { CopyTable, KeyTuple } from '../pipe/frame.ts'
import { keyCell } from '../pipe/key-cell.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { type ChunkTable, keyCondition } from './chunk-statement.ts'
import type { CopyStore, MissingRow } from './copy-store.ts'
import type { RowLiterals } from './row-literals.ts'
import { quoteText, SqlText, utf8Text } from './sql-text.ts'
import type { TableCatalog, TargetTable } from './table-catalog.ts'

const rowsAtOnce = 100

export interface MissingRowsParts {
  readonly checkpoints: CheckpointStore
  readonly copies: CopyStore
  readonly catalog: TableCatalog
  /** Reads the bookkeeping. */
  readonly plain: Session
}

export class MissingRows {
  readonly #parts: MissingRowsParts
  #tables: Map<string, CopyTable> | null = null

  constructor(parts: MissingRowsParts) {
    this.#parts = parts
  }

  /** The tables of the copy have changed. */
  forgetTables(): void {
    this.#tables = null
  }

  /** The table as the copy knows it; null when it is none of its tables, or has no key. */
  async copied({ schema, name }: TargetTable): Promise<CopyTable | null> {
    if (this.#tables === null) {
      const tables = await this.#parts.copies.tables(this.#parts.plain)
      this.#tables = new Map(tables.map((table) => [`${table.schema}\0${table.table}`, table]))
    }
    const copy = this.#tables.get(`${schema}\0${name}`)
    return copy === undefined || copy.keyColumns.length === 0 ? null : copy
  }

  /** The statement that records the row of that key if it is not there. */
  recordStatement(table: ChunkTable, key: KeyTuple): Buffer {
    const { tableId } = table.copy
    return new SqlText(512)
      .add(
        `REPLACE INTO millrace.copy_row (job_id, row_id, table_id, row_key)
         SELECT ${this.#job}, '${rowIdOf(tableId, key)}', ${tableId}, ${utf8Text(JSON.stringify(key))} FROM DUAL
         WHERE NOT EXISTS (SELECT 1 FROM ${table.target.quoted} WHERE `,
      )
      .addBytes(keyCondition(table, key))
      .add(')')
      .toBuffer()
  }

  /** The statement that forgets rows that were read again; null for none. */
  foundStatement(tableId: number, keys: readonly KeyTuple[]): string | null {
    return keys.length === 0 ? null : this.#forgetStatement(keys.map((key) => rowIdOf(tableId, key)))
  }

  /**
   * Forgets, in the open transaction of `session`, the recorded rows that are there by now.
   *
   * @returns how many are not
   */
  async settle(session: Session): Promise<number> {
    const tables = new Map((await this.#parts.copies.tables(this.#parts.plain)).map((copy) => [copy.tableId, copy]))
    const { copies, plain } = this.#parts
    let missing = 0
    let rows = await copies.missingRows(plain, rowsAtOnce)
    while (rows.length > 0) {
      const lacking = await this.#lacking(session, rows, tables)
      missing += lacking.size
      const found = rows.filter(({ rowId }) => !lacking.has(rowId)).map(({ rowId }) => rowId)
      if (found.length > 0) await session.execute(this.#forgetStatement(found))
      rows = await copies.missingRows(plain, rowsAtOnce, rows.at(-1)?.rowId)
    }
    return missing
  }

  get #job(): string {
    return this.#parts.checkpoints.jobText
  }

  #forgetStatement(rowIds: readonly string[]): string {
    return `DELETE FROM millrace.copy_row WHERE job_id = ${this.#job} AND row_id IN (${rowIds.map(quoteText).join(',')})`
  }

  async #lacking(
    session: Session,
    rows: readonly MissingRow[],
    tables: ReadonlyMap<number, CopyTable>,
  ): Promise<ReadonlySet<string>> {
    const sql = new SqlText(4_096)
    let count = 0
    for (const { rowId, tableId, key } of rows) {
      const copy = tables.get(tableId)
      const target = copy === undefined ? null : await this.#parts.catalog.find(copy.schema, copy.table)
      if (copy === undefined || target === null || copy.keyColumns.length !== key.length) continue
      sql.add(count === 0 ? '' : ' UNION ALL ')
      sql.add(`SELECT '${rowId}' AS row_id FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM ${target.quoted} WHERE `)
      sql.addBytes(keyCondition({ copy, target }, key)).add(')')
      count += 1
    }
    if (count === 0) return new Set()
    return new Set((await session.query(sql.toBuffer())).map((row) => row['row_id'] ?? ''))
  }
}

/** The key of a row after an update; null when the images do not hold it. */
export function keyAfter(
  literals: RowLiterals,
  { keyColumns }: CopyTable,
  before: RowImage,
  after: RowImage,
): KeyTuple | null {
  const key: string[] = []
  for (const name of keyColumns) {
    const place = literals.target.columns.findIndex((column) => column.name === name)
    const [type, column] = [literals.reader.table.columns[place], literals.target.columns[place]]
    const image = literals.isWhole(after, place) ? after : before
    if (type === undefined || column === undefined || !literals.isWhole(image, place)) return null
    key.push(keyCell(type, column, image, place).toString('base64'))
  }
  return key
}

function rowIdOf(tableId: number, key: KeyTuple): string {
  return createHash('sha1')
    .update(JSON.stringify([tableId, key]))
    .digest('hex')
}
