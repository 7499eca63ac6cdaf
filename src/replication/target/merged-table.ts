/**
 * What is left of the changes of one table when only the state before and the state after them counts: for each key at
 * most one change of a row.
 *
 *     insert, update       -> insert of the last image      delete, insert -> update
 *     update, update       -> update, first to last         update, delete -> delete of the first image
 *     insert, ..., delete  -> nothing                       an update that moves the key -> delete and insert
 *
 * Deletes go first, then updates, then inserts, and an update that changes a column of any unique key is a delete and an
 * insert. So all unique values present at any moment in between were present together before, or are after: no order of
 * the rows within a kind can meet a duplicate.
 *
 * Easy to get wrong: (1) rows are told apart by the bytes of their key, although 'a' and 'A' may be one key to the
 * server: the images of one row always have the same bytes, and of two rows that are one key the first is deleted before.
 * (2) A row that came and went has moved the AUTO_INCREMENT counter: the one with the highest number is written and
 * deleted, between deletes and updates.
 */
import type { RowImage } from '../../binlog/row-image.ts'
import type { RowsReader } from '../../binlog/rows-reader.ts'
import type { KeyImages } from './key-images.ts'
import { compareKeys, type RowKey, rowKeyOf } from './merged-key.ts'

export type RowsKind = 'write' | 'update' | 'delete'

/** Columns that decide how rows of a table may be merged. */
export interface MergeShape {
  /** Of the key by which rows are known. */
  readonly keyColumns: readonly number[]
  /** See rowKeyOf. */
  readonly keyNumberBytes: number
  /** Of all other unique keys. */
  readonly uniqueColumns: readonly number[]
  /** The AUTO_INCREMENT column; null: none. */
  readonly countedColumn: number | null
  readonly isCountedUnsigned: boolean
  /** Columns that images before a change need, in the table's order; null: all. */
  readonly beforeColumns: readonly number[] | null
}

/** Takes merged rows; images are views that hold for the call. */
export interface MergedRowSink {
  row(kind: RowsKind, before: Uint8Array | null, after: Uint8Array | null): void
}

/** Where an image lies. */
type Place = Pick<RowImage, 'buffer' | 'start' | 'end'>

/** Numbers per row in `#places`: where the images before and after lie in their buffers. */
const placesPerRow = 4
const none = -1

export class MergedTable {
  readonly #shape: MergeShape
  readonly #rows = new Map<RowKey, number>()
  readonly #keys: RowKey[] = []
  /** The buffers that the images lie in, two for each row. */
  readonly #buffers: Buffer[] = []
  #places = new Int32Array(64 * placesPerRow)
  /** Of each row: a column of another unique key may have changed. */
  readonly #movesUnique: boolean[] = []
  #ghost: { readonly number: bigint; readonly after: Uint8Array; readonly before: Uint8Array } | null = null
  readonly #keyImages: KeyImages | null

  /** @param keyImages see MergedEvents */
  constructor(shape: MergeShape, keyImages: KeyImages | null) {
    this.#shape = shape
    this.#keyImages = keyImages
  }

