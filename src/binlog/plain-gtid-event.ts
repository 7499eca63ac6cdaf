/**
 * The head of a MySQL transaction (types 33 and 34).
 *
 *     flags(1) uuid(16) number(8) [2 last-committed(8) sequence(8)
 *         [immediate-commit(7) [original-commit(7)] length(lenenc) immediate-version(4) [original-version(4)] [ticket(8)]]]
 *
 * The parts in brackets came with 5.7, 8.0 and 8.2. The highest bit of the 7-byte immediate time says that the original
 * one follows; without it both are the same. Source: libs/mysql/binlog/event/control_events.h, Gtid_event.
 */
import { decodeBody } from './event-body.ts'
import { EventType } from './event-type.ts'
import type { Gtid } from './gtid-set.ts'
import { uuidFromBytes } from './gtid-set-encoding.ts'
import { signed64 } from './int64.ts'
import { lengthEncoded } from './length-encoded.ts'
import type { RawEvent } from './raw-event.ts'

export interface GtidEvent {
  /** Null for anonymous transactions (GTIDs off). */
  readonly gtid: Gtid | null
  /** 1: the transaction may hold statement events. */
  readonly flags: number
  readonly lastCommitted: bigint | null
  readonly sequenceNumber: bigint | null
  /** Microseconds since the epoch. */
  readonly immediateCommitMicros: bigint | null
  readonly originalCommitMicros: bigint | null
  /** Bytes of the transaction in the log, this event included. */
  readonly lengthBytes: number | null
}

const logicalClockMark = 2
const uuidAt = 1
const numberAt = 17
const clockAt = 25
const timesAt = clockAt + 17

/** @throws MalformedEventError */
export function decodePlainGtidEvent(event: RawEvent): GtidEvent {
  return decodeBody(event, (buffer, offset) => {
    const isAnonymous = event.header.type === EventType.AnonymousGtid
    const number = signed64(buffer, offset + numberAt)
    const hasClock = buffer.length >= offset + timesAt && buffer.readUInt8(offset + clockAt) === logicalClockMark
    return {
      flags: buffer.readUInt8(offset),
      gtid: isAnonymous ? null : { uuid: uuidFromBytes(buffer, offset + uuidAt), tag: '', number },
      lastCommitted: hasClock ? signed64(buffer, offset + clockAt + 1) : null,
      sequenceNumber: hasClock ? signed64(buffer, offset + clockAt + 9) : null,
      ...readCommitTimes(buffer, offset + timesAt, hasClock),
    }
  })
}

function readCommitTimes(buffer: Buffer, offset: number, hasClock: boolean) {
  if (!hasClock || buffer.length < offset + 7)
    return { immediateCommitMicros: null, originalCommitMicros: null, lengthBytes: null }
  const hasOriginal = (buffer.readUInt8(offset + 6) & 0x80) !== 0
  const immediate = readMicros(buffer, offset)
  const lengthAt = offset + (hasOriginal ? 14 : 7)
  return {
    immediateCommitMicros: immediate,
    originalCommitMicros: hasOriginal ? readMicros(buffer, offset + 7) : immediate,
    lengthBytes: buffer.length > lengthAt ? lengthEncoded(buffer, lengthAt) : null,
  }
}

/** 55 bits in seven bytes. */
function readMicros(buffer: Buffer, offset: number): bigint {
  const high = buffer.readUIntLE(offset + 4, 3) & 0x7f_ffff
  // Exact up to 2^53, which is the year 2255.
  if (high < 0x20_0000) return BigInt(high * 0x1_0000_0000 + buffer.readUInt32LE(offset))
  return (BigInt(high) << 32n) | BigInt(buffer.readUInt32LE(offset))
}
