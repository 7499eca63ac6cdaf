/** The key of a row as something that a Map knows again: a number where it fits, else its bytes. */
import type { RowImage } from '../../binlog/row-image.ts'

export type RowKey = number | string

/** Numbers above this lose digits: 2^53 / 2^32. */
const mostHighHalf = 0x20_0000

/**
 * @param numberBytes what a column of a fixed length holds when it is the whole key; 0: the key is no number
 * @returns null when the image lacks a column of the key, or has NULL there
 */
export function rowKeyOf(image: RowImage, columns: readonly number[], numberBytes: number): RowKey | null {
  if (columns.length === 1) return singleKey(image, columns[0] ?? 0, numberBytes)
  let key = ''
  for (const column of columns) {
    const start = image.starts[column] ?? -1
    if (start < 0) return null
    const end = image.ends[column] ?? start
    key += `${end - start}:${image.buffer.toString('latin1', start, end)}`
  }
  return key
}

function singleKey({ buffer, starts, ends }: RowImage, column: number, numberBytes: number): RowKey | null {
  const start = starts[column] ?? -1
  if (start < 0) return null
  if (numberBytes > 0 && numberBytes <= 6) return buffer.readUIntLE(start, numberBytes)
  if (numberBytes === 8) {
    const high = buffer.readUInt32LE(start + 4)
    if (high < mostHighHalf) return high * 0x1_0000_0000 + buffer.readUInt32LE(start)
  }
  return buffer.toString('latin1', start, ends[column] ?? start)
}

/** An order in which rows lie near each other at the server; any order is right. */
export function compareKeys(a: RowKey | undefined, b: RowKey | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [x, y] = [String(a), String(b)]
  return x < y ? -1 : Number(x > y)
}
