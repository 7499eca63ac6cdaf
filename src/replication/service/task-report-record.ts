/** What a node last heard from a task's process, as every node can read it. */
import type { TableProgress, TaskProblem, TaskReport } from '../task-context.ts'
import type { DefinitionMark } from './assignment.ts'

export interface TaskReportRecord {
  readonly nodeId: string
  readonly nodeName: string
  readonly ownerTerm: number
  /** Of the job when the process was started. */
  readonly definition: DefinitionMark
  /** False once the process has been stopped. */
  readonly isRunning: boolean
  /** When the report came, epoch milliseconds by the node's own clock; for people. */
  readonly at: number
  /** For how long, when the report came, no counter had moved. */
  readonly unmovedMs: number
  readonly report: TaskReport
  /** Sums over all tables of the copy, also those left out of `report.tables`. */
  readonly copied: CopyTotals
  /** The newest problem of this definition, also when it is over. */
  readonly lastProblem: TaskProblem | null
}

export interface CopyTotals {
  readonly rowsDone: number
  readonly rowsTotal: number
  readonly bytesDone: number
  readonly bytesTotal: number
  /** Absent from an agent of before. */
  readonly tables?: number
  readonly tablesDone?: number
}

/** More tables than this would make the record, written every second, too large. */
const mostTables = 300

export function copyTotals(tables: readonly TableProgress[]): CopyTotals {
  const sum = (pick: (table: TableProgress) => number) => tables.reduce((total, table) => total + pick(table), 0)
  return {
    rowsDone: sum((table) => table.rowsDone),
    rowsTotal: sum((table) => table.rowsTotal),
    bytesDone: sum((table) => table.bytesDone),
    bytesTotal: sum((table) => table.bytesTotal),
    tables: tables.length,
    tablesDone: sum((table) => Number(table.isDone)),
  }
}

/** The same report with at most 300 tables: those being copied, then the largest that wait, then the largest done. */
export function boundedReport(report: TaskReport): TaskReport {
  if (report.tables.length <= mostTables) return report
  return { ...report, tables: shownFirst(report.tables) }
}

/** At most 300 of them, in that order. */
export function shownFirst(tables: readonly TableProgress[]): readonly TableProgress[] {
  return tables.toSorted((a, b) => turn(a) - turn(b) || b.bytesTotal - a.bytesTotal).slice(0, mostTables)
}

function turn({ isDone, rowsDone }: TableProgress): number {
  if (isDone) return 2
  return rowsDone > 0 ? 0 : 1
}

/** True when the task has had a newer owner: what a node still tells that was cut off, or stopped, and comes back. */
export function isOutdatedReport(record: TaskReportRecord, held: TaskReportRecord): boolean {
  return record.definition.createdAt === held.definition.createdAt && record.ownerTerm < held.ownerTerm
}

/** True when anything was read, sent or applied between the two. */
export function hasMoved(before: TaskReport, after: TaskReport): boolean {
  return (
    before.stage !== after.stage ||
    before.rowsTotal !== after.rowsTotal ||
    before.bytesTotal !== after.bytesTotal ||
    before.transactionsTotal !== after.transactionsTotal ||
    before.position !== after.position ||
    before.ddlTotal !== after.ddlTotal
  )
}
