/**
 * The head of a rows event: everything before the row images.
 *
 *     table-id(6) flags(2) [v2: extra-length(2, itself included) extra] columns(lenenc) present-bits [present-bits after]
 *
 * Source: libs/mysql/binlog/event/rows_event.h, Rows_event; sql/log_event.cc.
 */
import { MalformedEventError } from './errors.ts'
import { decodeBody } from './event-body.ts'
import { EventType, eventTypeName, rowsEventKind } from './event-type.ts'
import { lengthEncoded, lengthEncodedBytes } from './length-encoded.ts'
import { inflateRowsEvent, plainRowsType } from './mariadb-compression.ts'
import type { RawEvent } from './raw-event.ts'

export const RowsFlag = {
  /** Last rows event of its statement: table maps end here. */
  StatementEnd: 1,
  /** The source ran with foreign_key_checks=0. */
  NoForeignKeyChecks: 2,
  /** The source ran with unique_checks=0. */
  RelaxedUniqueChecks: 4,
  /** Rows hold all columns. */
  CompleteRows: 8,
  /** USE_SQL_FOREIGN_KEY_F of MySQL 9.6 and later: what cascades has row events of its own. */
  CascadesAreLogged: 16,
} as const

export interface RowsHead {
  readonly kind: 'write' | 'update' | 'delete'
  /** True for PARTIAL_UPDATE_ROWS: after images may hold JSON differences. */
  readonly isPartial: boolean
  readonly tableId: number
  readonly flags: number
  readonly columnCount: number
  /** Bits, lowest first: the column is in the before image (updates, deletes) or the after image (writes). */
  readonly present: Buffer
  /** The same for the after image of updates; `present` for others. */
  readonly presentAfter: Buffer
  /** Where the first row image begins in the event's buffer. */
  readonly rowsOffset: number
}

/** Table id and flags only: cheap, for filters. @throws MalformedEventError */
export function decodeRowsTarget(event: RawEvent): { readonly tableId: number; readonly flags: number } {
  return decodeBody(event, (buffer, offset) => ({
    tableId: buffer.readUIntLE(offset, 6),
    flags: buffer.readUInt16LE(offset + 6),
  }))
}

/** @throws MalformedEventError */
export function decodeRowsHead(event: RawEvent): RowsHead {
  const { type } = event.header
  const kind = rowsEventKind(type)
  if (kind === null) throw new MalformedEventError(`${eventTypeName(type)} holds no rows`)
  return decodeBody(event, (buffer, offset) => {
    const columnsAt = offset + 8 + (hasExtraData(type) ? buffer.readUInt16LE(offset + 8) : 0)
    const columnCount = lengthEncoded(buffer, columnsAt)
    const bitmapBytes = (columnCount + 7) >> 3
    const presentAt = columnsAt + lengthEncodedBytes(buffer, columnsAt)
    const presentEnd = presentAt + bitmapBytes
    const rowsOffset = kind === 'update' ? presentEnd + bitmapBytes : presentEnd
    if (rowsOffset > buffer.length) throw new RangeError('no whole head')
    const present = buffer.subarray(presentAt, presentEnd)
    return {
      kind,
      isPartial: type === EventType.PartialUpdateRows,
      tableId: buffer.readUIntLE(offset, 6),
      flags: buffer.readUInt16LE(offset + 6),
      columnCount,
      present,
      presentAfter: kind === 'update' ? buffer.subarray(presentEnd, rowsOffset) : present,
      rowsOffset,
    }
  })
}

/** A MariaDB compressed rows event as the plain one it stands for; any other event as it is. @throws MalformedEventError */
export function plainRowsEvent(event: RawEvent): RawEvent {
  const plainType = plainRowsType(event.header.type)
  if (plainType === undefined) return event
  const headBytes = decodeRowsHead(event).rowsOffset - event.bodyOffset
  return decodeBody(event, () => inflateRowsEvent(event, plainType, headBytes))
}

/** Version 2 events carry extra data; MariaDB's "compressed" without V1 in the name are version 2 as well. */
function hasExtraData(type: number): boolean {
  switch (type) {
    case EventType.WriteRows:
    case EventType.UpdateRows:
    case EventType.DeleteRows:
    case EventType.PartialUpdateRows:
    case EventType.MariadbWriteRowsCompressed:
    case EventType.MariadbUpdateRowsCompressed:
    case EventType.MariadbDeleteRowsCompressed:
      return true
    default:
      return false
  }
}
