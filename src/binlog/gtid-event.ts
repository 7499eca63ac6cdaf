/** The head of a MySQL transaction, whichever of its three types it has. */
import { EventType } from './event-type.ts'
import { decodePlainGtidEvent, type GtidEvent } from './plain-gtid-event.ts'
import type { RawEvent } from './raw-event.ts'
import { decodeTaggedGtidEvent } from './tagged-gtid-event.ts'

/** Decodes a plain, anonymous or tagged GTID event. @throws MalformedEventError */
export function decodeGtidEvent(event: RawEvent): GtidEvent {
  return event.header.type === EventType.GtidTagged ? decodeTaggedGtidEvent(event) : decodePlainGtidEvent(event)
}
