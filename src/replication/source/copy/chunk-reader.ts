/**
 * Reads rows into pieces, as the server sends them: row packets, not decoded, one after another.
 */
import type { BlockMemory } from '../../../mysql/block-memory.ts'
import { quoteName, quoteTable } from '../../../mysql/identifier.ts'
import type { RowBlock } from '../../../mysql/row-blocks.ts'
import type { Session } from '../../../mysql/session.ts'
import type { ChunkPiece, KeyTuple } from '../../pipe/frame.ts'
import { rowAlias } from './cell-expressions.ts'
import { findInexactJson, type ReplacedRows } from './inexact-json.ts'
import { type KeyRange, keysCondition, rangeCondition, wholeTable } from './key-range.ts'
import type { TableCopy } from './table-copy.ts'

export type PieceTaker = (piece: ChunkPiece) => Promise<void>

/** Bytes of rows of a piece; one larger row makes a larger piece. Two must fit into the smallest stream, 1 MB. */
export const pieceBytes = 384 * 1024

/** Takes the table's metadata lock for the rest of the session's transaction: until then no DDL can change it. */
export async function pinTable(session: Session, table: TableCopy): Promise<void> {
  await session.query(`SELECT 1 FROM ${quoteTable(table.name.schema, table.name.name)} LIMIT 0`)
}

/**
 * Reads a chunk; the last piece, perhaps without rows, says that it is the last.
 *
 * @param memory for the rows of pieces; `take` gives them back
 */
export async function readChunk(
  session: Session,
  table: TableCopy,
  range: KeyRange,
  take: PieceTaker,
  memory?: BlockMemory,
): Promise<void> {
  const replaced = await findInexactJson(session, table, range)
  const where =
    table.key === null
      ? ''
      : ` FORCE INDEX (${quoteName(table.key.indexName)}) WHERE ${rangeCondition(table.key, range)}`
  const sql = `${selectRows(table)}${where}`
  if (replaced.size > 0) return readPieces(session, table, sql, { range, keys: [], replaced }, take)
  return readBlocks(session.rowBlocks(sql, pieceBytes, memory), table, range, take)
}

/** A block of rows is a piece as it is. */
async function readBlocks(
  blocks: AsyncIterable<RowBlock>,
  table: TableCopy,
  range: KeyRange,
  take: PieceTaker,
): Promise<void> {
  const { tableId } = table
  let [piece, rowsRead, bytesRead] = [0, 0, 0]
  const finish = async ({ rows, rowCount }: RowBlock, isLast: boolean) => {
    rowsRead += rowCount
    bytesRead += rows.length
    await take({ tableId, ...range, piece, isLast, isReread: false, keys: [], rowCount, rows })
    piece += 1
  }
  let last: RowBlock | null = null
  for await (const block of blocks) {
    if (last !== null) await finish(last, false)
    last = block
  }
  await finish(last ?? { rows: Buffer.alloc(0), rowCount: 0 }, true)
  if (rowsRead > 0) table.averageRowBytes = Math.max(1, bytesRead / rowsRead)
  table.rowsDone += rowsRead
  table.bytesDone += bytesRead
}

/** Reads single rows again, all in one piece. */
export function readKeys(
  session: Session,
  table: TableCopy,
  keys: readonly KeyTuple[],
  take: PieceTaker,
): Promise<void> {
  if (table.key === null) return Promise.resolve()
  const sql = `${selectRows(table)} FORCE INDEX (${quoteName(table.key.indexName)}) WHERE ${keysCondition(table.key, keys)}`
  return readPieces(session, table, sql, { range: wholeTable, keys, replaced: new Map() }, take)
}

function selectRows(table: TableCopy): string {
  const cells = table.columns.map(({ expression }) => expression).join(', ')
  return `SELECT ${cells} FROM ${quoteTable(table.name.schema, table.name.name)} AS ${rowAlias}`
}

interface PieceContent {
  readonly range: KeyRange
  /** Of rows that are read again. */
  readonly keys: readonly KeyTuple[]
  readonly replaced: ReplacedRows
}

async function readPieces(
  session: Session,
  table: TableCopy,
  sql: string,
  { range, keys, replaced }: PieceContent,
  take: PieceTaker,
): Promise<void> {
  const isReread = keys.length > 0
  const tableId = table.tableId
  let rows: Buffer[] = []
  let sizeBytes = 0
  let piece = 0
  let rowsRead = 0
  let bytesRead = 0
  const finish = async (isLast: boolean) => {
    const content = Buffer.concat(rows, sizeBytes)
    await take({ tableId, ...range, piece, isLast, isReread, keys, rowCount: rows.length, rows: content })
    rowsRead += rows.length
    bytesRead += sizeBytes
    rows = []
    sizeBytes = 0
    piece += 1
  }
  for await (const batch of session.rawRows(sql)) {
    for (const sent of batch) {
      const row = replaced.size === 0 ? sent : (replaced.get(sent.toString('latin1')) ?? sent)
      // Keys that are missing can be told only when all rows are in one piece.
      if (sizeBytes >= pieceBytes && !isReread) await finish(false)
      rows.push(row)
      sizeBytes += row.length
    }
  }
  await finish(true)
  if (rowsRead > 0) table.averageRowBytes = Math.max(1, bytesRead / rowsRead)
  if (isReread) return
  table.rowsDone += rowsRead
  table.bytesDone += bytesRead
}
