/**
 * Many updates of one table in one statement: the keys and new values are a table of their own, joined by the key.
 *
 *     UPDATE (VALUES ROW(1,'a'),ROW(2,'b')) AS n(k0,a0) STRAIGHT_JOIN `s`.`t` AS t ON t.`id`=n.k0 SET t.`v`=n.a0
 *
 * A server spends a third of what it spends on single statements, and tells how many rows it found.
 *
 * Easy to get wrong: a value passes through a column of that table, whose type the server makes of all its values. Types
 * and values that would not come out as they went in are left to single statements: BIGINT UNSIGNED above 2^63 and -0
 * among them. And a text must say its collation, for both sides are columns.
 */
import { type ColumnType, ColumnTypeCode } from '../../binlog/column-type.ts'
import type { RowImage } from '../../binlog/row-image.ts'
import { isVendorAtLeast, type ServerVersion } from '../../mysql/server-version.ts'
import type { RowLiterals } from './row-literals.ts'
import { quoteName, type SqlText } from './sql-text.ts'
import type { TargetColumn, TargetKey } from './table-catalog.ts'

/** How the server takes a table of values: `VALUES ROW(...)`, `VALUES (...)`, or as a union of SELECTs. */
export type ValuesForm = 'rows' | 'lists' | 'union'

export function valuesForm(version: ServerVersion): ValuesForm {
  if (isVendorAtLeast(version, 'mysql', [8, 0, 19])) return 'rows'
  return isVendorAtLeast(version, 'mariadb', [10, 3, 3]) ? 'lists' : 'union'
}

/** More of them and an old server parses for long. */
const mostRows: Record<ValuesForm, number> = { rows: 1_000, lists: 1_000, union: 500 }

const integers = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint']
const keyTypes = new Set([...integers, 'binary', 'varbinary', 'char', 'varchar'])
const storedTypes = new Set([
  ...keyTypes,
  'decimal',
  'float',
  'double',
  'date',
  'time',
  'datetime',
  'timestamp',
  'year',
  'tinytext',
  'text',
  'mediumtext',
  'longtext',
  'tinyblob',
  'blob',
  'mediumblob',
  'longblob',
  'enum',
  'set',
])

/** Whole, ready to run. */
export interface JoinedUpdate {
  /** Holds until the next row is added. */
  readonly sql: Buffer
  readonly rowCount: number
  /** Of its first row, for messages. */
  readonly keyText: string
}

/** Updates of one table by one key that set the same columns. */
export class JoinedUpdates {
  readonly columns: readonly number[]
  readonly #form: ValuesForm
  readonly #literals: RowLiterals
  readonly #key: TargetKey
  readonly #limitBytes: number
  readonly #sql: SqlText
  #rowCount = 0
  #keyText = ''

  /** @param text memory for the statements */
  constructor(
    form: ValuesForm,
    literals: RowLiterals,
    key: TargetKey,
    columns: readonly number[],
    limitBytes: number,
    text: SqlText,
  ) {
    this.#sql = text
    this.columns = columns
    this.#form = form
    this.#literals = literals
    this.#key = key
    this.#limitBytes = limitBytes
  }

