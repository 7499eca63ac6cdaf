/**
 * The variable-length integers of mysql::serialization: the number of low one bits in the first byte tells how many
 * bytes follow; the rest, little endian, is the value. Signed values keep their sign in the lowest bit, negative ones
 * are stored inverted. Source: libs/mysql/serialization/variable_length_integers.h (MySQL 8.3).
 */
export class VarintReader {
  readonly #buffer: Buffer
  offset: number

  constructor(buffer: Buffer, offset: number) {
    this.#buffer = buffer
    this.offset = offset
  }

  /** @throws RangeError past the end */
  unsigned(): bigint {
    const first = this.#buffer.readUInt8(this.offset)
    const more = trailingOnes(first)
    this.offset += 1
    if (more === 8) {
      this.offset += 8
      return this.#buffer.readBigUInt64LE(this.offset - 8)
    }
    let value = BigInt(first >> (more + 1))
    for (let index = 0; index < more; index += 1) {
      value |= BigInt(this.#buffer.readUInt8(this.offset)) << BigInt(7 - more + 8 * index)
      this.offset += 1
    }
    return value
  }

  signed(): bigint {
    const value = this.unsigned()
    return (value & 1n) === 0n ? value >> 1n : ~(value >> 1n)
  }

  /** A text after its length. */
  text(): string {
    const length = Number(this.unsigned())
    if (this.offset + length > this.#buffer.length) throw new RangeError('a text has no end')
    this.offset += length
    return this.#buffer.toString('latin1', this.offset - length, this.offset)
  }
}

function trailingOnes(byte: number): number {
  let count = 0
  while (count < 8 && (byte & (1 << count)) !== 0) count += 1
  return count
}
