/**
 * Row images as SQL, read with the source's types and the target's columns.
 *
 * Easy to get wrong: a literal that is stored and one that is compared differ. Stored, a text is bytes. Compared by a
 * key it needs its character set, so that the column's collation decides; compared exactly, it must be bytes again.
 */
import { type ColumnType, ColumnTypeCode } from '../../binlog/column-type.ts'
import { decodeJsonDiffs, jsonDiffExpression } from '../../binlog/json-diff.ts'
import type { RowImage } from '../../binlog/row-image.ts'
import type { RowsReader } from '../../binlog/rows-reader.ts'
import { type LiteralOptions, smallInteger, sqlLiteral } from '../../binlog/sql-literal.ts'
import { TargetTableDiffersError } from './errors.ts'
import type { SourceTable } from './row-changes.ts'
import type { SqlText } from './sql-text.ts'
import type { TargetColumn, TargetTable } from './table-catalog.ts'

interface ColumnPlan {
  readonly target: TargetColumn
  readonly type: ColumnType
  readonly stored: LiteralOptions
  readonly compared: LiteralOptions
  readonly isPlainText: boolean
  /** Of up to four bytes. */
  readonly isSmallInteger: boolean
}

const binaryTypes = new Set(['binary', 'varbinary', 'uuid', 'inet4', 'inet6'])
const smallIntegerTypes: ReadonlySet<number> = new Set([
  ColumnTypeCode.Tiny,
  ColumnTypeCode.Short,
  ColumnTypeCode.Int24,
  ColumnTypeCode.Long,
])
const longestKeyText = 120

/** Writes the values of one table's row images. */
export class RowLiterals {
  readonly target: TargetTable
  /** Walks the rows for whoever owns this object; one at a time. */
  readonly reader: RowsReader
  readonly #columns: readonly ColumnPlan[]
  /** All columns that can be written. */
  readonly #writable: readonly number[]
  /** No ENUM among the columns: no value of it is member 0. */
  readonly #hasEnum: boolean

  /** @throws TargetTableDiffersError if source and target have different numbers of columns */
  constructor(source: SourceTable, target: TargetTable) {
    this.reader = source.newReader()
    const types = this.reader.table.columns
    if (types.length !== target.columns.length)
      throw new TargetTableDiffersError(
        `table ${target.quoted} has ${target.columns.length} columns at the target and ${types.length} at the source; make it as it is at the source`,
      )
    this.target = target
    this.#columns = target.columns.map((column, index) => planColumn(column, types[index] as ColumnType))
    this.#hasEnum = types.some(({ code }) => code === ColumnTypeCode.Enum)
    this.#writable = target.columns.flatMap((column, index) => (column.isGenerated ? [] : [index]))
  }

  column(index: number): TargetColumn {
    return this.#plan(index).target
  }

  /** The source's type. */
  type(index: number): ColumnType {
    return this.#plan(index).type
  }

  /** True when the image holds the whole value. */
  isWhole(image: RowImage, index: number): boolean {
    return image.isPresent(index) && !image.isPartial(index)
  }

  /** True when every column that can be written is in the image. */
  isComplete(image: RowImage): boolean {
    return this.#columns.every(({ target }, index) => target.isGenerated || this.isWhole(image, index))
  }

