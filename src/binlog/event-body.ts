/** How decoders fail: an event whose bytes end early says which event it was, not which index. */
import { MillraceError } from '../core/errors.ts'
import { MalformedEventError } from './errors.ts'
import { eventTypeName } from './event-type.ts'
import type { RawEvent } from './raw-event.ts'

/**
 * Runs a decoder of one event.
 *
 * @throws MalformedEventError in place of whatever reading past the end or bad data throws
 */
export function decodeBody<Decoded>(event: RawEvent, decode: (buffer: Buffer, offset: number) => Decoded): Decoded {
  try {
    return decode(event.buffer, event.bodyOffset)
  } catch (error) {
    if (error instanceof MillraceError) throw error
    const { type, logPos } = event.header
    throw new MalformedEventError(`the binlog event ${eventTypeName(type)} ending at ${logPos} can't be decoded`, {
      cause: error,
    })
  }
}
