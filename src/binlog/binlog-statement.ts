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

const statementHead = Buffer.from("BINLOG '", 'latin1')
const quote = 0x27
/** Encoded at a time: three bytes make four characters, so no piece but the last needs padding. */
const pieceBytes = 48 * 1024

/** Makes whole statements, without a second copy of their events and without their text as a string. */
export class BinlogStatements {
  readonly #piece = Buffer.allocUnsafeSlow(pieceBytes)

  /**
   * @param events as above
   * @param memory gives as many bytes as asked for, of any content
   */
  statementOf(events: Iterable<RawEvent>, memory: (sizeBytes: number) => Buffer = Buffer.allocUnsafeSlow): Buffer {
    const parts = Array.from(events, eventForBinlogStatement)
    const rawBytes = parts.reduce((sum, part) => sum + part.length, 0)
    const statement = memory(statementHead.length + Math.ceil(rawBytes / 3) * 4 + 1)
    statement.set(statementHead)
    const end = this.#encode(parts, statement, statementHead.length)
    statement[end] = quote
    return statement
  }

  /** @returns where the text ends in `statement` */
  #encode(parts: readonly Buffer[], statement: Buffer, start: number): number {
    let at = start
    let filled = 0
    for (const part of parts)
      for (let from = 0; from < part.length; ) {
        const taken = part.copy(this.#piece, filled, from)
        from += taken
        filled += taken
        if (filled < pieceBytes) continue
        at += statement.write(this.#piece.toString('base64', 0, filled), at, 'latin1')
        filled = 0
      }
    return at + statement.write(this.#piece.toString('base64', 0, filled), at, 'latin1')
  }
}