  /** Columns that an INSERT or UPDATE of this image names. */
  writable(image: RowImage): readonly number[] {
    for (const index of this.#writable)
      if (!image.isPresent(index)) return this.#writable.filter((column) => image.isPresent(column))
    return this.#writable
  }

  /** True when the value is ENUM's member 0. */
  isEnumZero(image: RowImage, index: number): boolean {
    if (!this.#hasEnum) return false
    const { type } = this.#plan(index)
    if (type.code !== ColumnTypeCode.Enum || image.isNull(index)) return false
    return image.bytes(index)?.every((byte) => byte === 0) === true
  }

  /** Adds the value to be stored. */
  addStored(sql: SqlText, image: RowImage, index: number): void {
    const plan = this.#plan(index)
    const start = image.starts[index] ?? -1
    if (plan.isPlainText && start >= 0) {
      sql.addQuoted(image.buffer, start, image.ends[index])
      return
    }
    const bytes = plan.isSmallInteger && start >= 0 ? undefined : image.bytes(index)
    if (bytes === null) sql.add('NULL')
    else if (bytes !== undefined && image.isPartial(index))
      sql.add(jsonDiffExpression(plan.target.quoted, decodeJsonDiffs(bytes)))
    else this.#addLiteral(sql, plan, plan.stored, image, index)
  }

  /** Adds `column = value` by the column's own collation: for columns of a key. */
  addKeyValue(sql: SqlText, image: RowImage, index: number): void {
    const plan = this.#plan(index)
    if (image.isNull(index)) sql.add('NULL')
    else this.#addLiteral(sql, plan, plan.compared, image, index)
  }

  /** Adds a condition that holds for this value and no other, for tables without a key. */
  addExactCondition(sql: SqlText, image: RowImage, index: number): void {
    const plan = this.#plan(index)
    const name = plan.target.quoted
    if (image.isNull(index)) sql.add(`${name} IS NULL`)
    else if (isText(plan.target)) {
      // The first comparison may use an index; the second tells 'a' from 'A'.
      sql.add(`${name}=`).add(this.#literal(plan, plan.compared, image, index))
      sql.add(` AND CAST(${name} AS BINARY)=`).add(this.#literal(plan, plan.stored, image, index))
    } else if (plan.target.dataType === 'vector')
      sql.add(`CAST(${name} AS BINARY)=`).add(this.#literal(plan, plan.stored, image, index))
    else sql.add(`${name}=`).add(this.#literal(plan, plan.stored, image, index))
  }

  /** For messages: `id=7`. */
  keyText(image: RowImage, columns: readonly number[]): string {
    const parts = columns
      .filter((index) => this.isWhole(image, index))
      .map((index) => {
        const plan = this.#plan(index)
        const value = image.isNull(index)
          ? 'NULL'
          : readableValue(plan, image, index, this.#literal(plan, plan.stored, image, index))
        return `${plan.target.name}=${value}`
      })
    const text = parts.join(', ')
    return text.length > longestKeyText ? `${text.slice(0, longestKeyText)}...` : text
  }

  /** True when the columns' bytes differ between two images; a column that one of them lacks did not change. */
  isChanged(before: RowImage, after: RowImage, columns: readonly number[]): boolean {
    return columns.some((index) => this.isColumnChanged(before, after, index))
  }

  /** The same of one column. */
  isColumnChanged(before: RowImage, after: RowImage, index: number): boolean {
    if (!before.isPresent(index) || !after.isPresent(index)) return false
    return after.isPartial(index) || !before.hasEqual(after, index)
  }

  #addLiteral(sql: SqlText, plan: ColumnPlan, options: LiteralOptions, image: RowImage, index: number): void {
    if (plan.isSmallInteger)
      sql.addInteger(
        smallInteger(image.buffer, image.starts[index] ?? 0, plan.type.lengthCode, options.isUnsigned === true),
      )
    else sql.add(this.#literal(plan, options, image, index))
  }

  #literal(plan: ColumnPlan, options: LiteralOptions, image: RowImage, index: number): string {
    return sqlLiteral(plan.type, options, image.buffer, image.starts[index] ?? 0, image.ends[index] ?? 0)
  }

  #plan(index: number): ColumnPlan {
    const plan = this.#columns[index]
    if (plan === undefined) throw new RangeError(`table ${this.target.quoted} has no column ${index}`)
    return plan
  }
}

function planColumn(target: TargetColumn, type: ColumnType): ColumnPlan {
  const isBinary = binaryTypes.has(target.dataType)
  const stored: LiteralOptions = {
    isUnsigned: target.isUnsigned,
    charset: isBinary ? 'binary' : null,
    json: target.dataType === 'json' ? 'exact' : 'text',
  }
  return {
    target,
    type,
    stored,
    compared: { ...stored, charset: isBinary ? 'binary' : target.characterSet },
    isPlainText: isText(target) && isPlainStringType(type.code),
    isSmallInteger: smallIntegerTypes.has(type.code),
  }
}

function isText(column: TargetColumn): boolean {
  return column.characterSet !== null && column.dataType !== 'enum' && column.dataType !== 'set'
}

function isPlainStringType(code: number): boolean {
  switch (code) {
    case ColumnTypeCode.String:
    case ColumnTypeCode.Varchar:
    case ColumnTypeCode.VarString:
    case ColumnTypeCode.TinyBlob:
    case ColumnTypeCode.Blob:
    case ColumnTypeCode.MediumBlob:
    case ColumnTypeCode.LongBlob:
      return true
    default:
      return false
  }
}

function readableValue(plan: ColumnPlan, image: RowImage, index: number, literal: string): string {
  return plan.isPlainText ? `'${image.bytes(index)?.toString('utf8') ?? ''}'` : literal
}
