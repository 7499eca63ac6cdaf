/**
 * The types of columns as a table-map event gives them, and how long a value of each is in a row image.
 *
 * Source: libs/mysql/binlog/event/binary_log_funcs.cpp (max_display_length, calc_field_size), field_types.h; MariaDB's
 * sql/field.h for types 140 and 141.
 *
 * Easy to get wrong: ENUM, SET and long CHAR columns all say STRING; the real type and the length's high bits hide in
 * the metadata.
 */
import { MalformedEventError } from './errors.ts'

export const ColumnTypeCode = {
  Tiny: 1,
  Short: 2,
  Long: 3,
  Float: 4,
  Double: 5,
  Null: 6,
  Timestamp: 7,
  LongLong: 8,
  Int24: 9,
  Date: 10,
  Time: 11,
  Datetime: 12,
  Year: 13,
  NewDate: 14,
  Varchar: 15,
  Bit: 16,
  Timestamp2: 17,
  Datetime2: 18,
  Time2: 19,
  MariadbBlobCompressed: 140,
  MariadbVarcharCompressed: 141,
  Vector: 242,
  Json: 245,
  NewDecimal: 246,
  Enum: 247,
  Set: 248,
  TinyBlob: 249,
  MediumBlob: 250,
  LongBlob: 251,
  Blob: 252,
  VarString: 253,
  String: 254,
  Geometry: 255,
} as const

export interface ColumnType {
  /** See ColumnTypeCode; ENUM and SET as themselves. */
  readonly code: number
  /**
   * What the type needs beyond its code: bytes at most (STRING, VARCHAR), bytes of the length prefix (BLOB, JSON,
   * GEOMETRY, VECTOR), bytes of the value (ENUM, SET), bits (BIT), digits after the point (temporal types),
   * `precision << 8 | scale` (NEWDECIMAL).
   */
  readonly metadata: number
  /** Bytes of a value when 0 or more; else -n: the value has a length of n bytes, little endian, before it. */
  readonly lengthCode: number
}

const fixedBytes = new Map<number, number>([
  [ColumnTypeCode.Tiny, 1],
  [ColumnTypeCode.Short, 2],
  [ColumnTypeCode.Int24, 3],
  [ColumnTypeCode.Long, 4],
  [ColumnTypeCode.LongLong, 8],
  [ColumnTypeCode.Null, 0],
  [ColumnTypeCode.Timestamp, 4],
  [ColumnTypeCode.Date, 3],
  [ColumnTypeCode.NewDate, 3],
  [ColumnTypeCode.Time, 3],
  [ColumnTypeCode.Datetime, 8],
  [ColumnTypeCode.Year, 1],
])

/** Bytes of metadata that a table-map event holds for a type. @throws MalformedEventError if the type is unknown */
export function columnMetadataBytes(code: number): number {
  if (fixedBytes.has(code)) return 0
  switch (code) {
    case ColumnTypeCode.Float:
    case ColumnTypeCode.Double:
    case ColumnTypeCode.Timestamp2:
    case ColumnTypeCode.Datetime2:
    case ColumnTypeCode.Time2:
    case ColumnTypeCode.Json:
    case ColumnTypeCode.Geometry:
    case ColumnTypeCode.Vector:
    case ColumnTypeCode.TinyBlob:
    case ColumnTypeCode.MediumBlob:
    case ColumnTypeCode.LongBlob:
    case ColumnTypeCode.Blob:
    case ColumnTypeCode.MariadbBlobCompressed:
      return 1
    case ColumnTypeCode.Varchar:
    case ColumnTypeCode.VarString:
    case ColumnTypeCode.MariadbVarcharCompressed:
    case ColumnTypeCode.String:
    case ColumnTypeCode.Enum:
    case ColumnTypeCode.Set:
    case ColumnTypeCode.Bit:
    case ColumnTypeCode.NewDecimal:
      return 2
    default:
      throw new MalformedEventError(`a table has a column of the unknown type ${code}`)
  }
}

/** The type from its code and its bytes of metadata. @throws MalformedEventError if the type is unknown */
export function columnType(code: number, first: number, second: number): ColumnType {
  const fixed = fixedBytes.get(code)
  if (fixed !== undefined) return { code, metadata: 0, lengthCode: fixed }
  const both = first | (second << 8)
  switch (code) {
    case ColumnTypeCode.Float:
    case ColumnTypeCode.Double:
      return { code, metadata: first, lengthCode: first }
    case ColumnTypeCode.Timestamp2:
      return { code, metadata: first, lengthCode: 4 + ((first + 1) >> 1) }
    case ColumnTypeCode.Datetime2:
      return { code, metadata: first, lengthCode: 5 + ((first + 1) >> 1) }
    case ColumnTypeCode.Time2:
      return { code, metadata: first, lengthCode: 3 + ((first + 1) >> 1) }
    case ColumnTypeCode.Varchar:
    case ColumnTypeCode.VarString:
    case ColumnTypeCode.MariadbVarcharCompressed:
      return { code, metadata: both, lengthCode: both > 255 ? -2 : -1 }
    case ColumnTypeCode.Bit:
      return { code, metadata: second * 8 + first, lengthCode: second + (first > 0 ? 1 : 0) }
    case ColumnTypeCode.NewDecimal:
      return { code, metadata: (first << 8) | second, lengthCode: decimalBytes(first, second) }
    case ColumnTypeCode.String:
    case ColumnTypeCode.Enum:
    case ColumnTypeCode.Set:
      return stringType(first, second)
    default:
      return { code, metadata: first, lengthCode: -first }
  }
}

/** A STRING column: its first byte is the real type, two bits of it inverted for lengths above 255. */
function stringType(first: number, second: number): ColumnType {
  if ((first & 0x30) !== 0x30) {
    const bytes = second | (((first & 0x30) ^ 0x30) << 4)
    return { code: first | 0x30, metadata: bytes, lengthCode: bytes > 255 ? -2 : -1 }
  }
  if (first === ColumnTypeCode.Enum || first === ColumnTypeCode.Set)
    return { code: first, metadata: second, lengthCode: second }
  return { code: first, metadata: second, lengthCode: -1 }
}

const bytesOfDigits = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4] as const

/** Bytes of a DECIMAL: nine digits in four bytes, the rest in as few as they fit (strings/decimal.cc). */
export function decimalBytes(precision: number, scale: number): number {
  const before = precision - scale
  return (
    Math.trunc(before / 9) * 4 +
    (bytesOfDigits[before % 9] ?? 0) +
    Math.trunc(scale / 9) * 4 +
    (bytesOfDigits[scale % 9] ?? 0)
  )
}

/** Bytes that `digits` leftover digits of a DECIMAL take. */
export function leftoverBytes(digits: number): number {
  return bytesOfDigits[digits] ?? 0
}
