/**
 * Row events with the tables they belong to, as they wait to be applied.
 *
 * Easy to get wrong: a table id means nothing beyond its statement, but servers repeat one map for the same table again
 * and again; equal bytes are parsed once.
 */

import { EventType } from '../../binlog/event-type.ts'
import { decodeQueryEvent, type QueryEvent } from '../../binlog/query-event.ts'
import { type RawEvent, rawEvent } from '../../binlog/raw-event.ts'
import { decodeRowsTarget, RowsFlag, type RowsHead } from '../../binlog/rows-event.ts'
import { RowsReader } from '../../binlog/rows-reader.ts'
import { decodeTableId, decodeTableMap, decodeTableName, type TableName } from '../../binlog/table-map-event.ts'
import { ApplyError } from './errors.ts'

const tableIdBytes = 6

/** One version of one table as the source describes it. */
export class SourceTable {
  readonly mapEvent: RawEvent
  readonly name: TableName
  /** One text for schema and table. */
  readonly fullName: string
  #reader: RowsReader | null = null

  constructor(mapEvent: RawEvent) {
    this.mapEvent = mapEvent
    this.name = decodeTableName(mapEvent)
    this.fullName = `${this.name.schema}\0${this.name.table}`
  }

  /** Shared by all: open it and walk to the end without waiting in between. @throws MalformedEventError */
  get reader(): RowsReader {
    this.#reader ??= this.newReader()
    return this.#reader
  }

  /** For walks that wait in between. @throws MalformedEventError */
  newReader(): RowsReader {
    return new RowsReader(decodeTableMap(this.mapEvent))
  }
}

export interface RowsChange {
  readonly kind: 'rows'
  readonly table: SourceTable
  readonly event: RawEvent
  /** See RowsFlag. */
  readonly flags: number
  /**
   * Made of several events (merge-changes.ts): its rows have different keys, none of its updates changes a column of a
   * unique key, and so their order does not matter.
   */
  readonly isMerged?: true
}

/** SAVEPOINT or ROLLBACK TO. */
export interface StatementChange {
  readonly kind: 'statement'
  readonly query: QueryEvent
}

export type Change = RowsChange | StatementChange

/** True when row images of one mean the same as those of the other; table ids change now and then. */
export function isSameDefinition({ mapEvent: a }: SourceTable, { mapEvent: b }: SourceTable): boolean {
  return isSameBody(a, b, tableIdBytes)
}

/** True when the source ran the statement without checking foreign keys, or logged what cascades. */
export function skipsForeignKeys({ flags }: RowsChange): boolean {
  return (flags & (RowsFlag.NoForeignKeyChecks | RowsFlag.CascadesAreLogged)) !== 0
}

/** How many rows the event changes. @throws MalformedEventError */
export function countRows({ table, event }: RowsChange): number {
  let count = 0
  table.reader.open(event)
  while (table.reader.next()) count += 1
  return count
}

/** True when every image of the event has all columns of the table. */
export function hasAllColumns({ columnCount, present, presentAfter }: RowsHead, wanted: number): boolean {
  return columnCount === wanted && isFull(present, wanted) && isFull(presentAfter, wanted)
}

function isFull(bits: Buffer, count: number): boolean {
  const whole = count >> 3
  for (let at = 0; at < whole; at += 1) if (bits[at] !== 0xff) return false
  const rest = (1 << (count & 7)) - 1
  return ((bits[whole] ?? 0) & rest) === rest
}

/** Makes changes of events, in the order in which they come. */
export class ChangeReader {
  readonly #tables = new Map<number, SourceTable>()
  /** The one that came last: nearly always the one that comes next. */
  #last: { readonly tableId: number; readonly table: SourceTable } | null = null

  /** @returns null for a table map, which only describes what follows @throws MalformedEventError */
  read(bytes: Buffer): RowsChange | null {
    const event = rawEvent(bytes)
    if (event.header.type === EventType.TableMap) {
      this.#keep(event)
      return null
    }
    const { tableId, flags } = decodeRowsTarget(event)
    const table = this.#last?.tableId === tableId ? this.#last.table : this.#tables.get(tableId)
    if (table === undefined)
      throw new ApplyError(
        `rows of table id ${tableId} came without the table's description; the source has to send again`,
      )
    return { kind: 'rows', table, event, flags }
  }

  /** A QUERY_EVENT inside a transaction. @throws MalformedEventError */
  readStatement(bytes: Buffer): StatementChange {
    return { kind: 'statement', query: decodeQueryEvent(rawEvent(bytes)) }
  }

  /** Forgets all tables: a definition may have changed. */
  clear(): void {
    this.#tables.clear()
    this.#last = null
  }

  #keep(event: RawEvent): void {
    const tableId = decodeTableId(event)
    const known = this.#tables.get(tableId)
    // The frame's memory would stay as long as the map does.
    const table =
      known !== undefined && isSameBody(known.mapEvent, event)
        ? known
        : new SourceTable(rawEvent(Buffer.from(event.buffer)))
    if (table !== known) this.#tables.set(tableId, table)
    this.#last = { tableId, table }
  }
}

function isSameBody(a: RawEvent, b: RawEvent, from = 0): boolean {
  const [startA, startB] = [a.bodyOffset + from, b.bodyOffset + from]
  return a.buffer.compare(b.buffer, startB, b.buffer.length, startA, a.buffer.length) === 0
}