  /**
   * Takes the row at which the reader stands.
   * @returns false when it contradicts what came before, or lacks its key; nothing was taken then
   */
  add(kind: RowsKind, { before, after }: RowsReader): boolean {
    const { keyColumns, keyNumberBytes } = this.#shape
    const oldKey = kind === 'write' ? null : rowKeyOf(before, keyColumns, keyNumberBytes)
    const newKey = kind === 'delete' ? null : rowKeyOf(after, keyColumns, keyNumberBytes)
    if (kind === 'write') return newKey !== null && this.#insert(newKey, after)
    if (oldKey === null) return false
    if (kind === 'delete') return this.#delete(oldKey, before)
    if (newKey === null) return false
    if (newKey === oldKey) return this.#update(oldKey, before, after)
    if (!this.#mayDelete(oldKey) || !this.#mayInsert(newKey)) return false
    return this.#delete(oldKey, before) && this.#insert(newKey, after)
  }

  /** Gives what is left, in an order in which it can be written. */
  emit(sink: MergedRowSink): void {
    const order = [...this.#rows.values()].sort((a, b) => compareKeys(this.#keys[a], this.#keys[b]))
    for (const row of order)
      if (this.#hasBefore(row) && (!this.#hasAfter(row) || this.#isSplit(row)))
        sink.row('delete', this.#before(row), null)
    if (this.#ghost !== null) {
      sink.row('write', null, this.#ghost.after)
      sink.row('delete', this.#ghost.before, null)
    }
    for (const row of order)
      if (this.#hasBefore(row) && this.#hasAfter(row) && !this.#isSplit(row))
        sink.row('update', this.#before(row), this.#after(row))
    for (const row of order)
      if (this.#hasAfter(row) && (!this.#hasBefore(row) || this.#isSplit(row)))
        sink.row('write', null, this.#after(row))
  }

  #mayInsert(key: RowKey): boolean {
    const row = this.#rows.get(key)
    return row === undefined || !this.#hasAfter(row)
  }

  #mayDelete(key: RowKey): boolean {
    const row = this.#rows.get(key)
    return row === undefined || this.#hasAfter(row)
  }

  #insert(key: RowKey, after: RowImage): boolean {
    if (!this.#mayInsert(key)) return false
    const row = this.#rowOf(key)
    this.#setAfter(row, after)
    this.#movesUnique[row] = this.#shape.uniqueColumns.length > 0
    return true
  }

  #delete(key: RowKey, before: RowImage): boolean {
    if (!this.#mayDelete(key)) return false
    const known = this.#rows.get(key)
    if (known === undefined) {
      this.#setBefore(this.#rowOf(key), before)
      return true
    }
    this.#places[known * placesPerRow + 2] = none
    if (this.#hasBefore(known)) return true
    this.#rows.delete(key)
    this.#rememberNumber(before)
    return true
  }

  #update(key: RowKey, before: RowImage, after: RowImage): boolean {
    const known = this.#rows.get(key)
    if (known !== undefined && !this.#hasAfter(known)) return false
    const row = known ?? this.#rowOf(key)
    if (known === undefined) this.#setBefore(row, before)
    this.#setAfter(row, after)
    if (this.#movesUnique[row] === false)
      this.#movesUnique[row] = this.#shape.uniqueColumns.some((column) => !before.hasEqual(after, column))
    return true
  }

  #rowOf(key: RowKey): number {
    const known = this.#rows.get(key)
    if (known !== undefined) return known
    const row = this.#keys.length
    const at = row * placesPerRow
    if (at + placesPerRow > this.#places.length) {
      const larger = new Int32Array(this.#places.length * 2)
      larger.set(this.#places)
      this.#places = larger
    }
    this.#places.fill(none, at, at + placesPerRow)
    this.#rows.set(key, row)
    this.#keys.push(key)
    this.#movesUnique.push(false)
    return row
  }

  #setBefore(row: number, image: RowImage): void {
    const { buffer, start, end } = this.#shortened(image)
    this.#buffers[row * 2] = buffer
    this.#places[row * placesPerRow] = start
    this.#places[row * placesPerRow + 1] = end
  }

  /** @returns a place that holds until the next call */
  #shortened(image: RowImage): Place {
    this.#keyImages?.take(image)
    return this.#keyImages ?? image
  }

  #setAfter(row: number, image: RowImage): void {
    this.#buffers[row * 2 + 1] = image.buffer
    this.#places[row * placesPerRow + 2] = image.start
    this.#places[row * placesPerRow + 3] = image.end
  }

  #hasBefore(row: number): boolean {
    return this.#places[row * placesPerRow] !== none
  }

  #hasAfter(row: number): boolean {
    return this.#places[row * placesPerRow + 2] !== none
  }

  #isSplit(row: number): boolean {
    return this.#movesUnique[row] === true
  }

  #before(row: number): Uint8Array {
    return this.#image(row * 2, row * placesPerRow)
  }

  #after(row: number): Uint8Array {
    return this.#image(row * 2 + 1, row * placesPerRow + 2)
  }

  #image(buffer: number, place: number): Uint8Array {
    return (this.#buffers[buffer] as Buffer).subarray(this.#places[place], this.#places[place + 1])
  }

  #rememberNumber(image: RowImage): void {
    const { countedColumn, isCountedUnsigned } = this.#shape
    if (countedColumn === null) return
    const number = countedNumber(image.bytes(countedColumn) ?? Buffer.alloc(0), isCountedUnsigned)
    if (this.#ghost !== null && number <= this.#ghost.number) return
    this.#ghost = { number, after: bytesAt(image), before: bytesAt(this.#shortened(image)) }
  }
}

function bytesAt({ buffer, start, end }: Place): Uint8Array {
  return buffer.subarray(start, end)
}

/** Of an AUTO_INCREMENT column. */
function countedNumber(bytes: Buffer, isUnsigned: boolean): bigint {
  let number = 0n
  for (let at = bytes.length - 1; at >= 0; at -= 1) number = number * 256n + BigInt(bytes[at] ?? 0)
  return isUnsigned ? number : BigInt.asIntN(8 * bytes.length, number)
}
