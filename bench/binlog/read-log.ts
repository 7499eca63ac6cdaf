/** Reads a server's whole log over a new connection, with what is asked for done to every row. */
import {
  decodeTableMap,
  isAtOrAfter,
  openBinlogStream,
  type Position,
  type RawEvent,
  type RowImage,
  RowsReader,
  rawEvent,
  type TransactionPart,
  TransactionReader,
} from '../../src/binlog/index.ts'
import { dumpOptions, endOfLog } from '../../test/binlog/collect-parts.ts'
import type { TestServer } from '../../test/harness/mysql-servers.ts'

/** @returns what is added up to see that the rows were right */
export type ImageWork = (image: RowImage, reader: RowsReader) => number

export interface ReadLog {
  readonly bytes: number
  readonly events: number
  readonly transactions: number
  /** Of the table `t`. */
  readonly rows: number
  readonly sum: number
  readonly seconds: number
  readonly cpuSeconds: number
}

/** What is done with the events: nothing, transactions made of them, or this with the image after each change. */
export type LogWork = 'events' | 'transactions' | { readonly before: ImageWork | null; readonly after: ImageWork }

export interface ReadOptions {
  readonly work: LogWork
  readonly checksum: 'verify' | 'none'
  /** How many events the log has, to know its end, where that is known; else the position tells, which takes longer. */
  readonly lastEvent?: number
}

export async function readLog(server: TestServer, { work, checksum, lastEvent = 0 }: ReadOptions): Promise<ReadLog> {
  const until = await endOfLog(server)
  const start = beginning(until)
  const cpu = process.cpuUsage()
  const startedMs = performance.now()
  await using stream = await openBinlogStream({ ...dumpOptions(server, start), checksum })
  const reader = new TransactionReader(start)
  const walker = new PartWalker(typeof work === 'string' ? null : work)
  let bytes = 0
  let events = 0
  while (lastEvent > 0 ? events < lastEvent : !isAtOrAfter(reader.position, until)) {
    const batch = (await stream.nextBatch()) ?? []
    events += batch.length
    for (const event of batch) bytes += event.buffer.length
    if (work !== 'events') for (const part of reader.read(batch)) walker.take(part)
  }
  const { user, system } = process.cpuUsage(cpu)
  const { transactions, rows, sum } = walker
  const seconds = (performance.now() - startedMs) / 1_000
  return { bytes, events, transactions, rows, sum, seconds, cpuSeconds: (user + system) / 1e6 }
}

function beginning(end: Position): Position {
  return end.kind === 'mysql-gtid' ? { ...end, executed: '' } : ({ ...end, gtid: '' } as Position)
}

class PartWalker {
  transactions = 0
  rows = 0
  sum = 0
  readonly #work: Exclude<LogWork, string> | null
  #reader: RowsReader | null = null
  #tableMap = Buffer.alloc(0)

  constructor(work: Exclude<LogWork, string> | null) {
    this.#work = work
  }

  take(part: TransactionPart): void {
    if (part.kind === 'commit' || part.kind === 'ddl') this.transactions += 1
    if (this.#work === null) return
    if (part.kind === 'table-map') this.#reader = this.#readerFor(part.event)
    if (part.kind === 'rows' && this.#reader !== null) this.#walk(this.#reader, part, this.#work)
  }

  /** Every statement repeats its table's map, which seldom changes. */
  #readerFor({ buffer, bodyOffset }: RawEvent): RowsReader {
    const body = buffer.subarray(bodyOffset)
    if (this.#reader === null || !this.#tableMap.equals(body)) {
      this.#tableMap = Buffer.from(body)
      this.#reader = new RowsReader(decodeTableMap(rawEvent(buffer)))
    }
    return this.#reader
  }

  #walk(reader: RowsReader, { event }: Extract<TransactionPart, { kind: 'rows' }>, work: Exclude<LogWork, string>) {
    const { kind } = reader.open(event)
    while (reader.next()) {
      this.rows += 1
      if (kind === 'update') work.before?.(reader.before, reader)
      this.sum += work.after(reader.after, reader)
    }
  }
}
