/**
 * Values of row images as SQL literals that give back the same bytes.
 *
 * The session they run in must have time_zone '+00:00' and a sql_mode that takes zero and partial dates and the ENUM
 * value 0, that is: none of STRICT_*, NO_ZERO_DATE, NO_ZERO_IN_DATE, TIME_TRUNCATE_FRACTIONAL; ALLOW_INVALID_DATES set.
 *
 * Easy to get wrong: a SET is a signed number to the server, so its 64th member is negative; and a character value without a character set before it (`_latin1 X'..'`) is bytes and stores as they
 * are, but compares as bytes too; in a WHERE clause give the column's character set, so that its collation compares.
 */
import { type ColumnType, ColumnTypeCode } from './column-type.ts'
import { decimalText } from './decimal.ts'
import { MalformedEventError } from './errors.ts'
import { signed64, unsigned64 } from './int64.ts'
import { jsonExpression } from './json-expression.ts'
import { jsonText } from './json-text.ts'
import { inflateColumn } from './mariadb-column.ts'
import {
  dateText,
  datetime2Text,
  oldDatetimeText,
  oldTimestampText,
  oldTimeText,
  time2Text,
  timestamp2Text,
} from './temporal.ts'

export interface LiteralOptions {
  readonly isUnsigned: boolean
  /**
   * The column's character set, as the server that runs the SQL names it, put before the bytes of CHAR, VARCHAR and
   * TEXT values; `binary` for BINARY, VARBINARY, BLOB, UUID, INET4 and INET6 (pads with the zero bytes that the log
   * leaves out at the end);
   * null: bytes only.
   */
  readonly charset: string | null
  /**
   * For JSON columns: `exact` is an expression of type JSON, equal in every type inside (the target has a JSON type);
   * `text` is a utf8mb4 string (the target is MariaDB).
   */
  readonly json: 'exact' | 'text'
}

/**
 * The literal for the value in `buffer` from `start` to `end`, which must not be NULL or absent.
 *
 * @throws MalformedEventError
 */
export function sqlLiteral(
  column: ColumnType,
  options: LiteralOptions,
  buffer: Buffer,
  start: number,
  end: number,
): string {
  switch (column.code) {
    case ColumnTypeCode.Tiny:
    case ColumnTypeCode.Short:
    case ColumnTypeCode.Int24:
    case ColumnTypeCode.Long:
      return String(smallInteger(buffer, start, column.lengthCode, options.isUnsigned))
    case ColumnTypeCode.LongLong:
      return String(options.isUnsigned ? unsigned64(buffer, start) : signed64(buffer, start))
    case ColumnTypeCode.Float:
      return floatingLiteral(buffer.readFloatLE(start))
    case ColumnTypeCode.Double:
      return floatingLiteral(buffer.readDoubleLE(start))
    case ColumnTypeCode.NewDecimal:
      return decimalText(buffer, start, column.metadata >> 8, column.metadata & 0xff)
    case ColumnTypeCode.Year:
      return yearLiteral(buffer.readUInt8(start))
    case ColumnTypeCode.Bit:
      return String(bigEndian(buffer, start, end))
    case ColumnTypeCode.Enum:
      return String(buffer.readUIntLE(start, column.lengthCode))
    case ColumnTypeCode.Set:
      return String(BigInt.asIntN(64, littleEndian(buffer, start, end)))
    default:
      return temporalLiteral(column, buffer, start) ?? bytesLiteral(column, options, buffer, start, end)
  }
}

function temporalLiteral(column: ColumnType, buffer: Buffer, start: number): string | null {
  const text = temporalText(column, buffer, start)
  return text === null ? null : `'${text}'`
}

/** The text of a date or time; null for other types. */
export function temporalText(column: ColumnType, buffer: Buffer, start: number): string | null {
  switch (column.code) {
    case ColumnTypeCode.Date:
    case ColumnTypeCode.NewDate:
      return dateText(buffer, start)
    case ColumnTypeCode.Datetime2:
      return datetime2Text(buffer, start, column.metadata)
    case ColumnTypeCode.Timestamp2:
      return timestamp2Text(buffer, start, column.metadata)
    case ColumnTypeCode.Time2:
      return time2Text(buffer, start, column.metadata)
    case ColumnTypeCode.Datetime:
      return oldDatetimeText(buffer, start)
    case ColumnTypeCode.Timestamp:
      return oldTimestampText(buffer, start)
    case ColumnTypeCode.Time:
      return oldTimeText(buffer, start)
    default:
      return null
  }
}

function bytesLiteral(column: ColumnType, options: LiteralOptions, buffer: Buffer, start: number, end: number): string {
  switch (column.code) {
    case ColumnTypeCode.String:
      if (options.charset === 'binary') return paddedBytes(buffer, start, end, column.metadata)
      return charLiteral(options.charset, buffer, start, end)
    case ColumnTypeCode.Varchar:
    case ColumnTypeCode.VarString:
    case ColumnTypeCode.TinyBlob:
    case ColumnTypeCode.MediumBlob:
    case ColumnTypeCode.LongBlob:
    case ColumnTypeCode.Blob:
      return charLiteral(options.charset, buffer, start, end)
    case ColumnTypeCode.MariadbBlobCompressed:
    case ColumnTypeCode.MariadbVarcharCompressed: {
      const plain = inflateColumn(buffer.subarray(start, end))
      return charLiteral(options.charset, plain, 0, plain.length)
    }
    case ColumnTypeCode.Json: {
      const document = buffer.subarray(start, end)
      if (options.json === 'exact') return jsonExpression(document)
      return `_utf8mb4 X'${Buffer.from(jsonText(document)).toString('hex')}'`
    }
    case ColumnTypeCode.Geometry:
    case ColumnTypeCode.Vector:
      return `X'${buffer.toString('hex', start, end)}'`
    case ColumnTypeCode.Null:
      return 'NULL'
    default:
      throw new MalformedEventError(`no SQL literal for the column type ${column.code}`)
  }
}

function charLiteral(charset: string | null, buffer: Buffer, start: number, end: number): string {
  const introducer = charset === null || charset === 'binary' ? '' : `_${charset} `
  return `${introducer}X'${buffer.toString('hex', start, end)}'`
}

function paddedBytes(buffer: Buffer, start: number, end: number, sizeBytes: number): string {
  return `X'${buffer.toString('hex', start, end).padEnd(2 * sizeBytes, '0')}'`
}

/** An integer of up to four bytes. */
export function smallInteger(buffer: Buffer, start: number, bytes: number, isUnsigned: boolean): number {
  return isUnsigned ? buffer.readUIntLE(start, bytes) : buffer.readIntLE(start, bytes)
}

/** With an exponent, so that the server reads a DOUBLE; a FLOAT's exact value is a double too, and rounds back to it. */
export function floatingLiteral(value: number): string {
  if (Object.is(value, -0)) return '-0e0'
  const text = String(value).replace('e+', 'e')
  return text.includes('e') ? text : `${text}e0`
}

/** YEAR 0 is 0000, and must not be given as text. */
function yearLiteral(byte: number): string {
  return byte === 0 ? '0' : String(1900 + byte)
}

/** BIT. */
export function bigEndian(buffer: Buffer, start: number, end: number): bigint {
  return start === end ? 0n : BigInt(`0x${buffer.toString('hex', start, end)}`)
}

/** SET. */
export function littleEndian(buffer: Buffer, start: number, end: number): bigint {
  let value = 0n
  for (let at = end - 1; at >= start; at -= 1) value = (value << 8n) | BigInt(buffer.readUInt8(at))
  return value
}
