/**
 * What a change of a parent row does to its children while the copy runs, when the source's log does not tell (all
 * servers but MySQL 9.6 and later).
 *
 * The server's own cascade can't be used: the parent may not be copied yet, or may be newer than the change. So the
 * children are changed here, by the parent's values. That leaves two doubts, noted with the table until the copy ends:
 * - `orphans`: grandchildren whose parent was not there to pass a delete on. At the end, rows without a parent go.
 * - `again`: a new key of a parent. A child that was copied later may have met an older delete of that key, and nothing
 *   in the log brings it back. At the end the table is emptied and copied again.
 */
import type { RowImage } from '../../binlog/row-image.ts'
import type { RowLiterals } from './row-literals.ts'
import { quoteName, quoteTable, SqlText } from './sql-text.ts'
import type { ForeignKey, TableCatalog, TargetTable } from './table-catalog.ts'

export type CopyDoubt = 'orphans' | 'again'

export interface ChildStatement {
  readonly sql: Buffer
  readonly table: string
  /** A delete goes on to the child's own children. */
  readonly cascades: boolean
}

export interface DoubtfulTable {
  readonly schema: string
  readonly table: string
  readonly doubt: CopyDoubt
}

/** Statements for the children of a deleted row. */
export function childrenOfDeleted(literals: RowLiterals, before: RowImage): ChildStatement[] {
  return literals.target.children.flatMap((key) => {
    const where = childCondition(key, literals, before)
    if (where === null || key.onDelete === 'refuse') return []
    const table = quoteTable(key.childSchema, key.childTable)
    const sql = key.onDelete === 'cascade' ? `DELETE FROM ${table}` : `UPDATE ${table} SET ${nulls(key)}`
    return [{ sql: joined(sql, where), table, cascades: key.onDelete === 'cascade' }]
  })
}

/** Statements for the children of a row whose referenced columns changed. */
export function childrenOfMoved(literals: RowLiterals, before: RowImage, after: RowImage): ChildStatement[] {
  return movedKeys(literals, before, after).flatMap((key) => {
    const where = childCondition(key, literals, before)
    if (where === null) return []
    const table = quoteTable(key.childSchema, key.childTable)
    const values = key.onUpdate === 'cascade' ? newValues(key, literals, after) : Buffer.from(nulls(key))
    if (values === null) return []
    const sql = Buffer.concat([Buffer.from(`UPDATE ${table} SET `), values, Buffer.from(' WHERE '), where.toBuffer()])
    return [{ sql, table, cascades: false }]
  })
}

/** Cascading foreign keys of which the change touches the referenced columns. */
export function movedKeys(literals: RowLiterals, before: RowImage, after: RowImage): ForeignKey[] {
  return literals.target.children.filter((key) => {
    const columns = parentColumns(key, literals.target)
    return key.onUpdate !== 'refuse' && columns !== null && literals.isChanged(before, after, columns)
  })
}

/** Tables below `keys`, however deep, through cascading foreign keys; those of `keys` themselves included if `withFirst`. */
export async function tablesBelow(
  catalog: TableCatalog,
  keys: readonly ForeignKey[],
  withFirst: boolean,
): Promise<TargetTable[]> {
  const found = new Map<string, TargetTable>()
  const seen = new Set<string>()
  const walk = async (key: ForeignKey, isFirst: boolean): Promise<void> => {
    const child = await catalog.find(key.childSchema, key.childTable)
    if (child === null) return
    if (!isFirst || withFirst) found.set(child.quoted, child)
    if (seen.has(child.quoted)) return
    seen.add(child.quoted)
    for (const next of child.children)
      if (next.onDelete !== 'refuse' || next.onUpdate !== 'refuse') await walk(next, false)
  }
  for (const key of keys) await walk(key, true)
  return [...found.values()]
}

/** The statement that takes rows without a parent away, or their reference; null where the server would refuse instead. */
export function orphanStatement(key: ForeignKey): string | null {
  if (key.onDelete === 'refuse') return null
  const child = quoteTable(key.childSchema, key.childTable)
  const parent = quoteTable(key.parentSchema, key.parentTable)
  const on = key.childColumns.map(
    (name, index) => `p.${quoteName(key.parentColumns[index] ?? '')} = c.${quoteName(name)}`,
  )
  const whole = key.childColumns.map((name) => `c.${quoteName(name)} IS NOT NULL`)
  const join = `${child} AS c LEFT JOIN ${parent} AS p ON ${on.join(' AND ')}`
  const where = `WHERE p.${quoteName(key.parentColumns[0] ?? '')} IS NULL AND ${whole.join(' AND ')}`
  if (key.onDelete === 'cascade') return `DELETE c FROM ${join} ${where}`
  return `UPDATE ${join} SET ${key.childColumns.map((name) => `c.${quoteName(name)} = NULL`).join(', ')} ${where}`
}

function parentColumns(key: ForeignKey, table: TargetTable): number[] | null {
  const columns = key.parentColumns.map((name) => table.columns.findIndex((column) => column.name === name))
  return columns.includes(-1) ? null : columns
}

/** Null: the image does not hold the values, or one is NULL and nothing refers to it. */
function childCondition(key: ForeignKey, literals: RowLiterals, image: RowImage): SqlText | null {
  const columns = parentColumns(key, literals.target)
  if (columns === null || columns.some((column) => !literals.isWhole(image, column) || image.isNull(column)))
    return null
  const sql = new SqlText(128)
  columns.forEach((column, index) => {
    sql.add(`${index === 0 ? '' : ' AND '}${quoteName(key.childColumns[index] ?? '')}=`)
    literals.addKeyValue(sql, image, column)
  })
  return sql
}

function newValues(key: ForeignKey, literals: RowLiterals, after: RowImage): Buffer | null {
  const columns = parentColumns(key, literals.target)
  if (columns === null) return null
  const sql = new SqlText(128)
  let isFirst = true
  columns.forEach((column, index) => {
    if (!literals.isWhole(after, column)) return
    sql.add(`${isFirst ? '' : ','}${quoteName(key.childColumns[index] ?? '')}=`)
    literals.addStored(sql, after, column)
    isFirst = false
  })
  return sql.toBuffer()
}

function nulls(key: ForeignKey): string {
  return key.childColumns.map((name) => `${quoteName(name)}=NULL`).join(',')
}

function joined(head: string, where: SqlText): Buffer {
  return Buffer.concat([Buffer.from(`${head} WHERE `), where.toBuffer()])
}
