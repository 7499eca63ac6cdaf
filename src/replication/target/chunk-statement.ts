/**
 * Statements that write a piece of a chunk: the cells of its row packets, put into REPLACE or INSERT without decoding.
 *
 * Easy to get wrong: a cell's bytes are in its column's own character set. In a session of character set `binary` they
 * pass as they are; only JSON has to say that it is utf8mb4.
 */

import { MalformedFrameError } from '../pipe/errors.ts'
import { decodeExactJson, isExactJson } from '../pipe/exact-json.ts'
import type { CellKind, ChunkPiece, CopyTable, KeyTuple } from '../pipe/frame.ts'
import { quoteName, SqlText } from './sql-text.ts'
import type { TargetTable } from './table-catalog.ts'

export interface ChunkStatement {
  readonly sql: Buffer
  readonly rowCount: number
  /** ENUM cells that are 0, which strict mode refuses. */
  readonly enumZeros: number
}

export interface ChunkTable {
  readonly copy: CopyTable
  readonly target: TargetTable
}

const nullCell = 0xfb
const zero = 0x30

/**
 * The statements of a piece in order.
 *
 * @param limitBytes a statement is ended once it is this long; a single row may be longer
 * @throws MalformedFrameError if the rows end inside a cell
 */
export function* chunkStatements(table: ChunkTable, piece: ChunkPiece, limitBytes: number): Generator<ChunkStatement> {
  const { copy, target } = table
  const verb = copy.keyColumns.length === 0 ? 'INSERT' : 'REPLACE'
  const names = copy.columns.map((column) => quoteName(column.name)).join(',')
  const head = `${verb} INTO ${target.quoted} (${names}) VALUES `
  const dataTypes = copy.columns.map(
    ({ name }) => target.columns.find((column) => column.name === name)?.dataType ?? '',
  )
  const kinds = copy.columns.map((column) => column.cellKind)
  const sql = new SqlText(Math.min(limitBytes * 2, piece.rows.length * 2 + 1024))
  const cells = new RowCells(piece.rows, kinds.length)
  let rowCount = 0
  let enumZeros = 0
  for (let row = 0; row < piece.rowCount; row += 1) {
    cells.read()
    sql.add(rowCount === 0 ? head : ',')
    const start = sql.length
    const zeros = addRow(sql, cells, kinds, dataTypes)
    if (rowCount > 0 && sql.length > limitBytes) {
      // A long row goes alone, for together they may be more than the server takes.
      const values = sql.cutFrom(start)
      sql.cutFrom(start - 1)
      yield { sql: sql.toBuffer(), rowCount, enumZeros }
      sql.clear()
      sql.add(head).addBytes(values)
      rowCount = 0
      enumZeros = 0
    }
    rowCount += 1
    enumZeros += zeros
    if (sql.length < limitBytes && row + 1 < piece.rowCount) continue
    yield { sql: sql.toBuffer(), rowCount, enumZeros }
    sql.clear()
    rowCount = 0
    enumZeros = 0
  }
}

/** @returns how many ENUM cells are 0 */
function addRow(sql: SqlText, cells: RowCells, kinds: readonly CellKind[], dataTypes: readonly string[]): number {
  let enumZeros = 0
  for (let column = 0; column < kinds.length; column += 1) {
    sql.add(column === 0 ? '(' : ',')
    const cell = cells.cell(column)
    if (cell === null) sql.add('NULL')
    else {
      if (dataTypes[column] === 'enum' && cell.length === 1 && cell[0] === zero) enumZeros += 1
      addCell(sql, cell, kinds[column] ?? 'bytes', dataTypes[column] === 'json')
    }
  }
  sql.add(')')
  return enumZeros
}

/**
 * Adds a cell as a literal.
 *
 * @param hasJsonType false for MariaDB, where a JSON column holds text
 */
export function addCell(sql: SqlText, cell: Buffer, kind: CellKind, hasJsonType = false): void {
  switch (kind) {
    case 'number':
      sql.addBytes(cell)
      break
    case 'json':
      if (isExactJson(cell)) addExactJson(sql, cell, hasJsonType)
      else sql.add('_utf8mb4 ').addQuoted(cell)
      break
    case 'text':
      // MariaDB takes bytes without a character set for the binary form of a UUID or an address.
      sql.add('_latin1 ').addQuoted(cell)
      break
    case 'bytes':
    case 'geometry':
      sql.addQuoted(cell)
      break
  }
}

