/**
 * Events as the text of a `BINLOG '...'` statement, with which a server runs row events as its own replica would.
 *
 * The first statement of a session brings the source's format description; it must say "no checksums", since our raw
 * events carry none, and always has four bytes of room for its own. Source: sql/sql_binlog.cc.
 *
 * Easy to get wrong: the server keeps the format description for the session, and takes the rows of a table only in the
 * statement that holds its table map (MySQL) or after it; send whole source statements, up to the statement-end flag.
 */
import { EventType } from './event-type.ts'
import type { RawEvent } from './raw-event.ts'

const sizeAt = 9
const flagsAt = 17
const checksumBytes = 4

/** A format description for a session that will get raw events of this source. */
export function formatDescriptionForBinlogStatement(event: RawEvent): Buffer {
  const bytes = Buffer.concat([event.buffer, Buffer.alloc(checksumBytes)])
  bytes.writeUInt8(0, event.buffer.length - 1)
  bytes.writeUInt32LE(bytes.length, sizeAt)
  bytes.writeUInt16LE(0, flagsAt)
  return bytes
}

/** An event with the size that it has without its checksum. The event's own bytes stay as they are. */
export function eventForBinlogStatement(event: RawEvent): Buffer {
  if (event.header.type === EventType.FormatDescription) return formatDescriptionForBinlogStatement(event)
  if (event.buffer.readUInt32LE(sizeAt) === event.buffer.length) return event.buffer
  const bytes = Buffer.from(event.buffer)
  bytes.writeUInt32LE(bytes.length, sizeAt)
  return bytes
}

/**
 * The base64 text between the quotes of a BINLOG statement.
 *
 * @param formatDescription the source's; null when the session has had it already
 * @param events table maps and rows, in order
 */
export function encodeEventForBinlogStatement(formatDescription: RawEvent | null, events: Iterable<RawEvent>): string {
  const parts = formatDescription === null ? [] : [formatDescriptionForBinlogStatement(formatDescription)]
  for (const event of events) parts.push(eventForBinlogStatement(event))
  return Buffer.concat(parts).toString('base64')
}
