/** Grows as bytes are written; numbers are LEB128 varints, texts and bytes come after their length. */
export class ByteWriter {
  #buffer: Buffer
  #length = 0

  constructor(firstBytes = 1024) {
    this.#buffer = Buffer.allocUnsafe(firstBytes)
  }

  get length(): number {
    return this.#length
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#length] = value
    this.#length += 1
  }

  /** @param value a whole number from 0 to 2^53 - 1 */
  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not a whole number from 0`)
    this.#reserve(8)
    let left = value
    while (left >= 0x80) {
      this.#buffer[this.#length] = (left % 0x80) | 0x80
      this.#length += 1
      left = Math.floor(left / 0x80)
    }
    this.#buffer[this.#length] = left
    this.#length += 1
  }

  /** @param value from 0 to 2^64 - 1 */
  uint64(value: bigint): void {
    this.#reserve(8)
    this.#length = this.#buffer.writeBigUInt64LE(value, this.#length)
  }

  bytes(value: Uint8Array): void {
    this.varint(value.length)
    this.#reserve(value.length)
    this.#buffer.set(value, this.#length)
    this.#length += value.length
  }

  text(value: string): void {
    this.bytes(Buffer.from(value, 'utf8'))
  }

  json(value: unknown): void {
    this.text(JSON.stringify(value))
  }

  /** A view of what was written; valid until the next write. */
  written(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Begins anew, in the same memory unless it is more than `mostBytes`. */
  clear(mostBytes: number): void {
    this.#length = 0
    if (this.#buffer.length > mostBytes) this.#buffer = Buffer.allocUnsafe(mostBytes)
  }

  #reserve(count: number): void {
    const wanted = this.#length + count
    if (wanted <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(wanted, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}
