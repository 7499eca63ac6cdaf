/** What the source task has done, as its report tells it. */
import type { Clock } from '../../core/clock.ts'
import { TableRates } from '../table-rates.ts'
import type { TableProgress, TaskProblem, TaskReport, TaskStage } from '../task-context.ts'
import type { TableCopy } from './copy/table-copy.ts'

/** Figures that a run keeps current. */
export interface RunFigures {
  readonly stage: TaskStage
  readonly description: string
  readonly tables: readonly TableCopy[]
  readonly position: string
  readonly transactionsTotal: number
  readonly ddlTotal: number
  readonly bytesTotal: number
  readonly queuedBytes: number
  /** See TaskReport. */
  readonly backlogBytes: number | null
}

interface Totals {
  readonly rows: number
  readonly bytes: number
  readonly transactions: number
  readonly ddl: number
}

const nothing: Totals = { rows: 0, bytes: 0, transactions: 0, ddl: 0 }
/** Rates are over this many reports. */
const mostSamples = 5

export class SourceProgress {
  readonly #clock: Clock
  readonly #tableRates: TableRates
  /** Of runs that are over. */
  #earlier = nothing
  #current = nothing
  #samples: { readonly atMs: number; readonly totals: Totals }[] = []

  constructor(clock: Clock) {
    this.#clock = clock
    this.#tableRates = new TableRates(clock)
  }

  /** A run is over: its totals stay. */
  runEnded(): void {
    this.#earlier = sum(this.#earlier, this.#current)
    this.#current = nothing
  }

  report(run: RunFigures, problem: TaskProblem | null): TaskReport {
    const tables = this.#tableRates.rated(run.tables.map(progressOf))
    const rows = run.tables.reduce((total, table) => total + table.rowsDone, 0)
    this.#current = {
      rows: Math.max(rows, this.#current.rows),
      bytes: run.bytesTotal,
      transactions: run.transactionsTotal,
      ddl: run.ddlTotal,
    }
    const totals = sum(this.#earlier, this.#current)
    const rate = this.#rates(totals)
    const rowsPerSecond = rate((one) => one.rows)
    return {
      role: 'source',
      stage: run.stage,
      description: run.description,
      problem,
      tables,
      rowsTotal: totals.rows,
      bytesTotal: totals.bytes,
      transactionsTotal: totals.transactions,
      rowsPerSecond,
      bytesPerSecond: rate((one) => one.bytes),
      transactionsPerSecond: rate((one) => one.transactions),
      lagMs: null,
      position: run.position,
      etaMs: etaMs(tables, rowsPerSecond),
      strategy: null,
      ddlTotal: totals.ddl,
      queuedBytes: run.queuedBytes,
      backlogBytes: run.backlogBytes,
    }
  }

  #rates(totals: Totals): (figure: (totals: Totals) => number) => number {
    const atMs = this.#clock.monotonicMs()
    this.#samples = [...this.#samples.slice(-mostSamples), { atMs, totals }]
    const [first] = this.#samples
    if (first === undefined || first.atMs === atMs) return () => 0
    return (figure) => Math.max(0, Math.round(((figure(totals) - figure(first.totals)) * 1000) / (atMs - first.atMs)))
  }
}

function sum(a: Totals, b: Totals): Totals {
  return {
    rows: a.rows + b.rows,
    bytes: a.bytes + b.bytes,
    transactions: a.transactions + b.transactions,
    ddl: a.ddl + b.ddl,
  }
}

function progressOf(table: TableCopy): TableProgress {
  const { rowsDone, bytesDone, isDone } = table
  return {
    schema: table.name.schema,
    table: table.name.name,
    rowsDone,
    rowsTotal: isDone ? rowsDone : Math.max(rowsDone, table.estimatedRows),
    bytesDone,
    bytesTotal: isDone ? bytesDone : Math.max(bytesDone, table.estimatedBytes),
    isDone,
  }
}

function etaMs(tables: readonly TableProgress[], rowsPerSecond: number): number | null {
  if (tables.length === 0 || rowsPerSecond === 0 || tables.every((table) => table.isDone)) return null
  const left = tables.reduce((rows, table) => rows + table.rowsTotal - table.rowsDone, 0)
  return Math.round((left * 1000) / rowsPerSecond)
}
