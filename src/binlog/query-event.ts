/**
 * A statement in the log, with the session state to run it in.
 *
 *     thread(4) seconds(4) schema-length(1) error(2) vars-length(2) vars schema 0 sql
 *
 * Easy to get wrong: the statement's bytes are in `session.characterSetClient`, not in UTF-8; pass them on as bytes.
 */
import { decodeBody } from './event-body.ts'
import { EventType } from './event-type.ts'
import { inflateMariadb } from './mariadb-compression.ts'
import { decodeStatusVars, type SessionState } from './query-status-vars.ts'
import type { RawEvent } from './raw-event.ts'

export interface QueryEvent {
  readonly threadId: number
  /** How long the statement took on the source. */
  readonly executionSeconds: number
  /** The error with which the statement ended on the source; 0 for success. */
  readonly errorCode: number
  /** The default database; empty for none. */
  readonly schema: string
  readonly session: SessionState
  /** The statement's bytes, in the client's character set. */
  readonly sql: Buffer
  /** When the statement began, by the source's clock. */
  readonly timestampSeconds: number
  /** The event as it came, to pass on; on MariaDB its statement may be compressed. */
  readonly event: RawEvent
}

const fixedBytes = 13
const begin = 0x4e_49_47_45

/**
 * True for the BEGIN of a transaction, told without decoding it: every transaction of MySQL has one, and nothing else
 * that it says counts. MariaDB compresses no text as short. Bytes that end too early are no BEGIN.
 */
export function isBeginEvent({ header, buffer, bodyOffset }: RawEvent): boolean {
  const sqlAt = buffer.length - 5
  const varsAt = bodyOffset + fixedBytes
  if (header.type !== EventType.Query || sqlAt <= varsAt || buffer[sqlAt] !== 0x42) return false
  const schemaAt = varsAt + buffer.readUInt16LE(bodyOffset + 11)
  return schemaAt + buffer.readUInt8(bodyOffset + 8) + 1 === sqlAt && buffer.readInt32LE(sqlAt + 1) === begin
}

/** Decodes a query event, MariaDB's compressed form included. @throws MalformedEventError */
export function decodeQueryEvent(event: RawEvent): QueryEvent {
  return decodeBody(event, (buffer, offset) => {
    const schemaLength = buffer.readUInt8(offset + 8)
    const varsLength = buffer.readUInt16LE(offset + 11)
    const varsAt = offset + fixedBytes
    const schemaAt = varsAt + varsLength
    const sqlAt = schemaAt + schemaLength + 1
    if (sqlAt > buffer.length) throw new RangeError('no statement')
    const rest = buffer.subarray(sqlAt)
    return {
      threadId: buffer.readUInt32LE(offset),
      executionSeconds: buffer.readUInt32LE(offset + 4),
      errorCode: buffer.readUInt16LE(offset + 9),
      schema: buffer.toString('utf8', schemaAt, schemaAt + schemaLength),
      session: decodeStatusVars(buffer.subarray(varsAt, schemaAt)),
      sql: event.header.type === EventType.MariadbQueryCompressed ? inflateMariadb(rest) : rest,
      timestampSeconds: event.header.timestamp,
      event,
    }
  })
}
