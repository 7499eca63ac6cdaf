/** How far a copy is, as lines for a terminal, or as one plain line. */
import { counted, countText, durationText, sizeText } from '../amounts.ts'
import { percentText, progressBar } from '../progress-bar.ts'
import { painted, type Screen } from '../screen.ts'
import { printable, shorten, widthOf } from '../table.ts'
import type { CompareProgress, CopyAmounts, CopyProgress, TableAmounts } from './ports.ts'
import type { Rate, Rates } from './rates.ts'

const barWidth = 20
const longestTable = 40
const mostTables = 30

/** For `Rates`: no table has this name. */
export const allTables = ''

export function tableKey({ schema, table }: Pick<TableAmounts, 'schema' | 'table'>): string {
  return `${schema}\0${table}`
}

/** A bar for all tables and one for each that is not done; then rates and lag, and what hinders. */
export function copyLines(progress: CopyProgress, rates: Rates, screen: Pick<Screen, 'terminal'>): readonly string[] {
  const { stage, copied, tables, hindrance } = progress
  const isOver = stage === 'incremental'
  const open = tables.filter((table) => !table.isDone)
  const shown = isOver ? [] : open.slice(0, Math.min(mostTables, (screen.terminal?.rows() ?? 24) - 6))
  const names = shown.map(tableName)
  const width = Math.max(5, ...names.map(widthOf))
  const done = `  ${tables.length - open.length} of ${counted(tables.length, 'table')}`
  const lines = stage === 'starting' ? [printable(progress.description)] : []
  if (tables.length > 0) {
    const total = { amounts: copied, isDone: isOver, rate: rates.of(allTables, copied) }
    lines.push(`${barLine('total'.padEnd(width), total, screen)}${done}`)
    for (const [index, table] of shown.entries()) {
      const name = names[index] ?? ''
      const label = name + ' '.repeat(width - widthOf(name))
      lines.push(barLine(label, { amounts: table, isDone: false, rate: rates.of(tableKey(table), table) }, screen))
    }
    if (!isOver && open.length > shown.length) lines.push(`and ${counted(open.length - shown.length, 'table')} more`)
  }
  if (isOver) lines.push(changesText(progress))
  if (hindrance !== null) lines.push(painted(screen, 'yellow', `waits: ${shorten(printable(hindrance), 300)}`))
  return lines
}

interface Bar {
  readonly amounts: CopyAmounts
  readonly isDone: boolean
  readonly rate: Rate
}

function barLine(label: string, { amounts, isDone, rate }: Bar, screen: Pick<Screen, 'terminal'>): string {
  const fraction = fractionOf(amounts, isDone)
  const bar = screen.terminal === null ? '' : `${progressBar(fraction, barWidth, screen.terminal)}  `
  const rows = isDone
    ? `${counted(amounts.rowsDone, 'row')}  ${sizeText(amounts.bytesDone)}`
    : `${countText(amounts.rowsDone)} of ${countText(amounts.rowsTotal)} rows  ${sizeText(amounts.bytesDone)}`
  const speed =
    isDone || rate.rowsPerSecond === 0
      ? ''
      : `  ${countText(rate.rowsPerSecond)} rows/s  ${sizeText(rate.bytesPerSecond)}/s`
  const left = isDone || rate.etaMs === null ? '' : `  ${durationText(rate.etaMs)} left`
  return `${label}  ${bar}${percentText(fraction).padStart(7)}  ${rows}${speed}${left}`
}

/** The totals are estimates: 100 % is said only when it is done. */
function fractionOf({ rowsDone, rowsTotal }: CopyAmounts, isDone: boolean): number {
  if (isDone) return 1
  return Math.min(0.999, rowsTotal === 0 ? 0 : rowsDone / rowsTotal)
}

function changesText(progress: CopyProgress): string {
  const { lagMs, transactionsPerSecond, rowsPerSecond, bytesPerSecond, transactionsTotal, ddlTotal } = progress
  const lag = lagMs === null ? 'lag not known yet' : `lag ${durationText(lagMs)}`
  const rates = `${countText(transactionsPerSecond)} transactions/s  ${countText(rowsPerSecond)} rows/s  ${sizeText(bytesPerSecond)}/s`
  const ddl = ddlTotal === 0 ? '' : `, ${counted(ddlTotal, 'DDL statement')}`
  return `changes  ${lag}  ${rates}  (${counted(transactionsTotal, 'transaction')}${ddl} so far)`
}

/** `2026-01-02T03:04:05Z copy 62.1% tables 3/10 rows 600/1000 ...`: fixed words, plain numbers. */
export function copyLine(progress: CopyProgress, rates: Rates, at: Date): string {
  const { stage, copied, tables, hindrance, lagMs } = progress
  const isOver = stage === 'incremental'
  const rate = rates.of(allTables, copied)
  const words = isOver
    ? [
        `lag ${lagMs === null ? '-' : durationText(lagMs)}`,
        `${Math.round(progress.transactionsPerSecond)} transactions/s`,
        `${Math.round(progress.rowsPerSecond)} rows/s`,
        `${progress.transactionsTotal} transactions`,
      ]
    : [
        percentText(fractionOf(copied, false)).replace(' ', ''),
        `tables ${tables.filter((table) => table.isDone).length}/${tables.length}`,
        `rows ${copied.rowsDone}/${copied.rowsTotal}`,
        `bytes ${copied.bytesDone}`,
        `${Math.round(rate.rowsPerSecond)} rows/s`,
        `${Math.round(rate.bytesPerSecond)} bytes/s`,
        `eta ${rate.etaMs === null ? '-' : durationText(rate.etaMs)}`,
      ]
  const what = stage === 'starting' ? 'starts' : isOver ? 'follows' : 'copies'
  const waits = hindrance === null ? '' : `; waits: ${shorten(printable(hindrance), 300)}`
  return `${at.toISOString().slice(0, 19)}Z ${what} ${words.join(' ')}${waits}`
}

export function compareLines(
  running: readonly CompareProgress[],
  done: number,
  screen: Pick<Screen, 'terminal'>,
): readonly string[] {
  const names = running.map(tableName)
  const width = Math.max(7, ...names.map(widthOf))
  const lines = running.map(({ rowsDone, rowsTotal }, index) => {
    const fraction = Math.min(0.999, rowsTotal === 0 ? 0 : rowsDone / rowsTotal)
    const name = names[index] ?? ''
    const bar = screen.terminal === null ? '' : `${progressBar(fraction, barWidth, screen.terminal)}  `
    const rows = `${countText(rowsDone)} of ${countText(rowsTotal)} rows`
    return `${name}${' '.repeat(width - widthOf(name))}  ${bar}${percentText(fraction).padStart(7)}  ${rows}`
  })
  return [`compares${done === 0 ? '' : `, ${counted(done, 'table')} done`}`, ...lines]
}

export function tableName({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return printable(shorten(`${schema}.${table}`, longestTable))
}
