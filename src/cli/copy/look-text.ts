/** What was found on both servers before a copy: its tables, and what is missing, with the cures. */
import { counted, sizeText } from '../amounts.ts'
import { painted, type Screen } from '../screen.ts'
import { formatTable, printable } from '../table.ts'
import type { CopyFinding, CopyLook, LookedTable, ServerLook } from './ports.ts'

/** What keeps the copy from being made, one text each; empty when nothing does. */
export function obstacles(
  look: CopyLook,
  options: { readonly dropsTables: boolean; readonly isResumed: boolean },
): readonly string[] {
  const { from, to } = look
  const found = [from, to].flatMap((server) => (server.failure === null ? [] : [server.failure]))
  if (found.length > 0) return found
  const errors = [...from.findings, ...to.findings].filter(({ severity }) => severity === 'error')
  const texts = errors.map((finding) => [`${finding.text}; ${finding.advice}`, ...cureLines(finding)].join('\n'))
  if (look.tables.length === 0) texts.push(nothingText(look))
  if (!options.dropsTables && !options.isResumed) texts.push(...occupied(look))
  return texts
}

/** The text of an obstacle that is the flags' own: they choose nothing, and all else is well. Null when it is not so. */
export function nothingChosen(look: CopyLook, found: readonly string[]): string | null {
  const text = nothingText(look)
  return found.length === 1 && found[0] === text ? text : null
}

function nothingText({ from }: CopyLook): string {
  return `${from.where} has no table of what is to be copied; check --schemas, --tables and --exclude`
}

/** Nobody's rows are overwritten. */
function occupied({ tables, to }: CopyLook): readonly string[] {
  const filled = tables.filter(({ kind, rowsAtTarget }) => kind === 'table' && (rowsAtTarget ?? 0) > 0)
  if (filled.length === 0) return []
  const names = filled.slice(0, 5).map(nameOf).join(', ')
  const more = filled.length > 5 ? ` and ${filled.length - 5} more` : ''
  return [
    `the target ${to.where} already holds rows in ${names}${more}; empty or drop these tables, leave them out with ` +
      '--exclude, or give --drop-if-exists to have them replaced by the copy',
  ]
}

/** What is worth knowing and stops nothing. */
export function warnings({ from, to, tables }: CopyLook, dropsTables: boolean): readonly string[] {
  const ours = new Set(tables.map(nameOf))
  const found = [...from.findings, ...to.findings].filter(({ severity }) => severity === 'warning')
  const texts = found
    // What is at the target is told by `obstacles`, in the words of this command.
    .filter(({ text }) => !text.startsWith('already at the target'))
    .map((finding) => [`${finding.text}; ${finding.advice}`, ...cureLines(finding)].join('\n'))
  const replaced = tables.filter(({ rowsAtTarget }) => rowsAtTarget !== null && dropsTables)
  if (replaced.length > 0 && ours.size > 0)
    texts.push(`--drop-if-exists: ${counted(replaced.length, 'table')} of the target ${to.where} will be dropped first`)
  return texts
}

function cureLines({ cureSql, cureConfig }: CopyFinding): readonly string[] {
  const sql = cureSql === null ? [] : cureSql.split('\n').map((line) => `    ${line}`)
  const config =
    cureConfig === null ? [] : ['    in its configuration:', ...cureConfig.split('\n').map((line) => `    ${line}`)]
  return [...sql, ...config].map(printable)
}

/** `MySQL 9.7.4 at db1:3306 -> MariaDB 10.11.18 at db2:3306: 12 tables, about 3.4 M rows, 120 MB` */
export function headLine(look: CopyLook): string {
  const tables = look.tables.filter(({ kind }) => kind === 'table')
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  const bytes = tables.reduce((sum, table) => sum + table.bytes, 0)
  const amount = `${counted(tables.length, 'table')}, about ${counted(rows, 'row')}, ${sizeText(bytes)}`
  return printable(`${serverText(look.from)} -> ${serverText(look.to)}: ${amount}`)
}

function serverText({ where, vendor, version }: ServerLook): string {
  if (vendor === null) return where
  return `${vendor === 'mariadb' ? 'MariaDB' : 'MySQL'} ${version?.replace(/-.*/, '') ?? ''} at ${where}`
}

/** For --dry-run. */
export function lookText(
  look: CopyLook,
  problems: readonly string[],
  notes: readonly string[],
  screen: Screen,
): string {
  const rows = look.tables.map((table) => [
    nameOf(table),
    table.kind,
    table.kind === 'table' ? String(table.rows) : '-',
    table.kind === 'table' ? sizeText(table.bytes) : '-',
    table.hasKey === false ? 'none' : '',
    table.rowsAtTarget === null ? '' : `yes, about ${counted(table.rowsAtTarget, 'row')}`,
  ])
  const parts = [headLine(look)]
  if (rows.length > 0) parts.push(formatTable(['TABLE', 'KIND', 'ROWS (ABOUT)', 'SIZE', 'KEY', 'AT THE TARGET'], rows))
  if (!look.hasAllTables && rows.length > 0) parts.push('there are more tables than are listed')
  for (const text of problems) parts.push(`${painted(screen, 'red', 'missing:')} ${text}`)
  for (const text of notes) parts.push(`${painted(screen, 'yellow', 'note:')} ${text}`)
  parts.push(problems.length === 0 ? 'nothing is missing; nothing was changed' : 'nothing was changed')
  return parts.join('\n\n')
}

function nameOf({ schema, name }: LookedTable): string {
  return printable(`${schema}.${name}`)
}
