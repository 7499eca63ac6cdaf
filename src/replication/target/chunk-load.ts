/**
 * Pieces of a chunk as the text that LOAD DATA LOCAL reads: the cheapest way for a server to take rows, for it has nothing
 * to parse and no literal to make.
 *
 * Easy to get wrong: with LOCAL the server is lenient whatever sql_mode says: values that do not fit and rows that are not
 * unique become warnings. So rows count as loaded only when the server read all of them, left none out and warned of none;
 * else the caller undoes it and writes statements, which say exactly what is wrong.
 *
 * Source: MySQL 8.4 Reference Manual, 15.2.9 "LOAD DATA Statement".
 */
import { errnoOf } from '../../mysql/errors.ts'
import type { Session } from '../../mysql/session.ts'
import { MalformedFrameError } from '../pipe/errors.ts'
import type { ChunkPiece } from '../pipe/frame.ts'
import type { ChunkTable } from './chunk-statement.ts'
import type { LoadMemory } from './load-memory.ts'
import { quoteName } from './sql-text.ts'

/**
 * Types that take a text in the form in which the copy reads them. Others want a literal of another kind: BIT, ENUM, SET and
 * YEAR a number, JSON a character set, what MariaDB stores in binary a text.
 */
const loadableTypes = new Set([
  ...['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'float', 'double'],
  ...['date', 'time', 'datetime', 'timestamp', 'char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext'],
  ...['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'],
])
/** The server, or somebody between, does not take local files. */
const refusals = new Set([1148, 1235, 3948, 4166])
const sentAtOnceBytes = 256 * 1024
/** Ends of cells and rows (ASCII's own): they are in hardly any text, and others than ASCII's would be warned of. */
const cellEnd = 0x1f
const rowEnd = 0x1e
const backslash = 0x5c
const letterN = 0x4e
const nullCell = 0xfb
/** From this length on it is cheaper to search a cell for bytes to escape than to look at each. */
const longCellBytes = 1024

/** True when each of the table's columns takes texts as they are, and what was loaded can be undone. */
export function isLoadable({ copy, target }: ChunkTable): boolean {
  if (!target.isTransactional) return false
  return copy.columns.every(({ name, cellKind }) => {
    const type = target.columns.find((column) => column.name === name)?.dataType ?? ''
    return loadableTypes.has(type) && cellKind !== 'json' && cellKind !== 'geometry'
  })
}

/**
 * Loads pieces of one table in the open transaction.
 *
 * @param maxPacketBytes the longest packet the server takes
 * @param memory the session's own
 * @returns `loaded`; `undone`: the caller must roll back and write statements; `refused`: so for every table
 * @throws LockConflictError, LostConnectionError; MalformedFrameError if the rows end inside a cell
 */
export async function loadPieces(
  session: Session,
  table: ChunkTable,
  pieces: readonly ChunkPiece[],
  maxPacketBytes: number,
  memory: LoadMemory,
): Promise<'loaded' | 'undone' | 'refused'> {
  const { copy, target } = table
  const rowCount = pieces.reduce((sum, piece) => sum + piece.rowCount, 0)
  if (rowCount === 0) return 'loaded'
  const isNullable = copy.columns.map(
    ({ name }) => target.columns.find((column) => column.name === name)?.isNullable === true,
  )
  const lent = memory.lend(pieces.reduce((sum, piece) => sum + piece.rows.length, 0))
  const texts = loadTexts(pieces, isNullable, lent)
  if (texts === null) return 'undone'
  const verb = copy.keyColumns.length === 0 ? '' : 'REPLACE '
  const names = copy.columns.map(({ name }) => quoteName(name)).join(',')
  const sql =
    `LOAD DATA LOCAL INFILE 'copy' ${verb}INTO TABLE ${target.quoted} CHARACTER SET binary ` +
    `FIELDS TERMINATED BY 0x1F ESCAPED BY 0x5C LINES TERMINATED BY 0x1E (${names})`
  try {
    const atOnce = Math.max(1, Math.min(sentAtOnceBytes, maxPacketBytes >> 1))
    const { info } = await session.execute(sql, { infile: slices(texts, atOnce) })
    // The server has read all of it. After an error some may still wait for the socket.
    memory.takeBack(lent)
    return hasTaken(info, rowCount) ? 'loaded' : 'undone'
  } catch (error) {
    if (refusals.has(errnoOf(error) ?? 0)) return 'refused'
    throw error
  }
}

function hasTaken(info: string, rowCount: number): boolean {
  const found = /Records: (\d+) +Deleted: \d+ +Skipped: (\d+) +Warnings: (\d+)/.exec(info)
  return found !== null && Number(found[1]) === rowCount && found[2] === '0' && found[3] === '0'
}

async function* slices(texts: readonly Buffer[], atOnce: number): AsyncGenerator<Buffer> {
  for (const text of texts)
    for (let at = 0; at < text.length; at += atOnce) yield text.subarray(at, Math.min(text.length, at + atOnce))
}

function loadTexts(pieces: readonly ChunkPiece[], isNullable: readonly boolean[], into: Buffer): Buffer[] | null {
  const texts: Buffer[] = []
  let at = 0
  for (const piece of pieces) {
    const end = at + piece.rows.length
    const text = loadText(piece, isNullable, into.subarray(at, end))
    if (text === null) return null
    texts.push(text)
    at = end
  }
  return texts
}

/**
 * The rows of a piece, a line each.
 *
 * @param isNullable of each column whether the target takes NULL there
 * @param into as long as the rows; the text is made there when it fits
 * @returns null when one of the rows can't be said like this
 */
export function loadText(
  piece: ChunkPiece,
  isNullable: readonly boolean[],
  into: Buffer = Buffer.allocUnsafe(piece.rows.length),
): Buffer | null {
  const { rows, rowCount } = piece
  const plain = plainText(piece, isNullable.length, into)
  if (plain !== null) return plain
  const text = new LoadText(rows, rowCount * isNullable.length)
  for (let row = 0; row < rowCount; row += 1)
    for (let column = 0; column < isNullable.length; column += 1) {
      if (!text.addCell(isNullable[column] === true)) return null
      text.endCell(column + 1 === isNullable.length)
    }
  return text.written()
}

/**
 * The rows of a piece without NULLs, long cells and anything to escape. Then a row packet and a line are equally long: the
 * byte that says a cell's length goes, and one that ends it comes.
 *
 * @returns null when it is no such piece
 */
function plainText({ rows, rowCount }: ChunkPiece, columnCount: number, text: Buffer): Buffer | null {
  if (rowCount === 0) return rows
  rows.copy(text, 0, 1)
  let at = 0
  let amongLengths = 0
  for (let row = 0; row < rowCount; row += 1)
    for (let column = 0; column < columnCount; column += 1) {
      const length = rows[at] ?? 0xff
      if (length >= nullCell) return null
      if (length === backslash || length === cellEnd || length === rowEnd) amongLengths += 1
      at += length + 1
      text[at - 1] = column + 1 === columnCount ? rowEnd : cellEnd
    }
  if (at > rows.length) throw new MalformedFrameError('a row of a chunk ends too early')
  return occurrences(rows, amongLengths) === amongLengths ? text.subarray(0, at) : null
}

/** How many bytes would have to be escaped in a text; counted until there are more than `most`. */
function occurrences(bytes: Buffer, most: number): number {
  let count = 0
  for (const byte of [backslash, cellEnd, rowEnd])
    for (let at = bytes.indexOf(byte); at >= 0 && count <= most; at = bytes.indexOf(byte, at + 1)) count += 1
  return count
}

/** Turns length-encoded cells into escaped ones, one after another. */
class LoadText {
  readonly #rows: Buffer
  #at = 0
  #text: Buffer
  #length = 0

  constructor(rows: Buffer, cellCount: number) {
    this.#rows = rows
    // Enough for cells with little to escape.
    this.#text = Buffer.allocUnsafe(rows.length + cellCount * 2 + 4 * longCellBytes)
  }

  /** @returns false for a NULL that can't be */
  addCell(isNullable: boolean): boolean {
    const length = this.#readLength()
    if (length < 0) {
      this.#reserve(3)
      this.#text[this.#length] = backslash
      this.#text[this.#length + 1] = letterN
      this.#length += 2
      return isNullable
    }
    const end = this.#at + length
    if (end > this.#rows.length) throw new MalformedFrameError('a row of a chunk ends too early')
    if (length >= longCellBytes && this.#isPlain(end)) this.#addPlain(end)
    else this.#addEscaped(end)
    this.#at = end
    return true
  }

  endCell(isLast: boolean): void {
    this.#reserve(1)
    this.#text[this.#length] = isLast ? rowEnd : cellEnd
    this.#length += 1
  }

  written(): Buffer {
    return this.#text.subarray(0, this.#length)
  }

  /** @returns -1 for NULL */
  #readLength(): number {
    const rows = this.#rows
    const first = rows[this.#at] ?? 0xff
    this.#at += 1
    if (first < nullCell) return first
    if (first === nullCell) return -1
    const bytes = first === 0xfc ? 2 : first === 0xfd ? 3 : 8
    if (first === 0xff || this.#at + bytes > rows.length)
      throw new MalformedFrameError('a row of a chunk ends too early')
    const length = bytes === 8 ? Number(rows.readBigUInt64LE(this.#at)) : rows.readUIntLE(this.#at, bytes)
    this.#at += bytes
    return length
  }

  #isPlain(end: number): boolean {
    const cell = this.#rows.subarray(this.#at, end)
    return !cell.includes(backslash) && !cell.includes(rowEnd) && !cell.includes(cellEnd)
  }

  #addPlain(end: number): void {
    this.#reserve(end - this.#at)
    this.#length += this.#rows.copy(this.#text, this.#length, this.#at, end)
  }

  #addEscaped(end: number): void {
    this.#reserve((end - this.#at) * 2)
    const [rows, text] = [this.#rows, this.#text]
    let to = this.#length
    for (let at = this.#at; at < end; at += 1) {
      const byte = rows[at] ?? 0
      if (byte === backslash || byte === rowEnd || byte === cellEnd) text[to++] = backslash
      text[to++] = byte
    }
    this.#length = to
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#text.length) return
    const grown = Buffer.allocUnsafe(Math.max(Math.ceil(this.#text.length * 1.5), this.#length + more))
    this.#text.copy(grown, 0, 0, this.#length)
    this.#text = grown
  }
}
