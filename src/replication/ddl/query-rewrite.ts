/**
 * Makes query events with another statement from the source's own, session state and all.
 *
 *     header(19) thread(4) seconds(4) schema-length(1) error(2) vars-length(2) vars schema 0 sql
 *
 * Source: sql/log_event.cc, Query_event. The result has no checksum and a header whose size fits.
 */
import { EventType } from '../../binlog/event-type.ts'
import type { QueryEvent } from '../../binlog/query-event.ts'

const sizeAt = 9
const typeAt = 4
const fixedBytes = 13
const utf8mb4GeneralCi = 45

/** The event as a plain query event, the statement not compressed, ready to pass on. */
export function plainQueryEvent(query: QueryEvent): Buffer {
  const { buffer, header } = query.event
  if (header.type === EventType.Query && buffer.readUInt32LE(sizeAt) === buffer.length) return buffer
  return withStatement(query, query.sql)
}

/** The same event with other bytes of a statement, in the same character set. */
export function withStatement(query: QueryEvent, sql: Uint8Array): Buffer {
  const { buffer, bodyOffset } = query.event
  const bytes = Buffer.concat([buffer.subarray(0, statementAt(buffer, bodyOffset)), sql])
  bytes.writeUInt8(EventType.Query, typeAt)
  bytes.writeUInt32LE(bytes.length, sizeAt)
  return bytes
}

/** The same event with a statement in UTF-8, which becomes the session's character_set_client. */
export function withUtf8Statement(query: QueryEvent, sql: string): Buffer {
  const bytes = withStatement(query, Buffer.from(sql, 'utf8'))
  const at = charsetVariableAt(bytes, query.event.bodyOffset)
  if (at !== null) bytes.writeUInt16LE(utf8mb4GeneralCi, at)
  return bytes
}

function statementAt(buffer: Buffer, bodyOffset: number): number {
  const schemaLength = buffer.readUInt8(bodyOffset + 8)
  const varsLength = buffer.readUInt16LE(bodyOffset + 11)
  return bodyOffset + fixedBytes + varsLength + schemaLength + 1
}

const variable = { flags2: 0, sqlMode: 1, catalogZ: 2, autoIncrement: 3, charset: 4, catalog: 6 } as const

/** Servers write the few variables that may come before the character set in a fixed order. */
function charsetVariableAt(buffer: Buffer, bodyOffset: number): number | null {
  const end = bodyOffset + fixedBytes + buffer.readUInt16LE(bodyOffset + 11)
  let at = bodyOffset + fixedBytes
  while (at < end) {
    switch (buffer[at]) {
      case variable.charset:
        return at + 1
      case variable.flags2:
      case variable.autoIncrement:
        at += 5
        break
      case variable.sqlMode:
        at += 9
        break
      case variable.catalog:
        at += 2 + buffer.readUInt8(at + 1)
        break
      case variable.catalogZ:
        at += 3 + buffer.readUInt8(at + 1)
        break
      default:
        return null
    }
  }
  return null
}
