/**
 * What newer sources tell about a table's columns beyond their types (`binlog_row_metadata`): MySQL 8.0.1 and MariaDB
 * 10.5 write signedness and character sets always, names and keys with FULL.
 *
 *     { type(1) length(lenenc) value }
 *
 * Easy to get wrong: bitmaps and lists count only the columns of their own sort, and the bits run from the highest down.
 * Source: libs/mysql/binlog/event/rows_event.h, Optional_metadata_fields.
 */
import { type ColumnType, ColumnTypeCode } from './column-type.ts'
import { MalformedEventError } from './errors.ts'
import { lengthEncoded, lengthEncodedBytes } from './length-encoded.ts'
import type { TableMap } from './table-map-event.ts'

export interface TableMetadata {
  /** By column: true or false for numeric columns (YEAR is unsigned), null for others; null as a whole when not told. */
  readonly isUnsigned: readonly (boolean | null)[] | null
  /** By column: the collation id of character, ENUM and SET columns (63 is binary); null when not told. */
  readonly collations: readonly (number | null)[] | null
  readonly names: readonly string[] | null
  /** By column: the members of ENUM and SET columns, as bytes of their character set. */
  readonly members: readonly (readonly Buffer[] | null)[] | null
  /** By column: the geometry subtype, 0 GEOMETRY to 7 GEOMETRYCOLLECTION. */
  readonly geometryTypes: readonly (number | null)[] | null
  /** Column indexes in key order, with the prefix length (0: whole column). */
  readonly primaryKey: readonly { readonly column: number; readonly prefixLength: number }[] | null
  /** By column; MySQL 8.0.23 and later. */
  readonly isVisible: readonly boolean[] | null
}

const field = {
  signedness: 1,
  defaultCharset: 2,
  columnCharset: 3,
  columnName: 4,
  setMembers: 5,
  enumMembers: 6,
  geometryType: 7,
  simplePrimaryKey: 8,
  prefixPrimaryKey: 9,
  enumSetDefaultCharset: 10,
  enumSetColumnCharset: 11,
  visibility: 12,
} as const

/** Decodes the optional metadata; unknown fields are skipped. @throws MalformedEventError */
export function decodeTableMetadata(map: TableMap): TableMetadata {
  const result = new MetadataBuilder(map.columns)
  try {
    for (let at = 0; at < map.metadata.length; ) {
      const type = map.metadata.readUInt8(at)
      const length = lengthEncoded(map.metadata, at + 1)
      const start = at + 1 + lengthEncodedBytes(map.metadata, at + 1)
      at = start + length
      if (at > map.metadata.length) throw new RangeError('a field has no end')
      result.read(type, map.metadata.subarray(start, at))
    }
  } catch (cause) {
    throw new MalformedEventError(`the metadata of table ${map.schema}.${map.table} can't be decoded`, { cause })
  }
  return result
}

class MetadataBuilder implements TableMetadata {
  isUnsigned: (boolean | null)[] | null = null
  collations: (number | null)[] | null = null
  names: string[] | null = null
  members: (readonly Buffer[] | null)[] | null = null
  geometryTypes: (number | null)[] | null = null
  primaryKey: { column: number; prefixLength: number }[] | null = null
  isVisible: boolean[] | null = null
  readonly #columns: readonly ColumnType[]

  constructor(columns: readonly ColumnType[]) {
    this.#columns = columns
  }

  read(type: number, value: Buffer): void {
    switch (type) {
      case field.signedness:
        this.isUnsigned = this.#spread(isNumeric, (order) => bitFromTop(value, order))
        break
      case field.defaultCharset:
        this.#readDefaultCollations(isCharacter, value)
        break
      case field.enumSetDefaultCharset:
        this.#readDefaultCollations(isEnumOrSet, value)
        break
      case field.columnCharset:
        this.#readCollations(isCharacter, integers(value))
        break
      case field.enumSetColumnCharset:
        this.#readCollations(isEnumOrSet, integers(value))
        break
      case field.columnName:
        this.names = texts(value).map((name) => name.toString('utf8'))
        break
      case field.setMembers:
        this.#readMembers(ColumnTypeCode.Set, value)
        break
      case field.enumMembers:
        this.#readMembers(ColumnTypeCode.Enum, value)
        break
      default:
        this.#readRare(type, value)
    }
  }

