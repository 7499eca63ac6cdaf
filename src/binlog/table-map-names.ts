/** Rewrites the names in a table-map event, so that its rows go to another table when they are passed on as they are. */
import { decodeBody } from './event-body.ts'
import { type RawEvent, rawEvent } from './raw-event.ts'
import { columnsOffset } from './table-map-event.ts'

/**
 * A copy of the event that names `schema`.`table`; everything else stays.
 *
 * @throws MalformedEventError if the event is no table map or a name has more than 255 bytes
 */
export function writeTableMapWithNames(event: RawEvent, schema: string, table: string): RawEvent {
  return decodeBody(event, (buffer, offset) => {
    const names = Buffer.concat([prefixed(schema), prefixed(table)])
    const written = Buffer.concat([
      buffer.subarray(0, offset + 8),
      names,
      buffer.subarray(columnsOffset(buffer, offset)),
    ])
    written.writeUInt32LE(written.length, 9)
    return rawEvent(written)
  })
}

/** `length(1) name 0` */
function prefixed(name: string): Buffer {
  const bytes = Buffer.from(name, 'utf8')
  if (bytes.length > 255) throw new RangeError(`the name ${name} is too long`)
  return Buffer.concat([Buffer.from([bytes.length]), bytes, Buffer.from([0])])
}
