/** The building blocks of row statements: INSERT lists, SET lists and conditions of one row. */
import type { RowImage } from '../../binlog/row-image.ts'
import type { RowLiterals } from './row-literals.ts'
import type { SqlText } from './sql-text.ts'
import type { TargetKey } from './table-catalog.ts'

/** `INSERT INTO t (a,b) VALUES ` */
export function insertHead(verb: 'INSERT' | 'REPLACE', literals: RowLiterals, columns: readonly number[]): string {
  const names = columns.map((index) => literals.column(index).quoted).join(',')
  return `${verb} INTO ${literals.target.quoted} (${names}) VALUES `
}

/** Adds `(1,'a')`. @returns how many values are ENUM's member 0 */
export function addRowValues(sql: SqlText, literals: RowLiterals, image: RowImage, columns: readonly number[]): number {
  let enumZeros = 0
  sql.addByte(0x28)
  for (let order = 0; order < columns.length; order += 1) {
    const index = columns[order] ?? 0
    if (order > 0) sql.addByte(0x2c)
    literals.addStored(sql, image, index)
    if (literals.isEnumZero(image, index)) enumZeros += 1
  }
  sql.addByte(0x29)
  return enumZeros
}

/** Adds `a=1,b=2`. @returns how many values are ENUM's member 0 */
export function addAssignments(
  sql: SqlText,
  literals: RowLiterals,
  image: RowImage,
  columns: readonly number[],
): number {
  let enumZeros = 0
  columns.forEach((index, order) => {
    sql.add(`${order === 0 ? '' : ','}${literals.column(index).quoted}=`)
    literals.addStored(sql, image, index)
    if (literals.isEnumZero(image, index)) enumZeros += 1
  })
  return enumZeros
}

/** Adds `(a=1 AND b=2)`. */
export function addKeyCondition(sql: SqlText, literals: RowLiterals, image: RowImage, key: TargetKey): void {
  key.columns.forEach((index, order) => {
    sql.add(`${order === 0 ? '(' : ' AND '}${literals.column(index).quoted}=`)
    literals.addKeyValue(sql, image, index)
  })
  sql.add(')')
}

/** Adds a condition on all columns of the image, for a table without a key. */
export function addExactConditions(sql: SqlText, literals: RowLiterals, image: RowImage): void {
  let order = 0
  for (let index = 0; index < image.columnCount; index += 1) {
    if (!literals.isWhole(image, index) || literals.column(index).isGenerated) continue
    if (order > 0) sql.add(' AND ')
    literals.addExactCondition(sql, image, index)
    order += 1
  }
  if (order === 0) sql.add('1')
}

/**
 * Columns that an UPDATE has to name: those that changed, and those that the server would set by itself (ON UPDATE
 * CURRENT_TIMESTAMP) if they were not named. All, when nothing changed in bytes.
 */
export function assignedColumns(literals: RowLiterals, before: RowImage, after: RowImage): readonly number[] {
  const writable = literals.writable(after)
  const changed = writable.filter(
    (index) =>
      !before.isPresent(index) || literals.isColumnChanged(before, after, index) || literals.column(index).hasOnUpdate,
  )
  return changed.some((index) => !literals.column(index).hasOnUpdate) ? changed : writable
}
