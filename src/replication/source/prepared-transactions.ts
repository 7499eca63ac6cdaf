/**
 * XA transactions between their PREPARE and their COMMIT.
 *
 * Their rows are logged at the PREPARE, perhaps hours before the COMMIT, and may be rolled back yet. They are kept here
 * until then. What is not here (too large, or prepared before this run began) is looked up again in the source's log.
 *
 * Easy to get wrong: positions move past the PREPARE at once, so a run that begins behind it meets only the COMMIT.
 */
import { compareFilePlaces } from '../../binlog/position.ts'
import type { RawEvent } from '../../binlog/raw-event.ts'
import type { TransactionPart, Xid } from '../../binlog/transaction-part.ts'
import type { BinlogPlace } from '../pipe/frame.ts'
import { PreparedTransactionLostError } from './errors.ts'
import { StatementRows, type TableChoice } from './statement-rows.ts'

/** Row events of one prepared transaction, of tables in scope. */
export type PreparedRows = readonly Buffer[]

const mostHeldBytes = 64 * 1024 * 1024

/** The log from an earlier place on, as parts; ends by itself at the log's end or when the consumer stops. */
export type LogReader = (file: string) => AsyncIterable<{ readonly part: TransactionPart; readonly place: BinlogPlace }>

export interface PreparedParts {
  readonly isWanted: TableChoice
  /** The source's log files, oldest first. */
  readonly listFiles: () => Promise<readonly string[]>
  readonly readFile: LogReader
}

export class PreparedTransactions {
  readonly #parts: PreparedParts
  readonly #held = new Map<string, PreparedRows>()
  #heldBytes = 0

  constructor(parts: PreparedParts) {
    this.#parts = parts
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Collects the rows of a transaction that will be prepared. */
  collect(): PreparedCollector {
    return new PreparedCollector(this.#parts.isWanted, mostHeldBytes)
  }

  prepared(xid: Xid, collector: PreparedCollector): void {
    const rows = collector.rows
    if (rows === null || this.#heldBytes + collector.sizeBytes > mostHeldBytes) return
    this.#held.set(xidText(xid), rows)
    this.#heldBytes += collector.sizeBytes
  }

  rolledBack(xid: Xid): void {
    this.#take(xid)
  }

  /**
   * The rows of a transaction that is committed now, in order.
   *
   * @param before where its COMMIT stands
   * @throws PreparedTransactionLostError if the log no longer has its PREPARE
   */
  async committed(xid: Xid, before: BinlogPlace): Promise<PreparedRows> {
    return this.#take(xid) ?? this.lookUp(xid, before)
  }

  #take(xid: Xid): PreparedRows | null {
    const key = xidText(xid)
    const rows = this.#held.get(key)
    if (rows === undefined) return null
    this.#held.delete(key)
    this.#heldBytes -= rows.reduce((sum, row) => sum + row.length, 0)
    return rows
  }

  /** Reads them from the log again. @param before a place behind the PREPARE */
  async lookUp(xid: Xid, before: BinlogPlace): Promise<PreparedRows> {
    const files = (await this.#parts.listFiles()).filter(
      (file) => compareFilePlaces({ file, offset: 0 }, { file: before.file, offset: 1 }) < 0,
    )
    for (const file of files.toReversed()) {
      const rows = await this.#lookUpIn(file, xid, before)
      if (rows !== null) return rows
    }
    throw new PreparedTransactionLostError(
      `the XA transaction ${xidText(xid)} was committed at ${before.file}:${before.offset}, but the log with its rows ` +
        'has been purged on the source: only a new copy helps',
    )
  }

  /** The last transaction of that name that was prepared in the file, before the place. */
  async #lookUpIn(file: string, xid: Xid, before: BinlogPlace): Promise<PreparedRows | null> {
    let found: PreparedRows | null = null
    let collector: PreparedCollector | null = null
    for await (const { part, place } of this.#parts.readFile(file)) {
      if (place.file !== file || compareFilePlaces(place, before) >= 0) break
      if (part.kind === 'begin')
        collector = part.xid !== null && isSameXid(part.xid, xid) ? new PreparedCollector(this.#parts.isWanted) : null
      else if (part.kind === 'table-map') collector?.tableMap(part.event)
      else if (part.kind === 'rows') collector?.rowsEvent(part.event)
      else if (part.kind === 'xa-prepare' && isSameXid(part.xid, xid)) found = collector?.rows ?? null
    }
    return found
  }
}

/** Gathers the rows of one transaction, or nothing when they are too many. */
export class PreparedCollector {
  readonly #statement: StatementRows
  readonly #limitBytes: number
  #rows: Buffer[] = []
  #sizeBytes = 0

  constructor(isWanted: TableChoice, limitBytes = Number.POSITIVE_INFINITY) {
    this.#statement = new StatementRows(isWanted)
    this.#limitBytes = limitBytes
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Null: they were too many to keep. */
  get rows(): PreparedRows | null {
    return this.#sizeBytes > this.#limitBytes ? null : this.#rows
  }

  tableMap(event: RawEvent): void {
    this.#statement.tableMap(event)
  }

  rowsEvent(event: RawEvent): void {
    for (const { buffer } of this.#statement.rows(event)) {
      this.#sizeBytes += buffer.length
      if (this.#sizeBytes > this.#limitBytes) this.#rows = []
      // A copy: it is kept long, and must not keep the socket's whole chunk.
      else this.#rows.push(Buffer.from(buffer))
    }
  }
}

function isSameXid(a: Xid, b: Xid): boolean {
  return xidText(a) === xidText(b)
}

function xidText({ gtrid, bqual, formatId }: Xid): string {
  return `${gtrid.toString('hex')},${bqual.toString('hex')},${formatId}`
}
