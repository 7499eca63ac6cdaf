/**
 * Rows that must be read again, because the stream brought only parts of them.
 *
 * While the copy runs, an update may concern a row that the target does not have yet. When the whole row is in the event
 * the target writes it. With binlog_row_image MINIMAL or NOBLOB it can't, and mostly need not: the row's chunk is still to
 * come. But an update that moves the row to another key may move it into a chunk that has come already; and differences
 * of a JSON document may meet a newer document.
 *
 * Easy to get wrong: what is collected here dies with the run, and rows can get lost in other ways (unique values that
 * change places). The target records every row that it lacks, and tells of them when a run begins.
 */
import type { RawEvent } from '../../../binlog/raw-event.ts'
import type { RowImage } from '../../../binlog/row-image.ts'
import { decodeRowsHead } from '../../../binlog/rows-event.ts'
import { RowsReader } from '../../../binlog/rows-reader.ts'
import { decodeTableMap, decodeTableName } from '../../../binlog/table-map-event.ts'
import type { KeyTuple } from '../../pipe/frame.ts'
import { keyCell } from '../../pipe/key-cell.ts'
import type { TableCopy } from './table-copy.ts'

export type TableFinder = (schema: string, name: string) => TableCopy | undefined

export class PartialRows {
  readonly #find: TableFinder
  readonly #maps = new Map<number, RawEvent>()
  readonly #keys = new Map<TableCopy, Map<string, KeyTuple>>()

  constructor(find: TableFinder) {
    this.#find = find
  }

  get isEmpty(): boolean {
    return this.#keys.size === 0
  }

  tableMap(event: RawEvent): void {
    const { tableId, schema, table } = decodeTableName(event)
    if (this.#find(schema, table)?.key == null) this.#maps.delete(tableId)
    else this.#maps.set(tableId, event)
  }

  rows(event: RawEvent): void {
    const map = this.#maps.get(event.buffer.readUIntLE(event.bodyOffset, 6))
    if (map === undefined) return
    const head = decodeRowsHead(event)
    if (head.kind !== 'update' || (!head.isPartial && isFull(head.presentAfter, head.columnCount))) return
    const { schema, table } = decodeTableName(map)
    const copy = this.#find(schema, table)
    if (copy !== undefined) this.#collect(copy, map, event)
  }

  /** The target misses these rows. */
  add(table: TableCopy, keys: readonly KeyTuple[]): void {
    for (const key of keys) this.#add(table, key)
  }

  /** The keys to read again, by table; they are forgotten here. */
  take(): ReadonlyMap<TableCopy, readonly KeyTuple[]> {
    const taken = new Map([...this.#keys].map(([table, keys]) => [table, [...keys.values()]]))
    this.#keys.clear()
    return taken
  }

  /** They could not be read now. */
  putBack(keys: ReadonlyMap<TableCopy, readonly KeyTuple[]>): void {
    for (const [table, tuples] of keys) this.add(table, tuples)
  }

  /** Keys whose table was altered meanwhile mean nothing any more: its ranges are copied as they then are. */
  forget(table: TableCopy): void {
    this.#keys.delete(table)
  }

  #collect(copy: TableCopy, map: RawEvent, event: RawEvent): void {
    const reader = new RowsReader(decodeTableMap(map))
    const columns = copy.definition?.columns ?? []
    if (reader.table.columns.length !== columns.length) return
    const places = copy.key?.columns.map(({ name }) => columns.findIndex((column) => column.name === name)) ?? []
    reader.open(event)
    while (reader.next()) {
      const { before, after } = reader
      const hasDifferences = after.partial.includes(1)
      if (!hasDifferences && !places.some((place) => hasMoved(before, after, place))) continue
      const key = places.map((place) => {
        const image = after.isPresent(place) ? after : before
        const [type, column] = [reader.table.columns[place], columns[place]]
        return type === undefined || column === undefined ? '' : keyCell(type, column, image, place).toString('base64')
      })
      this.#add(copy, key)
    }
  }

  #add(copy: TableCopy, key: KeyTuple): void {
    const keys = this.#keys.get(copy) ?? new Map<string, KeyTuple>()
    this.#keys.set(copy, keys)
    keys.set(JSON.stringify(key), key)
  }
}

function isFull(bits: Buffer, count: number): boolean {
  for (let column = 0; column < count; column += 1)
    if ((((bits[column >> 3] ?? 0) >> (column & 7)) & 1) === 0) return false
  return true
}

/** A key column that the after image lacks kept its value. */
function hasMoved(before: RowImage, after: RowImage, place: number): boolean {
  if (!after.isPresent(place)) return false
  const [old, now] = [before.isPresent(place) ? before.bytes(place) : null, after.bytes(place)]
  return old === null || now === null || !old.equals(now)
}
