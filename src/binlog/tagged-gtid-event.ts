/**
 * The head of a transaction whose GTID has a tag (type 42, MySQL 8.3 and later): one mysql::serialization message.
 *
 *     version size last-needed-field { field-id value }
 *
 * All are variable-length integers; fields come in ascending order and those with default values are left out.
 * 0 flags, 1 uuid (16 integers, one a byte), 2 number (signed), 3 tag, 4 last committed, 5 sequence number,
 * 6 immediate commit time, 7 original commit time, 8 length, 9 and 10 server versions, 11 commit group ticket.
 * Source: libs/mysql/serialization and Gtid_event::define_fields in control_events.h.
 */
import { MalformedEventError } from './errors.ts'
import { decodeBody } from './event-body.ts'
import { uuidFromBytes } from './gtid-set-encoding.ts'
import type { GtidEvent } from './plain-gtid-event.ts'
import type { RawEvent } from './raw-event.ts'
import { VarintReader } from './varint-reader.ts'

const knownFields = 12n

/** @throws MalformedEventError if the message needs a field that this version does not know */
export function decodeTaggedGtidEvent(event: RawEvent): GtidEvent {
  return decodeBody(event, (buffer, offset) => {
    const reader = new VarintReader(buffer, offset)
    const version = reader.unsigned()
    const end = offset + Number(reader.unsigned())
    const neededFields = reader.unsigned()
    if (version !== 1n || neededFields > knownFields)
      throw new MalformedEventError(`a tagged GTID event has the unknown version ${version} or field ${neededFields}`)
    return readFields(reader, Math.min(end, buffer.length))
  })
}

function readFields(reader: VarintReader, end: number): GtidEvent {
  let [uuid, tag, number, flags] = ['', '', 0n, 0]
  let [lastCommitted, sequenceNumber, immediate]: bigint[] = [0n, 0n, 0n]
  let original: bigint | null = null
  let lengthBytes: bigint | null = null
  while (reader.offset < end) {
    const field = Number(reader.unsigned())
    if (field >= knownFields) break
    if (field === 0) flags = Number(reader.unsigned())
    else if (field === 1)
      uuid = uuidFromBytes(Buffer.from(Array.from({ length: 16 }, () => Number(reader.unsigned()))), 0)
    else if (field === 2) number = reader.signed()
    else if (field === 3) tag = reader.text()
    else if (field === 4) lastCommitted = reader.signed()
    else if (field === 5) sequenceNumber = reader.signed()
    else if (field === 6) immediate = reader.unsigned()
    else if (field === 7) original = reader.unsigned()
    else if (field === 8) lengthBytes = reader.unsigned()
    else reader.unsigned()
  }
  if (uuid === '') throw new MalformedEventError('a tagged GTID event names no server')
  return {
    flags,
    gtid: { uuid, tag, number },
    lastCommitted: lastCommitted ?? 0n,
    sequenceNumber: sequenceNumber ?? 0n,
    immediateCommitMicros: immediate ?? 0n,
    originalCommitMicros: original ?? immediate ?? 0n,
    lengthBytes: lengthBytes === null ? null : Number(lengthBytes),
  }
}
