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

export interface PlannerParts {
  readonly session: Session
  /** Bytes of rows that a chunk should have. */
  readonly chunkBytes: number
  /**
   * Tables that are cut in turn, so that they are written beside each other: sessions that add to one table wait for each
   * other. Others wait until one of them is done.
   */
  readonly tablesAtOnce: number
}

export class ChunkPlanner {
  readonly #parts: PlannerParts

  constructor(parts: PlannerParts) {
    this.#parts = parts
  }

  /** Plans chunks of the first of the given tables, until `wanted` wait for readers or nothing is left to plan. */
  async plan(tables: readonly TableCopy[], wanted: number): Promise<void> {
    let waiting = tables.reduce((sum, table) => sum + table.planned.length, 0)
    for (; waiting < wanted; waiting += 1) {
      const open = tables.filter(isOpen).slice(0, this.#parts.tablesAtOnce)
      const [least] = open.toSorted((a, b) => a.planned.length - b.planned.length)
      if (least === undefined) return
      await this.#planOne(least)
    }
  }

  async #planOne(table: TableCopy): Promise<void> {
    const { key } = table
    const gap = table.gaps[0]
    if (gap === undefined || key === null) return
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
    const rows = Math.round(this.#parts.chunkBytes / table.averageRowBytes)
    const count = Math.min(mostRows, Math.max(fewestRows, rows))
    const order = key.columns.map(({ name }) => columnOf(name)).join(', ')
    const sql =
      `SELECT ${key.columns.map(cellExpression).join(', ')} FROM ${quoteTable(table.name.schema, table.name.name)} AS ${rowAlias} ` +
      `FORCE INDEX (${quoteName(key.indexName)}) WHERE ${rangeCondition(key, gap)} ORDER BY ${order} LIMIT ${count}, 1`
    let bound: KeyTuple | null = null
    for await (const batch of this.#parts.session.rawRows(sql))
      for (const row of batch)
        bound = readTextRow(row, 0, key.columns.length).cells.map((cell) =>
          (cell ?? Buffer.alloc(0)).toString('base64'),
        )
    return bound
  }
}

/** Something of it is still to be planned, and can be. */
function isOpen({ gaps, state, key }: TableCopy): boolean {
  return gaps.length > 0 && state.kind === 'known' && key !== null
}
