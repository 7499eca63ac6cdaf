/**
 * A compressed transaction (MySQL 8.0.20 and later): all events but the GTID inside one event.
 *
 *     { field(lenenc) length(lenenc) value } with 0 end mark, 1 size, 2 compression type, 3 uncompressed size; then the data
 *
 * The events inside have no checksums, and their log positions are of no file. Source:
 * libs/mysql/binlog/event/control_events.h, Transaction_payload_event; codecs/binary.cpp.
 */
import { zstdDecompressSync } from 'node:zlib'
import { MalformedEventError } from './errors.ts'
import { decodeBody } from './event-body.ts'
import { lengthEncoded, lengthEncodedBytes } from './length-encoded.ts'
import { eventHeaderBytes, type RawEvent, rawEvent } from './raw-event.ts'

const field = { end: 0, size: 1, compression: 2, uncompressedSize: 3 } as const
const compression = { zstd: 0, none: 255 } as const

/**
 * The events of a transaction payload, in order, as if they had come alone. The whole payload is decompressed at once:
 * the server holds it in memory as one event too, so it is bounded by the source's max_allowed_packet when compressed.
 *
 * @throws MalformedEventError if it is broken or compressed in an unknown way
 */
export function* payloadEvents(event: RawEvent): Generator<RawEvent> {
  const bytes = decodeBody(event, decompress)
  let offset = 0
  while (offset < bytes.length) {
    const size = offset + eventHeaderBytes <= bytes.length ? bytes.readUInt32LE(offset + 9) : 0
    if (size < eventHeaderBytes || offset + size > bytes.length)
      throw new MalformedEventError(`a compressed transaction ending at ${event.header.logPos} holds a broken event`)
    yield rawEvent(bytes.subarray(offset, offset + size))
    offset += size
  }
}

function decompress(buffer: Buffer, start: number): Buffer {
  let offset = start
  let [type, uncompressedBytes]: number[] = [compression.zstd, 0]
  for (;;) {
    const kind = lengthEncoded(buffer, offset)
    offset += lengthEncodedBytes(buffer, offset)
    if (kind === field.end) break
    const length = lengthEncoded(buffer, offset)
    offset += lengthEncodedBytes(buffer, offset)
    if (kind === field.compression) type = lengthEncoded(buffer, offset)
    if (kind === field.uncompressedSize) uncompressedBytes = lengthEncoded(buffer, offset)
    offset += length
  }
  const payload = buffer.subarray(offset)
  if (type === compression.none) return payload
  if (type !== compression.zstd) throw new MalformedEventError(`a transaction is compressed in the unknown way ${type}`)
  return zstdDecompressSync(payload, { maxOutputLength: Math.max(uncompressedBytes ?? 0, 1) })
}
