/**
 * Passes one transaction on: begin with its first event in scope, then its events, then commit; or a skip when nothing
 * of it is in scope.
 *
 * Easy to get wrong: frames know no rollback. So a transaction is held back until it commits or grows large; one that
 * has been passed on in part and then breaks off makes the run begin again, and leave it out the second time.
 */
import { formatPosition, type Position } from '../../binlog/position.ts'
import type { RawEvent } from '../../binlog/raw-event.ts'
import type { CommitTime, TransactionHead } from '../../binlog/transaction-part.ts'
import type { BinlogPlace, FrameItem } from '../pipe/frame.ts'
import { BrokenTransactionError } from './errors.ts'
import type { FrameWriter } from './frame-writer.ts'
import { StatementRows, type TableChoice } from './statement-rows.ts'
import type { TableNames } from './table-names.ts'

/** Above this a transaction is passed on before its end is known. */
const holdBytes = 4 * 1024 * 1024

/** Positions before transactions that broke off after a part of them was passed on; kept over runs. */
export type BrokenTransactions = Set<string>

export interface PassParts {
  readonly writer: FrameWriter
  readonly broken: BrokenTransactions
  readonly isWanted: TableChoice
  readonly names: TableNames
}

export class TransactionPass {
  readonly #writer: FrameWriter
  readonly #broken: BrokenTransactions
  readonly #head: TransactionHead
  readonly #rows: StatementRows
  readonly #isLeftOut: boolean
  /** Savepoints before the first row. */
  readonly #early: FrameItem[] = []
  #held: FrameItem[] = []
  #heldBytes = 0
  #isBegun = false
  #isStreaming = false

  constructor({ writer, broken, isWanted, names }: PassParts, head: TransactionHead) {
    this.#writer = writer
    this.#broken = broken
    this.#head = head
    this.#isLeftOut = broken.size > 0 && broken.has(formatPosition(head.before))
    this.#rows = new StatementRows(isWanted, names)
  }

  get head(): TransactionHead {
    return this.#head
  }

  tableMap(event: RawEvent): void {
    this.#rows.tableMap(event)
  }

  /** @returns what to wait for before the next one, if anything */
  rowsEvent(event: RawEvent): Promise<void> | undefined {
    for (const { buffer } of this.#rows.rows(event)) this.#add({ kind: 'event', event: buffer }, buffer.length)
    return this.#room()
  }

  /** A savepoint or a rollback to one; goes along only when rows do. */
  statement(event: Buffer): Promise<void> | undefined {
    const item: FrameItem = { kind: 'statement', event }
    if (!this.#isBegun) this.#early.push(item)
    else this.#add(item, event.length)
    return this.#room()
  }

  /** Something that goes before the transaction: the CREATE TABLE whose rows follow. */
  beforeBegin(item: FrameItem): void {
    this.#held.push(item)
  }

  commit(position: Position, committed: CommitTime): void {
    this.#writeHeld()
    this.#rows.reset()
    const place = placeOf(position)
    if (this.#isBegun) this.#writer.add({ kind: 'commit', place, committed })
    else this.#writer.skip({ kind: 'skip', gtid: this.#head.gtid, place, committed })
    this.#writer.reach(position)
  }

  /** @throws BrokenTransactionError if a part of it has been passed on */
  rollback(position: Position, committed: CommitTime): void {
    if (this.#isStreaming) {
      this.#broken.add(formatPosition(this.#head.before))
      throw new BrokenTransactionError(
        `the source's log breaks a large transaction off behind ${formatPosition(this.#head.before)}; it is left out`,
      )
    }
    this.#held = []
    this.#isBegun = false
    this.commit(position, committed)
  }

  #add(item: FrameItem, sizeBytes: number): void {
    if (this.#isLeftOut) return
    if (!this.#isBegun) {
      this.#isBegun = true
      this.#held.push({ kind: 'begin', gtid: this.#head.gtid, serverId: this.#head.serverId }, ...this.#early)
    }
    if (this.#isStreaming) {
      this.#writer.add(item)
      return
    }
    this.#held.push(item)
    this.#heldBytes += sizeBytes
    if (this.#heldBytes <= holdBytes) return
    this.#isStreaming = true
    this.#writeHeld()
  }

  /** What is held back takes none. */
  #room(): Promise<void> | undefined {
    return this.#isStreaming ? this.#writer.room() : undefined
  }

  #writeHeld(): void {
    for (const item of this.#held) this.#writer.add(item)
    this.#held = []
  }
}

export function placeOf(position: Position): BinlogPlace {
  return { file: position.file, offset: position.offset }
}
