/**
 * "Nothing new": how far the sender has read, with no event for us.
 *
 * Version 1 is the file's name; the offset is the header's 32-bit position. Version 2 (MySQL 8.0.26 and later, when
 * asked for) is a list of fields: type(1: 1 name, 2 position, 0 end) length(varint) value.
 * Source: libs/mysql/binlog/event/control_events.h, Heartbeat_event_v2; sql/log_event.cc (packed integers).
 */
import { decodeBody } from './event-body.ts'
import { EventType } from './event-type.ts'
import { lengthEncoded, lengthEncodedBytes } from './length-encoded.ts'
import type { RawEvent } from './raw-event.ts'

export interface HeartbeatEvent {
  readonly file: string
  readonly offset: number
}

/** @throws MalformedEventError */
export function decodeHeartbeat(event: RawEvent): HeartbeatEvent {
  return decodeBody(event, (buffer, offset) => {
    if (event.header.type !== EventType.HeartbeatV2)
      return { file: buffer.toString('utf8', offset), offset: event.header.logPos }
    let [file, position, at] = ['', 0, offset]
    while (at < buffer.length) {
      const field = buffer.readUInt8(at)
      if (field === 0) break
      const length = lengthEncoded(buffer, at + 1)
      at += 1 + lengthEncodedBytes(buffer, at + 1)
      if (field === 1) file = buffer.toString('utf8', at, at + length)
      if (field === 2) position = lengthEncoded(buffer, at)
      at += length
    }
    return { file, offset: position }
  })
}
