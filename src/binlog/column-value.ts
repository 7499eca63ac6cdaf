/**
 * Values of row images as plain JavaScript values, for programs that use the log without a target server.
 *
 * BIGINT, BIT and SET are bigint, DECIMAL and dates are strings, ENUM is the member's index (1 is the first, 0 the
 * error value), JSON is its text; strings stay bytes, because only the column's character set says what they mean.
 */
import { type ColumnType, ColumnTypeCode } from './column-type.ts'
import { decimalText } from './decimal.ts'
import { signed64, unsigned64 } from './int64.ts'
import { jsonText } from './json-text.ts'
import { inflateColumn } from './mariadb-column.ts'
import type { RowImage } from './row-image.ts'
import { bigEndian, littleEndian, smallInteger, temporalText } from './sql-literal.ts'

export type ColumnValue = number | bigint | string | Buffer | null

/** The value from `start` to `end`, which must not be NULL or absent. Buffers are views. @throws MalformedEventError */
export function columnValue(
  column: ColumnType,
  isUnsigned: boolean,
  buffer: Buffer,
  start: number,
  end: number,
): ColumnValue {
  switch (column.code) {
    case ColumnTypeCode.Tiny:
    case ColumnTypeCode.Short:
    case ColumnTypeCode.Int24:
    case ColumnTypeCode.Long:
      return smallInteger(buffer, start, column.lengthCode, isUnsigned)
    case ColumnTypeCode.LongLong:
      return isUnsigned ? unsigned64(buffer, start) : signed64(buffer, start)
    case ColumnTypeCode.Float:
      return buffer.readFloatLE(start)
    case ColumnTypeCode.Double:
      return buffer.readDoubleLE(start)
    case ColumnTypeCode.NewDecimal:
      return decimalText(buffer, start, column.metadata >> 8, column.metadata & 0xff)
    case ColumnTypeCode.Year: {
      const year = buffer.readUInt8(start)
      return year === 0 ? 0 : 1900 + year
    }
    case ColumnTypeCode.Bit:
      return bigEndian(buffer, start, end)
    case ColumnTypeCode.Enum:
      return buffer.readUIntLE(start, column.lengthCode)
    case ColumnTypeCode.Set:
      return littleEndian(buffer, start, end)
    case ColumnTypeCode.Json:
      return jsonText(buffer.subarray(start, end))
    case ColumnTypeCode.MariadbBlobCompressed:
    case ColumnTypeCode.MariadbVarcharCompressed:
      return inflateColumn(buffer.subarray(start, end))
    case ColumnTypeCode.Null:
      return null
    case ColumnTypeCode.String:
    case ColumnTypeCode.Varchar:
    case ColumnTypeCode.VarString:
    case ColumnTypeCode.Blob:
      return buffer.subarray(start, end)
    default:
      return temporalText(column, buffer, start) ?? buffer.subarray(start, end)
  }
}

/**
 * All columns of an image: `undefined` for absent ones, Buffer for a partial JSON update.
 *
 * @param isUnsigned by column; what is not known counts as signed
 * @param isText by column: strings whose character set is UTF-8 or ASCII, and whose values are text then
 */
export function rowValues(
  image: RowImage,
  columns: readonly ColumnType[],
  isUnsigned: readonly (boolean | null)[] | null,
  isText: readonly boolean[] | null = null,
): (ColumnValue | undefined)[] {
  const { buffer, starts, ends, partial } = image
  const values = new Array<ColumnValue | undefined>(columns.length)
  for (let index = 0; index < columns.length; index += 1) {
    const column = columns[index]
    const start = starts[index] ?? -1
    const end = ends[index] ?? start
    if (column === undefined || start < 0) values[index] = image.isNull(index) ? null : undefined
    else if (partial[index] === 1) values[index] = buffer.subarray(start, end)
    else if (isText !== null && isText[index] === true) values[index] = buffer.toString('utf8', start, end)
    else values[index] = columnValue(column, isUnsigned?.[index] === true, buffer, start, end)
  }
  return values
}
