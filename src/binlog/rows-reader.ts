/**
 * Walks the rows of rows events of one table.
 *
 *     const reader = new RowsReader(decodeTableMap(tableMapEvent))
 *     reader.open(rowsEvent)
 *     while (reader.next()) use(reader.before, reader.after)
 *
 * Easy to get wrong: `before` and `after` are the same two objects for all rows, filled anew by `next`.
 */
import { ColumnTypeCode } from './column-type.ts'
import { MalformedEventError } from './errors.ts'
import { eventTypeName } from './event-type.ts'
import { lengthEncoded, lengthEncodedBytes } from './length-encoded.ts'
import type { RawEvent } from './raw-event.ts'
import { RowImage } from './row-image.ts'
import { decodeRowsHead, plainRowsEvent, type RowsHead } from './rows-event.ts'
import type { TableMap } from './table-map-event.ts'

/** Bit of an after image's options: JSON columns may hold differences. */
const partialJsonUpdates = 1

export class RowsReader {
  readonly table: TableMap
  /** Image before the change; filled for updates and deletes. */
  readonly before: RowImage
  /** Image after the change; filled for writes and updates. */
  readonly after: RowImage
  readonly #lengthCodes: Int32Array
  readonly #jsonColumns: readonly number[]
  readonly #present: Uint8Array
  readonly #presentAfter: Uint8Array
  #presentCount = 0
  #presentAfterCount = 0
  #buffer: Buffer = Buffer.alloc(0)
  #offset = 0
  #head: RowsHead | null = null
  #type = 0

  constructor(table: TableMap) {
    const count = table.columns.length
    this.table = table
    this.before = new RowImage(count)
    this.after = new RowImage(count)
    this.#lengthCodes = Int32Array.from(table.columns, (column) => column.lengthCode)
    this.#jsonColumns = table.columns.flatMap((column, index) => (column.code === ColumnTypeCode.Json ? [index] : []))
    this.#present = new Uint8Array(count)
    this.#presentAfter = new Uint8Array(count)
  }

  /**
   * Goes to the start of a rows event (MariaDB's compressed ones are unpacked) and reads its head.
   *
   * @throws MalformedEventError if it is broken or of another table
   */
  open(event: RawEvent): RowsHead {
    const plain = plainRowsEvent(event)
    const known = this.#head
    if (known !== null && this.#type === plain.header.type && this.#hasSameHead(plain, known)) {
      this.#buffer = plain.buffer
      this.#offset = known.rowsOffset
      return known
    }
    const head = decodeRowsHead(plain)
    if (head.tableId !== this.table.tableId || head.columnCount > this.table.columns.length)
      throw new MalformedEventError(
        `rows of table id ${head.tableId} with ${head.columnCount} columns don't fit the table map of ` +
          `${this.table.schema}.${this.table.table} (id ${this.table.tableId}, ${this.table.columns.length} columns)`,
      )
    this.#presentCount = spreadBits(head.present, head.columnCount, this.#present)
    this.#presentAfterCount = spreadBits(head.presentAfter, head.columnCount, this.#presentAfter)
    this.#buffer = plain.buffer
    this.#offset = head.rowsOffset
    this.#type = plain.header.type
    this.#head = head
    return head
  }

  /** True when all before the rows is as it was in the event before, which is so nearly always. */
  #hasSameHead({ buffer, bodyOffset }: RawEvent, { rowsOffset }: RowsHead): boolean {
    const before = this.#buffer
    if (buffer.length < rowsOffset) return false
    for (let at = bodyOffset; at < rowsOffset; at += 1) if (buffer[at] !== before[at]) return false
    return true
  }

  /** Goes to the next row. @returns false at the end of the event @throws MalformedEventError */
  next(): boolean {
    if (this.#head === null || this.#offset >= this.#buffer.length) return false
    try {
      this.#readRow(this.#head)
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause
      const { schema, table } = this.table
      throw new MalformedEventError(`a row in ${eventTypeName(this.#type)} of ${schema}.${table} is broken`, { cause })
    }
    return true
  }

  #readRow(head: RowsHead): void {
    const { kind } = head
    if (kind !== 'write') this.#offset = this.#walk(this.before, this.#present, this.#presentCount)
    if (kind === 'delete') return
    if (head.isPartial) this.#readValueOptions()
    this.#offset = this.#walk(this.after, this.#presentAfter, this.#presentAfterCount)
  }

  #walk(image: RowImage, present: Uint8Array, presentCount: number): number {
    return image.walk(this.#buffer, this.#offset, present, presentCount, this.#lengthCodes)
  }

  /** `options(lenenc) [one bit for each JSON column of the table, absent ones too]` before a partial after image. */
  #readValueOptions(): void {
    const options = lengthEncoded(this.#buffer, this.#offset)
    this.#offset += lengthEncodedBytes(this.#buffer, this.#offset)
    this.after.partial.fill(0)
    if ((options & partialJsonUpdates) === 0) return
    this.#jsonColumns.forEach((column, order) => {
      const isPartial = (((this.#buffer[this.#offset + (order >> 3)] ?? 0) >> (order & 7)) & 1) === 1
      if (isPartial && this.#presentAfter[column] === 1) this.after.partial[column] = 1
    })
    this.#offset += (this.#jsonColumns.length + 7) >> 3
  }
}

/** Bits, lowest first, to one byte a column. @returns how many are set */
function spreadBits(bits: Buffer, count: number, into: Uint8Array): number {
  let set = 0
  into.fill(0)
  for (let column = 0; column < count; column += 1) {
    if ((((bits[column >> 3] ?? 0) >> (column & 7)) & 1) === 0) continue
    into[column] = 1
    set += 1
  }
  return set
}
