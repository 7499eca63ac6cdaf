/**
 * Where each column's bytes lie in one row image. One object serves all rows: walking allocates nothing.
 *
 *     null-bits (one for each present column) values
 *
 * Easy to get wrong: an absent column is not NULL. Under `binlog_row_image=MINIMAL` or NOBLOB most columns are absent:
 * the source says nothing about their value.
 */
const absent = -2
const isNullMark = -1

export class RowImage {
  /** Offset of each column's value; negative for NULL and absent. After a length prefix, where there is one. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** The buffer the offsets point into. */
  buffer: Buffer = Buffer.alloc(0)
  /** The whole image, null bits included. */
  start = 0
  end = 0
  /** 1 for JSON columns that hold differences instead of a document. */
  readonly partial: Uint8Array

  constructor(columnCount: number) {
    this.starts = new Int32Array(columnCount).fill(absent)
    this.ends = new Int32Array(columnCount).fill(absent)
    this.partial = new Uint8Array(columnCount)
  }

  get columnCount(): number {
    return this.starts.length
  }

  isPresent(column: number): boolean {
    return (this.starts[column] ?? absent) !== absent
  }

  isNull(column: number): boolean {
    return this.starts[column] === isNullMark
  }

  /** True when the column is present and its bytes are JSON differences (`decodeJsonDiffs`). */
  isPartial(column: number): boolean {
    return this.partial[column] === 1
  }

  /** The value's bytes (a view); null for NULL. @throws RangeError if the column is absent */
  bytes(column: number): Buffer | null {
    const start = this.starts[column] ?? absent
    if (start === absent) throw new RangeError(`column ${column} is not in the row image`)
    return start === isNullMark ? null : this.buffer.subarray(start, this.ends[column])
  }

  /** True when the column has the same bytes, or is NULL, in both; it must be present in both. */
  hasEqual(other: RowImage, column: number): boolean {
    const [start, otherStart] = [this.starts[column] ?? absent, other.starts[column] ?? absent]
    if (start < 0 || otherStart < 0) return start === otherStart
    const [end, otherEnd] = [this.ends[column] ?? start, other.ends[column] ?? otherStart]
    return (
      end - start === otherEnd - otherStart && this.buffer.compare(other.buffer, otherStart, otherEnd, start, end) === 0
    )
  }

  /**
   * Finds every column of the image at `offset`.
   *
   * @param present 1 for each column in the image
   * @param presentCount how many of them are
   * @param lengthCodes see ColumnType.lengthCode
   * @returns where the image ends @throws RangeError if it ends past the buffer
   */
  walk(buffer: Buffer, offset: number, present: Uint8Array, presentCount: number, lengthCodes: Int32Array): number {
    const valuesAt = offset + ((presentCount + 7) >> 3)
    const isFull = presentCount === lengthCodes.length && hasNoNull(buffer, offset, presentCount)
    const end = isFull
      ? this.#walkAll(buffer, valuesAt, lengthCodes)
      : this.#walkSome(buffer, offset, valuesAt, present, lengthCodes)
    if (end > buffer.length) throw endsTooLate()
    this.buffer = buffer
    this.start = offset
    this.end = end
    return end
  }

  /** Every column is in the image, and none is NULL. */
  #walkAll(buffer: Buffer, valuesAt: number, lengthCodes: Int32Array): number {
    const { starts, ends } = this
    let at = valuesAt
    for (let column = 0; column < lengthCodes.length; column += 1) {
      let length = lengthCodes[column] ?? 0
      if (length < 0) {
        const prefix = -length
        length = valueLength(buffer, at, prefix)
        at += prefix
      }
      starts[column] = at
      at += length
      ends[column] = at
    }
    return at
  }

  #walkSome(buffer: Buffer, nullsAt: number, valuesAt: number, present: Uint8Array, lengthCodes: Int32Array): number {
    const { starts, ends } = this
    let at = valuesAt
    let bit = 0
    for (let column = 0; column < lengthCodes.length; column += 1) {
      if (present[column] !== 1) {
        starts[column] = absent
        continue
      }
      const isNull = (((buffer[nullsAt + (bit >> 3)] ?? 0) >> (bit & 7)) & 1) === 1
      bit += 1
      if (isNull) {
        starts[column] = isNullMark
        continue
      }
      const code = lengthCodes[column] ?? 0
      const prefix = code < 0 ? -code : 0
      const length = prefix === 0 ? code : valueLength(buffer, at, prefix)
      at += prefix
      starts[column] = at
      at += length
      ends[column] = at
    }
    return at
  }
}

/** The little-endian length of `bytes` bytes before a value. @throws RangeError past the end */
function valueLength(buffer: Buffer, at: number, bytes: number): number {
  if (at + bytes > buffer.length) throw endsTooLate()
  const first = buffer[at] ?? 0
  if (bytes === 1) return first
  if (bytes === 2) return first + (buffer[at + 1] ?? 0) * 0x100
  return buffer.readUIntLE(at, bytes)
}

function endsTooLate(): RangeError {
  return new RangeError('a row image ends past its event')
}

/** Servers leave the last byte's bits of no column set. */
function hasNoNull(buffer: Buffer, from: number, count: number): boolean {
  let bits = 0
  let at = from
  for (let left = count; left > 0; left -= 8, at += 1)
    bits |= left < 8 ? (buffer[at] ?? 0) & ((1 << left) - 1) : (buffer[at] ?? 0)
  return bits === 0
}
