/**
 * Where a reader of the stream would resume, kept current transaction by transaction.
 *
 * Easy to get wrong: the GTID set grows when a transaction ends, not when it begins; resuming inside one would lose its
 * rest.
 */
import { FileOffset } from './file-offset.ts'
import { type Gtid, GtidSet } from './gtid-set.ts'
import { type MariadbGtid, MariadbGtidPosition } from './mariadb-gtid.ts'
import type { Position } from './position.ts'
import type { RawEvent } from './raw-event.ts'

export type AnyGtid =
  | { readonly kind: 'mysql'; readonly gtid: Gtid }
  | { readonly kind: 'mariadb'; readonly gtid: MariadbGtid }

export class PositionTracker {
  readonly #kind: Position['kind']
  readonly #executed: GtidSet
  readonly #mariadb: MariadbGtidPosition
  readonly #place: FileOffset
  #boundary: Position

  /** @throws InvalidPositionError if the start is malformed */
  constructor(start: Position) {
    this.#kind = start.kind
    this.#executed = GtidSet.parse(start.kind === 'mysql-gtid' ? start.executed : '')
    this.#mariadb = MariadbGtidPosition.parse(start.kind === 'mariadb-gtid' ? start.gtid : '')
    // By GTID the server chooses the file and tells it first.
    this.#place = start.kind === 'file' ? new FileOffset(start.file, start.offset) : new FileOffset('', 0)
    this.#boundary = start
  }

  /** The last place from which a reader may resume. */
  get boundary(): Position {
    return this.#boundary
  }

  /** For messages: where the last event ended. */
  get place(): string {
    return `${this.#place.file}:${this.#place.offset}`
  }

  /** Moves behind an event; call it before what the event ends is marked. */
  advance(event: RawEvent): void {
    this.#place.advance(event)
  }

  /** A transaction (or nothing, when `gtid` is null) ends here. @returns the new boundary */
  mark(gtid: AnyGtid | null): Position {
    if (gtid?.kind === 'mysql') this.#executed.add(gtid.gtid)
    if (gtid?.kind === 'mariadb') this.#mariadb.advance(gtid.gtid)
    this.#boundary = this.#position()
    return this.#boundary
  }

  #position(): Position {
    const { file, offset } = this.#place
    if (this.#kind === 'mysql-gtid') return { kind: this.#kind, executed: this.#executed.toString(), file, offset }
    if (this.#kind === 'mariadb-gtid') return { kind: this.#kind, gtid: this.#mariadb.toString(), file, offset }
    return { kind: 'file', file, offset }
  }
}
