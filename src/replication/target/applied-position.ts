/**
 * The position after each transaction: what the frame began with, plus every GTID since.
 *
 * Easy to get wrong: parsing and printing a long GTID set for each transaction would cost more than applying it. The
 * set is kept parsed and printed only when a checkpoint is written.
 */
import { GtidSet, parseGtid } from '../../binlog/gtid-set.ts'
import { MariadbGtidPosition, parseMariadbGtid } from '../../binlog/mariadb-gtid.ts'
import { gtidsOf, type Position } from '../../binlog/position.ts'
import type { BinlogPlace } from '../pipe/frame.ts'

type State =
  | { readonly kind: 'mysql-gtid'; readonly executed: GtidSet; place: BinlogPlace }
  | { readonly kind: 'mariadb-gtid'; readonly gtids: MariadbGtidPosition; place: BinlogPlace }
  | { readonly kind: 'file'; place: BinlogPlace }

export class AppliedPosition {
  #state: State | null = null
  /** The text that `#state` was read from, so that a frame that says the same costs nothing. */
  #knownText = ''

  /** Stands where `position` says. @throws InvalidPositionError */
  moveTo(position: Position): void {
    const text = `${position.kind} ${gtidsOf(position)}`
    const place = { file: position.file, offset: position.offset }
    if (this.#state !== null && position.kind !== 'file' && text === this.#text()) {
      this.#state.place = place
      return
    }
    this.#state = readState(position, place)
    this.#knownText = text
  }

  /** One more transaction ended there. */
  advance(gtid: string | null, place: BinlogPlace): void {
    const state = this.#state
    if (state === null) return
    if (gtid !== null && state.kind === 'mysql-gtid') state.executed.add(parseGtid(gtid))
    if (gtid !== null && state.kind === 'mariadb-gtid') state.gtids.advance(parseMariadbGtid(gtid))
    state.place = place
    if (gtid !== null) this.#knownText = ''
  }

  /** Null before the first `moveTo`. */
  position(): Position | null {
    const state = this.#state
    if (state === null) return null
    const { file, offset } = state.place
    switch (state.kind) {
      case 'mysql-gtid':
        return { kind: 'mysql-gtid', executed: state.executed.toString(), file, offset }
      case 'mariadb-gtid':
        return { kind: 'mariadb-gtid', gtid: state.gtids.toString(), file, offset }
      case 'file':
        return { kind: 'file', file, offset }
    }
  }

  #text(): string {
    if (this.#knownText === '') {
      const position = this.position()
      if (position !== null) this.#knownText = `${position.kind} ${gtidsOf(position)}`
    }
    return this.#knownText
  }
}

function readState(position: Position, place: BinlogPlace): State {
  switch (position.kind) {
    case 'mysql-gtid':
      return { kind: 'mysql-gtid', executed: GtidSet.parse(position.executed), place }
    case 'mariadb-gtid':
      return { kind: 'mariadb-gtid', gtids: MariadbGtidPosition.parse(position.gtid), place }
    case 'file':
      return { kind: 'file', place }
  }
}
