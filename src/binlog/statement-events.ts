/**
 * The small events around statements: XID, XA PREPARE, incident, and the context of statement-based logging.
 *
 * Source: libs/mysql/binlog/event/statement_events.h and control_events.h; sql/log_event.cc of MariaDB for its
 * annotate event.
 */
import { decodeBody } from './event-body.ts'
import { EventType } from './event-type.ts'
import type { RawEvent } from './raw-event.ts'
import type { Xid } from './transaction-part.ts'

/** The storage engine's transaction number: the event is a COMMIT. @throws MalformedEventError */
export function decodeXidEvent(event: RawEvent): bigint {
  return decodeBody(event, (buffer, offset) => buffer.readBigUInt64LE(offset))
}

export interface XaPrepareEvent {
  readonly xid: Xid
  /** XA COMMIT ... ONE PHASE: the transaction is committed, not only prepared. */
  readonly isOnePhase: boolean
}

/** `one-phase(1) format-id(4) gtrid-length(4) bqual-length(4) data`. @throws MalformedEventError */
export function decodeXaPrepareEvent(event: RawEvent): XaPrepareEvent {
  return decodeBody(event, (buffer, offset) => {
    const gtridEnd = offset + 13 + buffer.readUInt32LE(offset + 5)
    const end = gtridEnd + buffer.readUInt32LE(offset + 9)
    if (end > buffer.length) throw new RangeError('an XA name has no end')
    return {
      isOnePhase: buffer.readUInt8(offset) !== 0,
      xid: {
        formatId: buffer.readInt32LE(offset + 1),
        gtrid: buffer.subarray(offset + 13, gtridEnd),
        bqual: buffer.subarray(gtridEnd, end),
      },
    }
  })
}

/** The text of the statement whose rows follow. MySQL puts a length of one byte before it, often too small: ignored. */
export function decodeRowsQuery(event: RawEvent): Buffer {
  const at = event.header.type === EventType.RowsQuery ? event.bodyOffset + 1 : event.bodyOffset
  return event.buffer.subarray(at)
}

/** `kind(2) length(1) message`. @throws MalformedEventError */
export function decodeIncident(event: RawEvent): { readonly kind: number; readonly message: string } {
  return decodeBody(event, (buffer, offset) => ({
    kind: buffer.readUInt16LE(offset),
    message: buffer.length > offset + 3 ? buffer.toString('utf8', offset + 3) : '',
  }))
}

/** What the statements after it see as a value that the server chose. */
export type StatementContext =
  | { readonly kind: 'last-insert-id' | 'insert-id'; readonly value: bigint }
  | { readonly kind: 'rand'; readonly seed1: bigint; readonly seed2: bigint }
  | {
      readonly kind: 'user-variable'
      readonly name: string
      /** Null: the variable is NULL. `type`: 0 string, 1 real, 2 integer, 4 decimal, as the server's Item_result. */
      readonly value: { readonly type: number; readonly collation: number; readonly bytes: Buffer } | null
      readonly isUnsigned: boolean
    }

/** Decodes INTVAR, RAND and USER_VAR events; null for others. @throws MalformedEventError */
export function decodeStatementContext(event: RawEvent): StatementContext | null {
  return decodeBody(event, (buffer, offset) => {
    switch (event.header.type) {
      case EventType.Intvar: {
        const kind = buffer.readUInt8(offset) === 1 ? 'last-insert-id' : 'insert-id'
        return { kind, value: buffer.readBigUInt64LE(offset + 1) }
      }
      case EventType.Rand:
        return { kind: 'rand', seed1: buffer.readBigUInt64LE(offset), seed2: buffer.readBigUInt64LE(offset + 8) }
      case EventType.UserVar:
        return readUserVariable(buffer, offset)
      default:
        return null
    }
  })
}

/** `name-length(4) name is-null(1) type(1) collation(4) length(4) value flags(1)` */
function readUserVariable(buffer: Buffer, offset: number): StatementContext {
  const nullAt = offset + 4 + buffer.readUInt32LE(offset)
  const name = buffer.toString('utf8', offset + 4, nullAt)
  if (buffer.readUInt8(nullAt) !== 0) return { kind: 'user-variable', name, value: null, isUnsigned: false }
  const valueAt = nullAt + 10
  const end = valueAt + buffer.readUInt32LE(nullAt + 6)
  return {
    kind: 'user-variable',
    name,
    value: {
      type: buffer.readUInt8(nullAt + 1),
      collation: buffer.readUInt32LE(nullAt + 2),
      bytes: buffer.subarray(valueAt, end),
    },
    isUnsigned: end < buffer.length && (buffer.readUInt8(end) & 1) !== 0,
  }
}

/** A block of a LOAD DATA file in statement format: `file-id(4) bytes`. @throws MalformedEventError */
export function decodeLoadBlock(event: RawEvent): { readonly fileId: number; readonly bytes: Buffer } {
  return decodeBody(event, (buffer, offset) => ({
    fileId: buffer.readUInt32LE(offset),
    bytes: buffer.subarray(offset + 4),
  }))
}
