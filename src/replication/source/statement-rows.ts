/**
 * The row events of one statement, without those of tables out of scope.
 *
 *     rows event = header(19) table-id(6) flags(2) ...
 *
 * Easy to get wrong: the statement's last rows event says so in its flags, and whoever applies rows waits for it. When
 * that event is left out, the last one that stays must say it; so one event is always held back.
 */
import type { RawEvent } from '../../binlog/raw-event.ts'
import { TableNames } from './table-names.ts'

/** STMT_END_F of libs/mysql/binlog/event/rows_event.h. */
const statementEndFlag = 1

export type TableChoice = (schema: string, table: string) => boolean

export class StatementRows {
  readonly #isWanted: TableChoice
  readonly #names: TableNames
  /** Table maps of this statement that are passed on: with the first rows that are. */
  #maps: RawEvent[] = []
  readonly #wantedIds = new Set<number>()
  #held: RawEvent | null = null

  /**
   * @param isWanted asked once a table and statement
   * @param names what is known of earlier maps
   */
  constructor(isWanted: TableChoice, names = new TableNames()) {
    this.#isWanted = isWanted
    this.#names = names
  }

  tableMap(event: RawEvent): void {
    const { tableId, schema, table } = this.#names.of(event)
    if (!this.#isWanted(schema, table)) {
      this.#wantedIds.delete(tableId)
      return
    }
    this.#wantedIds.add(tableId)
    this.#maps.push(event)
  }

  /** @returns what can be passed on now, in order */
  rows(event: RawEvent): readonly RawEvent[] {
    const { buffer, bodyOffset } = event
    const isLast = (buffer.readUInt16LE(bodyOffset + 6) & statementEndFlag) !== 0
    const isWanted = this.#wantedIds.has(buffer.readUIntLE(bodyOffset, 6))
    if (isWanted && isLast && this.#held === null) return this.#onlyRows(event)
    const out: RawEvent[] = []
    if (isWanted) {
      out.push(...this.#takeHeld(), ...this.#maps)
      this.#maps = []
      this.#held = event
    }
    if (isLast) {
      const held = this.#held
      if (held !== null) markAsLast(held)
      out.push(...this.#takeHeld())
      this.reset()
    }
    return out
  }

  /** The first rows of the statement are the last ones, as they mostly are. */
  #onlyRows(event: RawEvent): readonly RawEvent[] {
    const out = this.#maps
    out.push(event)
    this.reset()
    return out
  }

  /** The transaction ended, or broke off. */
  reset(): void {
    this.#maps = []
    this.#held = null
    this.#wantedIds.clear()
  }

  #takeHeld(): readonly RawEvent[] {
    const held = this.#held
    this.#held = null
    return held === null ? [] : [held]
  }
}

function markAsLast({ buffer, bodyOffset }: RawEvent): void {
  buffer.writeUInt16LE(buffer.readUInt16LE(bodyOffset + 6) | statementEndFlag, bodyOffset + 6)
}
