/**
 * MariaDB's compressed events (`log_bin_compress=ON`): the statement or the rows in zlib's format behind a small head.
 *
 *     head(1): 0x80 | algorithm << 4 | bytes of the length;  length(1 to 4, big endian);  zlib data
 *
 * Source: sql/log_event.cc, binlog_buf_uncompress (MariaDB 10.11). Zlib, number 0, is the only algorithm.
 */
import { inflateSync } from 'node:zlib'
import { MalformedEventError } from './errors.ts'
import { EventType } from './event-type.ts'
import type { RawEvent } from './raw-event.ts'

/** @throws MalformedEventError if the algorithm is unknown or the data broken */
export function inflateMariadb(bytes: Buffer): Buffer {
  const head = bytes.readUInt8(0)
  const lengthBytes = head & 0x07
  if ((head & 0x80) === 0 || (head & 0x70) !== 0 || lengthBytes < 1 || lengthBytes > 4)
    throw new MalformedEventError(`a compressed event has the unknown head 0x${head.toString(16)}`)
  const length = bytes.readUIntBE(1, lengthBytes)
  const inflated = inflateSync(bytes.subarray(1 + lengthBytes), { maxOutputLength: Math.max(length, 1) })
  if (inflated.length !== length)
    throw new MalformedEventError(`a compressed event gives ${inflated.length} bytes instead of ${length}`)
  return inflated
}

const plainTypes = new Map<number, number>([
  [EventType.MariadbWriteRowsCompressedV1, EventType.WriteRowsV1],
  [EventType.MariadbUpdateRowsCompressedV1, EventType.UpdateRowsV1],
  [EventType.MariadbDeleteRowsCompressedV1, EventType.DeleteRowsV1],
  [EventType.MariadbWriteRowsCompressed, EventType.WriteRows],
  [EventType.MariadbUpdateRowsCompressed, EventType.UpdateRows],
  [EventType.MariadbDeleteRowsCompressed, EventType.DeleteRows],
])

/** The plain type of a compressed rows event; undefined for other types. */
export function plainRowsType(type: number): number | undefined {
  return plainTypes.get(type)
}

/**
 * A compressed rows event as the plain rows event it stands for; `headBytes` is all before the row images (post-header,
 * column count and bitmaps).
 */
export function inflateRowsEvent(event: RawEvent, plainType: number, headBytes: number): RawEvent {
  const head = event.buffer.subarray(0, event.bodyOffset + headBytes)
  const buffer = Buffer.concat([head, inflateMariadb(event.buffer.subarray(head.length))])
  buffer.writeUInt8(plainType, 4)
  buffer.writeUInt32LE(buffer.length, 9)
  return { header: { ...event.header, type: plainType, size: buffer.length }, buffer, bodyOffset: event.bodyOffset }
}
