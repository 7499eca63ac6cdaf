/**
 * Finds the JSON documents of a chunk that their own text would not give back, and says them exactly.
 *
 * A document may hold decimals (`1.10`), dates, bytes, and doubles, whose text MySQL's parser does not always read to the
 * last bit. The server itself is asked which documents differ from what it makes of their text; for those few, it is
 * asked for the type at each doubtful place.
 *
 * Easy to get wrong: all of it happens in the chunk's own snapshot. And a table without a usable key can't be asked about
 * one of its rows; its documents go as text.
 */
import { jsonNodeExpression } from '../../../binlog/json-expression.ts'
import { quoteName, quoteTable, quoteText } from '../../../mysql/identifier.ts'
import type { Session } from '../../../mysql/session.ts'
import { readTextRow } from '../../../mysql/text-row.ts'
import { encodeExactJson } from '../../pipe/exact-json.ts'
import { columnOf, rowAlias } from './cell-expressions.ts'
import { doubtfulLeaves, type JsonLeaf, parseJsonTree, toJsonNode } from './json-tree.ts'
import { type KeyRange, keysCondition, rangeCondition } from './key-range.ts'
import type { TableCopy } from './table-copy.ts'

/** Row packets to send in place of others, by the others' bytes as latin1. */
export type ReplacedRows = ReadonlyMap<string, Buffer>

const nothing: ReplacedRows = new Map()
const mostPathsAtOnce = 500

/** @returns rows to replace; none for tables without JSON columns and on MariaDB, whose JSON is text */
export async function findInexactJson(session: Session, table: TableCopy, range: KeyRange): Promise<ReplacedRows> {
  const places = table.columns.flatMap(({ column }, place) => (column.cellKind === 'json' ? [place] : []))
  const key = table.key
  if (places.length === 0 || key === null || session.vendor !== 'mysql') return nothing
  const doubts = places.map((place) => isInexact(columnOf(table.columns[place]?.column.name ?? '')))
  const found: Buffer[] = []
  for await (const rows of session.rawRows(
    `SELECT ${table.columns.map(({ expression }) => expression).join(', ')} FROM ${tableOf(table)} ` +
      `FORCE INDEX (${quoteName(key.indexName)}) WHERE ${rangeCondition(key, range)} AND (${doubts.join(' OR ')})`,
  ))
    found.push(...rows.map((row) => Buffer.from(row)))
  const replaced = new Map<string, Buffer>()
  for (const row of found) replaced.set(row.toString('latin1'), await replaceJson(session, table, places, row))
  return replaced
}

/** The server's own judgement: another document, or another text, after a turn through text. */
function isInexact(column: string): string {
  const text = `CAST(${column} AS CHAR CHARACTER SET utf8mb4)`
  const again = `CAST(${text} AS JSON)`
  return `(${column} <> ${again} OR BINARY ${text} <> BINARY CAST(${again} AS CHAR CHARACTER SET utf8mb4))`
}

function tableOf({ name }: TableCopy): string {
  return `${quoteTable(name.schema, name.name)} AS ${rowAlias}`
}

async function replaceJson(
  session: Session,
  table: TableCopy,
  places: readonly number[],
  row: Buffer,
): Promise<Buffer> {
  const cells = [...readTextRow(row, 0, table.columns.length).cells]
  const condition = rowCondition(table, cells)
  for (const place of places) {
    const cell = cells[place]
    if (cell === null || cell === undefined) continue
    const column = columnOf(table.columns[place]?.column.name ?? '')
    cells[place] = await exactCell(session, cell, { column, from: tableOf(table), condition })
  }
  return encodeRow(cells)
}

function rowCondition(table: TableCopy, cells: readonly (Buffer | null)[]): string {
  if (table.key === null) return 'FALSE'
  const tuple = table.key.columns.map(({ name }) => {
    const place = table.columns.findIndex(({ column }) => column.name === name)
    return (cells[place] ?? Buffer.alloc(0)).toString('base64')
  })
  return keysCondition(table.key, [tuple])
}

interface JsonPlace {
  readonly column: string
  readonly from: string
  readonly condition: string
}

async function exactCell(session: Session, cell: Buffer, place: JsonPlace): Promise<Buffer> {
  const tree = parseJsonTree(cell.toString('utf8'))
  const types = await readTypes(session, doubtfulLeaves(tree), place)
  const node = toJsonNode(tree, (leaf) => types.get(leaf.path) ?? 'STRING')
  return encodeExactJson({ text: cell, expression: Buffer.from(jsonNodeExpression(node), 'utf8') })
}

async function readTypes(
  session: Session,
  leaves: readonly JsonLeaf[],
  { column, from, condition }: JsonPlace,
): Promise<ReadonlyMap<string, string>> {
  const types = new Map<string, string>()
  for (let first = 0; first < leaves.length; first += mostPathsAtOnce) {
    const some = leaves.slice(first, first + mostPathsAtOnce)
    const wanted = some.map(({ path }, index) => `JSON_TYPE(JSON_EXTRACT(${column}, ${quoteText(path)})) AS c${index}`)
    const [row] = await session.query(`SELECT ${wanted.join(', ')} FROM ${from} WHERE ${condition}`)
    some.forEach(({ path }, index) => {
      types.set(path, row?.[`c${index}`] ?? 'STRING')
    })
  }
  return types
}

/** A row packet of the text protocol. */
function encodeRow(cells: readonly (Buffer | null)[]): Buffer {
  return Buffer.concat(
    cells.flatMap((cell) => (cell === null ? [Buffer.of(0xfb)] : [lengthEncoded(cell.length), cell])),
  )
}

function lengthEncoded(length: number): Buffer {
  if (length < 0xfb) return Buffer.of(length)
  const bytes = Buffer.alloc(length < 0x1_0000 ? 3 : length < 0x100_0000 ? 4 : 9)
  bytes[0] = bytes.length === 3 ? 0xfc : bytes.length === 4 ? 0xfd : 0xfe
  if (bytes.length === 9) bytes.writeBigUInt64LE(BigInt(length), 1)
  else bytes.writeUIntLE(length, 1, bytes.length - 1)
  return bytes
}
