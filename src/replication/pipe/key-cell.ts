/** A key column's value out of a row image, as the copy reads it from the server: the cells of a `KeyTuple`. */
import type { ColumnType } from '../../binlog/column-type.ts'
import { columnValue } from '../../binlog/column-value.ts'
import type { RowImage } from '../../binlog/row-image.ts'

export interface KeyColumn {
  /** Lower case, for example `binary`. */
  readonly dataType: string
  /** With everything, for example `int(10) unsigned`. */
  readonly columnType: string
}

/** @returns the cell's bytes; empty for NULL and for a column that the image lacks */
export function keyCell(type: ColumnType, column: KeyColumn, image: RowImage, place: number): Buffer {
  if (!image.isPresent(place) || image.isNull(place)) return Buffer.alloc(0)
  const isUnsigned = /\bunsigned\b/.test(column.columnType)
  const value = columnValue(type, isUnsigned, image.buffer, image.starts[place] ?? 0, image.ends[place] ?? 0)
  if (!Buffer.isBuffer(value)) return Buffer.from(String(value), 'latin1')
  // The log leaves out the zero bytes at the end of everything of a fixed length.
  switch (column.dataType) {
    case 'binary':
      return padded(value, Number(/\((\d+)\)/.exec(column.columnType)?.[1] ?? value.length))
    case 'uuid':
      return Buffer.from(
        padded(value, 16)
          .toString('hex')
          .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
        'latin1',
      )
    case 'inet4':
      return Buffer.from([...padded(value, 4)].join('.'), 'latin1')
    case 'inet6':
      return Buffer.from(
        padded(value, 16)
          .toString('hex')
          .replace(/.{4}(?=.)/g, '$&:'),
        'latin1',
      )
    default:
      return value
  }
}

function padded(value: Buffer, length: number): Buffer {
  return value.length >= length ? value : Buffer.concat([value, Buffer.alloc(length - value.length)])
}
