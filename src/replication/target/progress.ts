/**
 * What the target task has done, as figures: totals since the process began, rates over the last seconds, the state of
 * each table of the copy.
 */
import type { Clock } from '../../core/clock.ts'
import { withSeen } from '../ddl/seen-list.ts'
import type { ChunkPiece, CopyTable } from '../pipe/frame.ts'
import { TableRates } from '../table-rates.ts'
import type { SeenDdl, TableProgress } from '../task-context.ts'
import { type ChunkRecord, coversEverything } from './copy-store.ts'

/** Rates are averages over this long. */
const windowMs = 5_000

interface Sample {
  readonly atMs: number
  readonly rows: number
  readonly bytes: number
  readonly transactions: number
}

export interface Rates {
  readonly rowsPerSecond: number
  readonly bytesPerSecond: number
  readonly transactionsPerSecond: number
}

interface TableState {
  readonly table: CopyTable
  rowsDone: number
  bytesDone: number
  chunks: { after: ChunkPiece['after']; upTo: ChunkPiece['upTo'] }[]
  isDone: boolean
}

export class Progress {
  readonly #clock: Clock
  readonly #tables = new Map<number, TableState>()
  readonly #tableRates: TableRates
  #samples: Sample[] = []
  #ddl: readonly SeenDdl[] = []
  rowsTotal = 0
  bytesTotal = 0
  transactionsTotal = 0
  ddlTotal = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#tableRates = new TableRates(clock)
  }

  /**
   * The copy's tables, and what of them earlier runs have done.
   *
   * @param epoch a chunk that an older epoch left unfinished is read again from its beginning
   */
  setCopy(tables: readonly CopyTable[], chunks: readonly ChunkRecord[], epoch: number): void {
    this.#tables.clear()
    for (const table of tables) {
      const own = chunks.filter((chunk) => chunk.tableId === table.tableId)
      const done = own.filter((chunk) => chunk.isDone)
      const counted = own.filter((chunk) => chunk.isDone || chunk.epoch === epoch)
      this.#tables.set(table.tableId, {
        table,
        rowsDone: counted.reduce((sum, chunk) => sum + chunk.rowsDone, 0),
        bytesDone: counted.reduce((sum, chunk) => sum + chunk.bytesDone, 0),
        chunks: done.map(({ after, upTo }) => ({ after, upTo })),
        isDone: coversEverything(done),
      })
    }
  }

  chunkWritten(piece: ChunkPiece): void {
    this.rowsTotal += piece.rowCount
    this.bytesTotal += piece.rows.length
    const state = this.#tables.get(piece.tableId)
    if (state === undefined || piece.isReread) return
    state.rowsDone += piece.rowCount
    state.bytesDone += piece.rows.length
    if (!piece.isLast) return
    state.chunks.push({ after: piece.after, upTo: piece.upTo })
    state.isDone = coversEverything(state.chunks)
  }

  /** All tables are whole. */
  copyEnded(): void {
    for (const state of this.#tables.values()) state.isDone = true
  }

  /** The last statements, the oldest first. */
  get ddl(): readonly SeenDdl[] {
    return this.#ddl
  }

  sawDdl(seen: SeenDdl): void {
    this.#ddl = withSeen(this.#ddl, seen)
  }

  /** Those that move with their rates: asked once a second, for the report. */
  ratedTables(): TableProgress[] {
    return this.#tableRates.rated(this.tables())
  }

  tables(): TableProgress[] {
    return [...this.#tables.values()].map(({ table, rowsDone, bytesDone, isDone }) => ({
      schema: table.schema,
      table: table.table,
      rowsDone,
      rowsTotal: isDone ? rowsDone : Math.max(table.estimatedRows, rowsDone),
      bytesDone,
      bytesTotal: isDone ? bytesDone : Math.max(table.estimatedBytes, bytesDone),
      isDone,
    }))
  }

  /** Takes a sample and gives the rates since the oldest one kept. */
  rates(): Rates {
    const now: Sample = {
      atMs: this.#clock.monotonicMs(),
      rows: this.rowsTotal,
      bytes: this.bytesTotal,
      transactions: this.transactionsTotal,
    }
    this.#samples = [...this.#samples.filter((sample) => now.atMs - sample.atMs <= windowMs), now]
    const first = this.#samples[0] ?? now
    const seconds = Math.max((now.atMs - first.atMs) / 1000, 0.001)
    const rate = (more: number) => (first === now ? 0 : Math.round(more / seconds))
    return {
      rowsPerSecond: rate(now.rows - first.rows),
      bytesPerSecond: rate(now.bytes - first.bytes),
      transactionsPerSecond: rate(now.transactions - first.transactions),
    }
  }

  /** Milliseconds until all rows are copied at the present rate; null when that can't be told. */
  etaMs(rates: Rates): number | null {
    const tables = this.tables()
    if (tables.length === 0 || tables.every((table) => table.isDone) || rates.rowsPerSecond === 0) return null
    const left = tables.reduce((sum, table) => sum + table.rowsTotal - table.rowsDone, 0)
    return Math.round((left / rates.rowsPerSecond) * 1000)
  }
}
