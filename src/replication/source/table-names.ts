/**
 * The names in table maps. A server sends the map of a table again with each statement: equal bytes are read once.
 *
 * Easy to get wrong: an id may get another table's map at any time, so the bytes decide.
 */
import type { RawEvent } from '../../binlog/raw-event.ts'
import { decodeTableId, decodeTableName, type TableName } from '../../binlog/table-map-event.ts'

/** Servers use up ids as their cache of tables turns over; old ones are of no use. */
const mostKnown = 10_000

interface Known {
  /** The event's body. */
  readonly body: Buffer
  readonly name: TableName
}

export class TableNames {
  readonly #known = new Map<number, Known>()

  /** @throws MalformedEventError */
  of(event: RawEvent): TableName {
    const { buffer, bodyOffset } = event
    const tableId = decodeTableId(event)
    const known = this.#known.get(tableId)
    if (known !== undefined && buffer.compare(known.body, 0, known.body.length, bodyOffset) === 0) return known.name
    const name = decodeTableName(event)
    if (this.#known.size >= mostKnown) this.#known.clear()
    // A copy: the event lies in the socket's chunk.
    this.#known.set(tableId, { body: Buffer.from(buffer.subarray(bodyOffset)), name })
    return name
  }
}
