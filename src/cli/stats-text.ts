/** Where a replication job stands, as lines for a terminal or as one line for everything else. */
import { counted, countText, durationText, sizeText } from './amounts.ts'
import { percentText, progressBar } from './progress-bar.ts'
import type { ReplicationAnswer, TableAnswer } from './replication-answer.ts'
import { serverText } from './replications.ts'
import { painted, type Screen } from './screen.ts'
import { printable, shorten, widthOf } from './table.ts'

const barWidth = 24
const mostTables = 40
const longestTable = 40

/** Head, copy, a line for each table that is being copied or waits, and the rates. */
export function statsLines(answer: ReplicationAnswer, screen: Pick<Screen, 'terminal'>): readonly string[] {
  return [headLine(answer, screen), ...copyLines(answer, screen), ratesLine(answer), ...problemLines(answer, screen)]
}

function headLine(answer: ReplicationAnswer, screen: Pick<Screen, 'terminal'>): string {
  const { name, status, stage, source, target, description } = answer
  const colour = status === 'running' || status === 'complete' ? 'green' : status === 'dead' ? 'red' : 'yellow'
  const servers = printable(`${serverText(source)} -> ${serverText(target)}`)
  const why = status === 'running' || description === '' ? '' : `: ${shorten(printable(description), 300)}`
  return `${printable(name)}  ${painted(screen, colour, status)}  ${stage}  ${servers}${why}`
}

function copyLines(
  { copy, tables, stage, eta_ms: etaMs, rows_per_second: rate }: ReplicationAnswer,
  screen: Pick<Screen, 'terminal'>,
): readonly string[] {
  if (copy.tables === 0) return []
  const isOver = stage === 'incremental' || stage === 'complete'
  const names = tables.map(tableName)
  const width = Math.max(4, ...names.map(widthOf))
  const row = (label: string, done: number, total: number, isDone: boolean, more: string) => {
    const fraction = isDone ? 1 : Math.min(0.999, total === 0 ? 0 : done / total)
    const bar = screen.terminal === null ? '' : `${progressBar(fraction, barWidth, screen.terminal)}  `
    const rows = isDone ? counted(done, 'row') : `${countText(done)} of ${countText(total)} rows`
    const padding = ' '.repeat(Math.max(0, width - widthOf(label)))
    return `${label}${padding}  ${bar}${percentText(fraction).padStart(7)}  ${rows}${more}`
  }
  const ratesOf = (rowsPerSecond: number | null, eta: number | null) =>
    (rowsPerSecond === null || rowsPerSecond === 0 ? '' : `  ${countText(rowsPerSecond)} rows/s`) +
    (eta === null ? '' : `  ${durationText(eta)} left`)
  const done = `  ${copy.tables_done} of ${counted(copy.tables, 'table')}`
  const sum = row('copy', copy.rows_copied, copy.rows_total, isOver, done + (isOver ? '' : ratesOf(rate, etaMs)))
  if (isOver && screen.terminal !== null) return [sum]
  const shown = tables.slice(0, mostTables).map((table, index) => {
    const more = table.is_done ? '' : ratesOf(table.rows_per_second, table.eta_ms)
    return row(names[index] ?? '', table.rows_copied, table.rows_total, table.is_done, more)
  })
  return copy.tables > shown.length
    ? [sum, ...shown, `and ${counted(copy.tables - shown.length, 'table')} more`]
    : [sum, ...shown]
}

function ratesLine(answer: ReplicationAnswer): string {
  const { lag_ms: lagMs, rows_per_second: rows, transactions_per_second: transactions } = answer
  const backlog = answer.backlog_bytes === null ? '?' : sizeText(answer.backlog_bytes)
  const rates = `${countText(rows)} rows/s  ${countText(transactions)} transactions/s  ${sizeText(answer.bytes_per_second)}/s`
  return `lag ${lagMs === null ? '-' : durationText(lagMs)}  ${rates}  backlog ${backlog}`
}

function problemLines({ problems }: ReplicationAnswer, screen: Pick<Screen, 'terminal'>): readonly string[] {
  return problems
    .filter((problem) => problem.is_current)
    .flatMap(({ role, message, cure }) => [
      painted(screen, 'red', printable(`${role}: ${shorten(message, 500)}`)),
      ...(cure === null || cure === '' ? [] : [printable(`  cure: ${shorten(cure, 500)}`)]),
    ])
}

function tableName({ schema, name }: TableAnswer): string {
  return printable(shorten(`${schema}.${name}`, longestTable))
}

/** `2026-01-02T03:04:05Z running full copied 62.1 % tables 3/10 rows 600/1000 ...`: fixed words, plain numbers. */
export function statsLine(answer: ReplicationAnswer, at: Date): string {
  const { copy } = answer
  const isOver = answer.stage === 'incremental' || answer.stage === 'complete'
  const fraction = isOver ? 1 : Math.min(0.999, copy.rows_total === 0 ? 0 : copy.rows_copied / copy.rows_total)
  return [
    `${at.toISOString().slice(0, 19)}Z`,
    answer.status,
    answer.stage,
    `copied ${percentText(fraction).replace(' ', '')}`,
    `tables ${copy.tables_done}/${copy.tables}`,
    `rows ${copy.rows_copied}/${copy.rows_total}`,
    `eta ${answer.eta_ms === null ? '-' : durationText(answer.eta_ms)}`,
    `lag ${answer.lag_ms === null ? '-' : durationText(answer.lag_ms)}`,
    `${Math.round(answer.rows_per_second)} rows/s`,
    `${Math.round(answer.transactions_per_second)} transactions/s`,
    `${Math.round(answer.bytes_per_second)} bytes/s`,
    `backlog ${answer.backlog_bytes ?? '-'}`,
    ...(answer.status === 'running' || answer.status === 'complete'
      ? []
      : [printable(shorten(answer.description, 300))]),
  ].join(' ')
}
