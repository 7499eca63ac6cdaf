/**
 * Which table the row images after it belong to, and its columns' types.
 *
 *     id(6) flags(2) schema-length(1) schema 0 table-length(1) table 0 columns(lenenc) types metadata-length(lenenc)
 *     metadata null-bits [optional metadata]
 *
 * Easy to get wrong: an id is only unique until the server changes the table's definition or restarts; keep a map no
 * longer than until the end of its statement (the rows event with the statement-end flag).
 */
import { type ColumnType, columnMetadataBytes, columnType } from './column-type.ts'
import { decodeBody } from './event-body.ts'
import { lengthEncoded, lengthEncodedBytes } from './length-encoded.ts'
import type { RawEvent } from './raw-event.ts'

export interface TableMap {
  readonly tableId: number
  readonly flags: number
  readonly schema: string
  readonly table: string
  readonly columns: readonly ColumnType[]
  /** One bit a column, lowest first: it may be NULL. */
  readonly nullBits: Buffer
  /** The undecoded optional metadata: `decodeTableMetadata`. Empty on servers that write none (MySQL 5.6). */
  readonly metadata: Buffer
}

/** Names and id only: cheap, for filters. */
export interface TableName {
  readonly tableId: number
  readonly schema: string
  readonly table: string
}

/** Reads the id and nothing else. @throws MalformedEventError */
export function decodeTableId(event: RawEvent): number {
  return decodeBody(event, (buffer, offset) => buffer.readUIntLE(offset, 6))
}

/** Reads the id and the names and nothing else. @throws MalformedEventError */
export function decodeTableName(event: RawEvent): TableName {
  return decodeBody(event, (buffer, offset) => {
    const tableAt = offset + 10 + buffer.readUInt8(offset + 8)
    const tableEnd = tableAt + 1 + buffer.readUInt8(tableAt)
    return {
      tableId: buffer.readUIntLE(offset, 6),
      schema: buffer.toString('utf8', offset + 9, tableAt - 1),
      table: buffer.toString('utf8', tableAt + 1, tableEnd),
    }
  })
}

/** Where the columns begin: after both names. */
export function columnsOffset(buffer: Buffer, offset: number): number {
  const tableAt = offset + 10 + buffer.readUInt8(offset + 8)
  return tableAt + buffer.readUInt8(tableAt) + 2
}

/** @throws MalformedEventError, also for column types that this version does not know */
export function decodeTableMap(event: RawEvent): TableMap {
  return decodeBody(event, (buffer, offset) => {
    const columnsAt = columnsOffset(buffer, offset)
    const count = lengthEncoded(buffer, columnsAt)
    const typesAt = columnsAt + lengthEncodedBytes(buffer, columnsAt)
    const metadataLengthAt = typesAt + count
    const metadataAt = metadataLengthAt + lengthEncodedBytes(buffer, metadataLengthAt)
    const nullBitsAt = metadataAt + lengthEncoded(buffer, metadataLengthAt)
    const optionalAt = nullBitsAt + ((count + 7) >> 3)
    if (optionalAt > buffer.length) throw new RangeError('no whole table map')
    return {
      ...decodeTableName(event),
      flags: buffer.readUInt16LE(offset + 6),
      columns: readColumns(buffer, typesAt, count, metadataAt),
      nullBits: buffer.subarray(nullBitsAt, optionalAt),
      metadata: buffer.subarray(optionalAt),
    }
  })
}

function readColumns(buffer: Buffer, typesAt: number, count: number, metadataAt: number): ColumnType[] {
  const columns: ColumnType[] = []
  let at = metadataAt
  for (let index = 0; index < count; index += 1) {
    const code = buffer.readUInt8(typesAt + index)
    const bytes = columnMetadataBytes(code)
    columns.push(columnType(code, bytes > 0 ? buffer.readUInt8(at) : 0, bytes > 1 ? buffer.readUInt8(at + 1) : 0))
    at += bytes
  }
  return columns
}

/** True when the column may be NULL on the source. */
export function isNullable(map: TableMap, column: number): boolean {
  return (((map.nullBits[column >> 3] ?? 0) >> (column & 7)) & 1) === 1
}