function addExactJson(sql: SqlText, cell: Buffer, hasJsonType: boolean): void {
  const { text, expression } = decodeExactJson(cell)
  if (hasJsonType) sql.addBytes(expression)
  else sql.add('_utf8mb4 ').addQuoted(text)
}

/** Walks row packets of the text protocol. */
export class RowCells {
  readonly #rows: Buffer
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  #at = 0

  constructor(rows: Buffer, columnCount: number) {
    this.#rows = rows
    this.#starts = new Int32Array(columnCount)
    this.#ends = new Int32Array(columnCount)
  }

  /** Goes to the next row. @throws MalformedFrameError if the bytes end inside it */
  read(): void {
    const rows = this.#rows
    let at = this.#at
    for (let column = 0; column < this.#starts.length; column += 1) {
      const first = rows[at] ?? 0xff
      if (first === nullCell) {
        this.#starts[column] = -1
        at += 1
        continue
      }
      let length = first
      at += 1
      if (first > nullCell) {
        const bytes = first === 0xfc ? 2 : first === 0xfd ? 3 : 8
        if (first === 0xff || at + bytes > rows.length) throw new MalformedFrameError('a row of a chunk ends too early')
        length = bytes === 8 ? Number(rows.readBigUInt64LE(at)) : rows.readUIntLE(at, bytes)
        at += bytes
      }
      this.#starts[column] = at
      at += length
      this.#ends[column] = at
    }
    if (at > rows.length) throw new MalformedFrameError('a row of a chunk ends too early')
    this.#at = at
  }

  /** A view of the cell; null for NULL. */
  cell(column: number): Buffer | null {
    const start = this.#starts[column] ?? -1
    return start < 0 ? null : this.#rows.subarray(start, this.#ends[column])
  }
}

/**
 * The DELETE of those keys of a re-read piece that have no row in it, or null when all have one.
 *
 * Easy to get wrong: run it before the rows are written. Two spellings of one key (`a` and `A` in a collation that
 * ignores case) differ here byte for byte, and the row that came under the other spelling must stay.
 */
export function missingKeysStatement(table: ChunkTable, piece: ChunkPiece): Buffer | null {
  const { copy, target } = table
  const places = keyPlaces(copy)
  const found = new Set<string>()
  const cells = new RowCells(piece.rows, copy.columns.length)
  for (let row = 0; row < piece.rowCount; row += 1) {
    cells.read()
    found.add(JSON.stringify(places.map((place) => cells.cell(place)?.toString('base64') ?? '')))
  }
  const missing = piece.keys.filter((key) => !found.has(JSON.stringify(key)))
  if (missing.length === 0) return null
  const sql = new SqlText(missing.length * 32 + 256).add(`DELETE FROM ${target.quoted} WHERE `)
  missing.forEach((key, index) => {
    if (index > 0) sql.add(' OR ')
    addKeyCondition(sql, table, places, key)
  })
  return sql.toBuffer()
}

/** A condition for the row of that key. */
export function keyCondition(table: ChunkTable, key: KeyTuple): Buffer {
  const sql = new SqlText(128)
  addKeyCondition(sql, table, keyPlaces(table.copy), key)
  return sql.toBuffer()
}

function keyPlaces({ keyColumns, columns }: CopyTable): number[] {
  return keyColumns.map((name) => columns.findIndex((column) => column.name === name))
}

function addKeyCondition(sql: SqlText, { copy }: ChunkTable, places: readonly number[], key: KeyTuple): void {
  places.forEach((place, index) => {
    const column = copy.columns[place]
    const name = copy.keyColumns[index] ?? ''
    const cell = Buffer.from(key[index] ?? '', 'base64')
    sql.add(`${index === 0 ? '(' : ' AND '}${quoteName(name)}=`)
    // A binary string would make the server compare byte by byte, past the key's index.
    if (column?.cellKind === 'bytes' && column.characterSet !== null && column.characterSet !== 'binary')
      sql.add(`_${column.characterSet} `).addHex(cell)
    else addCell(sql, cell, column?.cellKind ?? 'bytes')
  })
  sql.add(')')
}
