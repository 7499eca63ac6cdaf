/** What the comparison of source and target found, as a table with the first differing keys below. */
import { counted, durationText } from '../amounts.ts'
import { painted, type Screen } from '../screen.ts'
import { formatTable, printable, shorten } from '../table.ts'
import { tableName } from './copy-text.ts'
import type { ComparedTable, CopyComparison } from './ports.ts'

const verdicts: Readonly<Record<ComparedTable['verdict'], string>> = {
  equal: 'equal',
  different: 'different',
  'only-source': 'only at the source',
  'only-target': 'only at the target',
  unsettled: 'not certain',
}
const differences = { missing: 'missing at the target', extra: 'only at the target', changed: 'differs' } as const

export function comparisonText({ tables, isEqual, durationMs }: CopyComparison, screen: Screen): string {
  const rows = tables.map((table) => [
    tableName(table),
    verdicts[table.verdict],
    rowsText(table),
    table.source?.hash ?? '-',
    table.target?.hash ?? '-',
  ])
  const details = tables.flatMap(detailLines)
  const uneven = tables.filter(({ verdict }) => verdict !== 'equal').length
  const took = durationText(durationMs)
  const verdict = isEqual
    ? painted(screen, 'green', `equal: ${counted(tables.length, 'table')} compared in ${took}`)
    : painted(screen, 'red', `not equal: ${uneven} of ${counted(tables.length, 'table')}; compared in ${took}`)
  const table = formatTable(['TABLE', 'VERDICT', 'ROWS', 'HASH AT SOURCE', 'HASH AT TARGET'], rows)
  return [table, ...(details.length === 0 ? [] : [details.join('\n')]), verdict].join('\n\n')
}

function rowsText({ source, target }: ComparedTable): string {
  if (source !== null && target !== null && source.rows === target.rows) return String(source.rows)
  return `${source?.rows ?? '-'} / ${target?.rows ?? '-'}`
}

function detailLines(table: ComparedTable): readonly string[] {
  const { missing, extra, changed, unsettled, firstDiffering, keyColumns, notes } = table
  const counts = [
    missing === 0 ? '' : `${counted(missing, 'row')} missing at the target`,
    extra === 0 ? '' : `${counted(extra, 'row')} only at the target`,
    changed === 0 ? '' : `${counted(changed, 'row')} different`,
    unsettled === 0 ? '' : `${counted(unsettled, 'row')} written all the time, nothing certain`,
    ...notes,
  ].filter((text) => text !== '')
  if (counts.length === 0) return []
  const keys = firstDiffering
    .filter(({ key }) => key.length > 0)
    .map(({ difference, key }) => `  ${keyText(keyColumns, key)}: ${differences[difference]}`)
  return [`${tableName(table)}: ${printable(counts.join('; '))}`, ...keys]
}

function keyText(columns: readonly string[], key: readonly string[]): string {
  return printable(columns.map((column, index) => `${column} = ${shorten(key[index] ?? '', 60)}`).join(', '))
}
