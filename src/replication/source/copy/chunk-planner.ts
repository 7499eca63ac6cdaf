/**
 * Cuts tables into chunks of about equal bytes, ahead of the readers.
 *
 * Easy to get wrong: a bound is only a key value. It needs no snapshot: whatever is inserted or deleted around it falls
 * into one of the two chunks.
 */
import { quoteName, quoteTable } from '../../../mysql/identifier.ts'
import type { Session } from '../../../mysql/session.ts'
import { readTextRow } from '../../../mysql/text-row.ts'
import type { KeyTuple } from '../../pipe/frame.ts'
import { cellExpression, columnOf, rowAlias } from './cell-expressions.ts'
import type { CopyKey } from './copy-key.ts'
import { type KeyRange, rangeCondition } from './key-range.ts'
import type { TableCopy } from './table-copy.ts'

/** Bytes of rows that a chunk should have, when nobody says otherwise. */
export const defaultChunkBytes = 4 * 1024 * 1024
const fewestRows = 16
const mostRows = 50_000

export class ChunkPlanner {
  readonly #session: Session
  readonly #chunkBytes: number

  /** @param chunkBytes bytes of rows that a chunk should have */
  constructor(session: Session, chunkBytes: number) {
    this.#session = session
    this.#chunkBytes = chunkBytes
  }

  /** Plans chunks of the given tables, in their order, until `wanted` wait for readers or nothing is left to plan. */
  async plan(tables: readonly TableCopy[], wanted: number): Promise<void> {
    let waiting = tables.reduce((sum, table) => sum + table.planned.length, 0)
    for (const table of tables) {
      while (waiting < wanted && table.gaps.length > 0 && table.state.kind === 'known' && table.key !== null) {
        await this.#planOne(table, table.key)
        waiting += 1
      }
      if (waiting >= wanted) return
    }
  }

  async #planOne(table: TableCopy, key: CopyKey): Promise<void> {
    const gap = table.gaps[0]
    if (gap === undefined) return
    const bound = await this.#findBound(table, key, gap)
    // While the server searched, a DDL statement may have changed what is to be copied.
    if (table.gaps[0] !== gap || table.key !== key) return
    const isRest = bound === null || JSON.stringify(bound) === JSON.stringify(gap.upTo)
    table.planned.push({ after: gap.after, upTo: isRest ? gap.upTo : bound })
    if (isRest) table.gaps.shift()
    else table.gaps[0] = { after: bound, upTo: gap.upTo }
  }

  /** The key of the row so many rows after the start of the gap; null when the gap has fewer. */
  async #findBound(table: TableCopy, key: CopyKey, gap: KeyRange): Promise<KeyTuple | null> {
    const rows = Math.round(this.#chunkBytes / table.averageRowBytes)
    const count = Math.min(mostRows, Math.max(fewestRows, rows))
    const order = key.columns.map(({ name }) => columnOf(name)).join(', ')
    const sql =
      `SELECT ${key.columns.map(cellExpression).join(', ')} FROM ${quoteTable(table.name.schema, table.name.name)} AS ${rowAlias} ` +
      `FORCE INDEX (${quoteName(key.indexName)}) WHERE ${rangeCondition(key, gap)} ORDER BY ${order} LIMIT ${count}, 1`
    let bound: KeyTuple | null = null
    for await (const batch of this.#session.rawRows(sql))
      for (const row of batch)
        bound = readTextRow(row, 0, key.columns.length).cells.map((cell) =>
          (cell ?? Buffer.alloc(0)).toString('base64'),
        )
    return bound
  }
}
