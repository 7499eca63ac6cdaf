/**
 * Rows of the text protocol: each cell a length-encoded string, NULL as the byte 0xfb. A sequence of rows needs no
 * separators when the number of columns is known.
 */
import { ProtocolError } from './errors.ts'

const nullCell = 0xfb

/**
 * The cells of one row; each is a view of `bytes`.
 *
 * @param at where the row begins
 * @returns the cells and where the next row begins
 * @throws ProtocolError if the bytes end inside the row
 */
export function readTextRow(
  bytes: Buffer,
  at: number,
  columnCount: number,
): { readonly cells: readonly (Buffer | null)[]; readonly next: number } {
  const cells: (Buffer | null)[] = new Array(columnCount)
  let offset = at
  for (let column = 0; column < columnCount; column += 1) {
    if (bytes[offset] === nullCell) {
      cells[column] = null
      offset += 1
      continue
    }
    const start = offset + lengthBytes(bytes[offset])
    const end = start + cellLength(bytes, offset)
    if (end > bytes.length) throw new ProtocolError(`row of ${columnCount} columns ends inside column ${column}`)
    cells[column] = bytes.subarray(start, end)
    offset = end
  }
  return { cells, next: offset }
}

function lengthBytes(first: number | undefined): number {
  if (first === undefined || first === 0xff) throw new ProtocolError('row ends before its last column')
  if (first < nullCell) return 1
  return first === 0xfc ? 3 : first === 0xfd ? 4 : 9
}

function cellLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0
  if (first < nullCell) return first
  if (first === 0xfc) return bytes.readUInt16LE(at + 1)
  if (first === 0xfd) return bytes.readUIntLE(at + 1, 3)
  return Number(bytes.readBigUInt64LE(at + 1))
}