  #readRare(type: number, value: Buffer): void {
    if (type === field.geometryType) {
      const types = integers(value)
      this.geometryTypes = this.#spread(isGeometry, (order) => types[order] ?? null)
    } else if (type === field.simplePrimaryKey) {
      this.primaryKey = integers(value).map((column) => ({ column, prefixLength: 0 }))
    } else if (type === field.prefixPrimaryKey) {
      this.primaryKey = pairs(integers(value)).map(([column, prefixLength]) => ({ column, prefixLength }))
    } else if (type === field.visibility) {
      this.isVisible = this.#columns.map((_column, index) => bitFromTop(value, index))
    }
  }

  /** The default collation of columns of one sort, and the columns of that sort that differ. */
  #readDefaultCollations(isOfSort: (column: ColumnType) => boolean, value: Buffer): void {
    const [defaultCollation = 0, ...exceptions] = integers(value)
    const different = new Map(pairs(exceptions))
    const count = this.#columns.filter(isOfSort).length
    this.#readCollations(
      isOfSort,
      Array.from({ length: count }, (_none, order) => different.get(order) ?? defaultCollation),
    )
  }

  #readCollations(isOfSort: (column: ColumnType) => boolean, values: readonly number[]): void {
    const added = this.#spread(isOfSort, (order) => values[order] ?? null)
    const before = this.collations
    this.collations = added.map((collation, index) => collation ?? before?.[index] ?? null)
  }

  #readMembers(code: number, value: Buffer): void {
    const lists: Buffer[][] = []
    for (let at = 0; at < value.length; ) {
      const count = lengthEncoded(value, at)
      at += lengthEncodedBytes(value, at)
      const list: Buffer[] = []
      for (let index = 0; index < count; index += 1) {
        const start = at + lengthEncodedBytes(value, at)
        at = start + lengthEncoded(value, at)
        list.push(value.subarray(start, at))
      }
      lists.push(list)
    }
    const added = this.#spread(
      (column) => column.code === code,
      (order) => lists[order] ?? null,
    )
    const before = this.members
    this.members = added.map((list, index) => list ?? before?.[index] ?? null)
  }

  /** By column of the table: `read(n)` for the n-th column of the sort, null for columns of other sorts. */
  #spread<Value>(isOfSort: (column: ColumnType) => boolean, read: (order: number) => Value): (Value | null)[] {
    let order = 0
    return this.#columns.map((column) => (isOfSort(column) ? read(order++) : null))
  }
}

function isNumeric({ code }: ColumnType): boolean {
  switch (code) {
    case ColumnTypeCode.Tiny:
    case ColumnTypeCode.Short:
    case ColumnTypeCode.Int24:
    case ColumnTypeCode.Long:
    case ColumnTypeCode.LongLong:
    case ColumnTypeCode.NewDecimal:
    case ColumnTypeCode.Float:
    case ColumnTypeCode.Double:
    case ColumnTypeCode.Year:
      return true
    default:
      return false
  }
}

function isCharacter({ code }: ColumnType): boolean {
  switch (code) {
    case ColumnTypeCode.String:
    case ColumnTypeCode.VarString:
    case ColumnTypeCode.Varchar:
    case ColumnTypeCode.Blob:
    case ColumnTypeCode.TinyBlob:
    case ColumnTypeCode.MediumBlob:
    case ColumnTypeCode.LongBlob:
    case ColumnTypeCode.MariadbBlobCompressed:
    case ColumnTypeCode.MariadbVarcharCompressed:
      return true
    default:
      return false
  }
}

function isEnumOrSet({ code }: ColumnType): boolean {
  return code === ColumnTypeCode.Enum || code === ColumnTypeCode.Set
}

function isGeometry({ code }: ColumnType): boolean {
  return code === ColumnTypeCode.Geometry
}

function bitFromTop(bits: Buffer, index: number): boolean {
  return ((bits[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0
}

function integers(value: Buffer): number[] {
  const found: number[] = []
  for (let at = 0; at < value.length; at += lengthEncodedBytes(value, at)) found.push(lengthEncoded(value, at))
  return found
}

function texts(value: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at < value.length; ) {
    const start = at + lengthEncodedBytes(value, at)
    at = start + lengthEncoded(value, at)
    found.push(value.subarray(start, at))
  }
  return found
}

function pairs(values: readonly number[]): [number, number][] {
  const found: [number, number][] = []
  for (let index = 0; index + 1 < values.length; index += 2) found.push([values[index] ?? 0, values[index + 1] ?? 0])
  return found
}
