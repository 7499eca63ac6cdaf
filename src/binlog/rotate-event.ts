/** The next file: `position(8) name`. Made up by the sender (no log position) at the start of a dump and of each file. */
import { decodeBody } from './event-body.ts'
import type { RawEvent } from './raw-event.ts'

export interface RotateEvent {
  readonly file: string
  readonly offset: number
}

/** @throws MalformedEventError */
export function decodeRotateEvent(event: RawEvent): RotateEvent {
  return decodeBody(event, (buffer, offset) => ({
    offset: Number(buffer.readBigUInt64LE(offset)),
    file: buffer.toString('utf8', offset + 8),
  }))
}