  /** @returns a statement that is full with this row; null: there is room for more */
  add(before: RowImage, after: RowImage): JoinedUpdate | null {
    const sql = this.#sql
    if (this.#rowCount === 0) {
      this.#keyText = this.#literals.keyText(before, this.#key.columns)
      sql.clear()
      this.#addHead()
    } else sql.add(this.#form === 'union' ? ' UNION ALL ' : ',')
    this.#addRow(before, after)
    this.#rowCount += 1
    return sql.length >= this.#limitBytes || this.#rowCount >= mostRows[this.#form] ? this.end() : null
  }

  /** What has been added since the last one; null: nothing. */
  end(): JoinedUpdate | null {
    if (this.#rowCount === 0) return null
    this.#addTail()
    const update = { sql: this.#sql.view(), rowCount: this.#rowCount, keyText: this.#keyText }
    this.#rowCount = 0
    return update
  }

  #addHead(): void {
    const names = this.#names().join(',')
    if (this.#form === 'rows') this.#sql.add('UPDATE (VALUES ')
    else if (this.#form === 'lists') this.#sql.add(`UPDATE (WITH v(${names}) AS (VALUES `)
    else this.#sql.add('UPDATE (')
  }

  #addRow(before: RowImage, after: RowImage): void {
    const sql = this.#sql
    const isUnion = this.#form === 'union'
    if (isUnion) sql.add('SELECT ')
    else if (this.#form === 'rows') sql.add('ROW(')
    else sql.addByte(0x28)
    // A union's columns have the names that its first SELECT gives them.
    const names = isUnion && this.#rowCount === 0 ? this.#names() : null
    let place = 0
    for (const column of this.#key.columns) {
      if (place > 0) sql.addByte(0x2c)
      this.#literals.addKeyValue(sql, before, column)
      if (names !== null) sql.add(` AS ${names[place]}`)
      place += 1
    }
    for (const column of this.columns) {
      if (place > 0) sql.addByte(0x2c)
      this.#literals.addStored(sql, after, column)
      if (names !== null) sql.add(` AS ${names[place]}`)
      place += 1
    }
    if (!isUnion) sql.addByte(0x29)
  }

  #addTail(): void {
    const { target } = this.#literals
    const name = (index: number) => this.#literals.column(index).quoted
    const on = this.#key.columns.map((index, place) => `t.${name(index)}=n.k${place}${this.#collation(index)}`)
    const set = this.columns.map((index, place) => `t.${name(index)}=n.a${place}`)
    const end = { rows: `) AS n(${this.#names().join(',')})`, lists: ') SELECT * FROM v) AS n', union: ') AS n' }
    this.#sql.add(`${end[this.#form]} STRAIGHT_JOIN ${target.quoted} AS t ON ${on.join(' AND ')} SET ${set.join(',')}`)
  }

  #collation(index: number): string {
    const { collation } = this.#literals.column(index)
    return collation === null ? '' : ` COLLATE ${quoteName(collation)}`
  }

  #names(): string[] {
    return [...this.#key.columns.map((_, place) => `k${place}`), ...this.columns.map((_, place) => `a${place}`)]
  }
}

/** True when rows can be found by the key in a join. */
export function mayJoinBy(key: TargetKey, literals: RowLiterals): boolean {
  return key.columns.every((index) => {
    const { dataType, collation } = literals.column(index)
    return keyTypes.has(dataType) && (collation !== null || !isCharacter(dataType))
  })
}

/** True when the columns' values come out of a table of values as they went in, but for those that `isAwkward` tells. */
export function mayPassThrough(literals: RowLiterals, columns: readonly number[]): boolean {
  return columns.every((index) => {
    const { code } = literals.type(index)
    return storedTypes.has(literals.column(index).dataType) && code !== ColumnTypeCode.Json
  })
}

/** True when one of the values needs a statement of its own. */
export function hasAwkwardValue(literals: RowLiterals, image: RowImage, columns: readonly number[]): boolean {
  for (const index of columns) {
    const start = image.starts[index] ?? -1
    if (start < 0) continue
    if (isAwkward(literals.type(index), literals.column(index), image.buffer, start, image.ends[index] ?? start))
      return true
    if (literals.isEnumZero(image, index)) return true
  }
  return false
}

function isAwkward({ code }: ColumnType, column: TargetColumn, buffer: Buffer, start: number, end: number): boolean {
  switch (code) {
    case ColumnTypeCode.LongLong:
      return column.isUnsigned && (buffer[end - 1] ?? 0) >= 0x80
    case ColumnTypeCode.Float:
    case ColumnTypeCode.Double: {
      if (buffer[end - 1] !== 0x80) return false
      for (let at = start; at < end - 1; at += 1) if (buffer[at] !== 0) return false
      return true
    }
    default:
      return false
  }
}

function isCharacter(dataType: string): boolean {
  return dataType === 'char' || dataType === 'varchar'
}
