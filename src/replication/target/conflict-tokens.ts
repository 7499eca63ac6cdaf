/**
 * What a group of transactions touches, so that groups that touch different things can be applied at the same time.
 *
 * A row is known by the values of its primary key and all its unique keys, before and after. Where two values may be one
 * key although their bytes differ (collations, prefixes, floating point, expressions), or where touching one row touches
 * others (foreign keys, tables without a key), the whole table stands for the row.
 *
 * Easy to get wrong: an image that lacks a key's columns says nothing about the key. Such a group waits for all others,
 * and all others for it.
 */
import type { RowImage } from '../../binlog/row-image.ts'
import type { RowsChange } from './row-changes.ts'
import type { TableCatalog, TargetColumn, TargetTable } from './table-catalog.ts'

export interface Tokens {
  readonly touched: ReadonlySet<string>
  /** Conflicts with every other group. */
  readonly isAlone: boolean
}

/** Types whose values are equal exactly when their bytes in a row image are. */
const exactTypes = new Set([
  'tinyint',
  'smallint',
  'mediumint',
  'int',
  'bigint',
  'decimal',
  'date',
  'time',
  'datetime',
  'timestamp',
  'year',
  'bit',
  'enum',
  'set',
  'binary',
  'varbinary',
  'uuid',
  'inet4',
  'inet6',
])

/** More tokens than this are not worth their memory. */
const mostTokens = 50_000

/** @throws ApplyError when a table is not at the target */
export async function tokensOf(changes: readonly RowsChange[], catalog: TableCatalog): Promise<Tokens> {
  const touched = new Set<string>()
  for (const change of changes) {
    const { schema, table } = change.table.name
    const target = await catalog.get(schema, table)
    if (!isKnownByRows(target, change)) for (const name of touchedTables(target)) touched.add(name)
    else if (!addRows(touched, target, change)) return { touched, isAlone: true }
    if (touched.size > mostTokens) return { touched, isAlone: true }
  }
  return { touched, isAlone: false }
}

/** True when the groups may not be applied at the same time. */
export function conflicts(a: Tokens, b: Tokens): boolean {
  if (a.isAlone || b.isAlone) return true
  const [few, many] = a.touched.size < b.touched.size ? [a.touched, b.touched] : [b.touched, a.touched]
  for (const token of few) if (many.has(token)) return true
  return false
}

function isKnownByRows(target: TargetTable, change: RowsChange): boolean {
  if (target.parents.length > 0 || target.children.length > 0 || !target.isTransactional) return false
  if (target.columns.length !== change.table.reader.table.columns.length) return false
  if (!target.uniqueKeys.some((key) => !key.hasNullable)) return false
  return target.uniqueKeys.every(
    (key) => !key.hasExpression && !key.hasPrefix && key.columns.every((index) => isExact(target.columns[index])),
  )
}

function isExact(column: TargetColumn | undefined): boolean {
  return column !== undefined && exactTypes.has(column.dataType)
}

/** The table, and those that its foreign keys reach: their rows are locked, or changed, with it. */
function touchedTables(target: TargetTable): string[] {
  const related = [
    ...target.parents.map((key) => `${key.parentSchema}\0${key.parentTable}`),
    ...target.children.map((key) => `${key.childSchema}\0${key.childTable}`),
  ]
  return [`${target.schema}\0${target.name}`, ...related]
}

/** @returns false when an image lacks a key's columns */
function addRows(touched: Set<string>, target: TargetTable, { table, event }: RowsChange): boolean {
  const { reader } = table
  const { kind } = reader.open(event)
  const name = `${target.schema}\0${target.name}\0`
  while (reader.next()) {
    if (kind !== 'write' && !addRow(touched, name, target, reader.before, null)) return false
    if (kind !== 'delete' && !addRow(touched, name, target, reader.after, kind === 'update' ? reader.before : null))
      return false
  }
  return true
}

/** @param other the image that holds what did not change */
function addRow(
  touched: Set<string>,
  name: string,
  target: TargetTable,
  image: RowImage,
  other: RowImage | null,
): boolean {
  for (const [index, key] of target.uniqueKeys.entries()) {
    let token = `${name}${index}`
    let hasNull = false
    for (const column of key.columns) {
      const held = image.isPresent(column) ? image : other
      if (held === null || !held.isPresent(column)) return false
      const bytes = held.bytes(column)
      if (bytes === null) hasNull = true
      else token += `\0${bytes.length}\0${bytes.toString('latin1')}`
    }
    // NULL is unequal to everything.
    if (!hasNull) touched.add(token)
  }
  return true
}
