/**
 * Images of rows before a change that hold the columns of keys only, as a source under `binlog_row_image=MINIMAL` writes
 * them: all that a server needs to find a row by its primary key.
 *
 * Easy to get wrong: columns that any unique key has must stay, for by them it is told whether groups of transactions touch
 * the same rows.
 *
 * Source: MySQL 8.4 Reference Manual, 19.1.6.4 "Binary Logging Options and Variables", binlog_row_image.
 */
import type { RowImage } from '../../binlog/row-image.ts'

const blockBytes = 64 * 1024

export class KeyImages {
  /** Bits, lowest first: the columns that are in the images. */
  readonly present: Buffer
  /** The last image: where its bytes lie. They stay as they are. */
  buffer: Buffer = Buffer.alloc(0)
  start = 0
  end = 0
  readonly #columns: readonly number[]
  readonly #lengthCodes: readonly number[]

  /**
   * @param columns of keys, in the table's order
   * @param lengthCodes of all columns of the table; see ColumnType.lengthCode
   */
  constructor(columns: readonly number[], lengthCodes: readonly number[]) {
    this.#columns = columns
    this.#lengthCodes = lengthCodes
    this.present = Buffer.alloc((lengthCodes.length + 7) >> 3)
    for (const column of columns) this.present[column >> 3] = (this.present[column >> 3] ?? 0) | (1 << (column & 7))
  }

  /** Takes the columns of keys out of an image that has all of them. */
  take(image: RowImage): void {
    const nullBytes = (this.#columns.length + 7) >> 3
    let size = nullBytes
    for (const column of this.#columns)
      if (!image.isNull(column)) size += (image.ends[column] ?? 0) - this.#startOf(image, column)
    if (this.end + size > this.buffer.length) {
      this.buffer = Buffer.allocUnsafeSlow(Math.max(blockBytes, size))
      this.end = 0
    }
    this.start = this.end
    this.end += size
    this.buffer.fill(0, this.start, this.start + nullBytes)
    let at = this.start + nullBytes
    for (let bit = 0; bit < this.#columns.length; bit += 1) {
      const column = this.#columns[bit] ?? 0
      if (image.isNull(column)) {
        const nulls = this.start + (bit >> 3)
        this.buffer[nulls] = (this.buffer[nulls] ?? 0) | (1 << (bit & 7))
      } else at += image.buffer.copy(this.buffer, at, this.#startOf(image, column), image.ends[column])
    }
  }

  /** With the length before the value, where there is one. */
  #startOf({ starts }: RowImage, column: number): number {
    const lengthCode = this.#lengthCodes[column] ?? 0
    return (starts[column] ?? 0) + Math.min(0, lengthCode)
  }
}
