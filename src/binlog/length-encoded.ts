/** MySQL's length-encoded integers: one byte below 251, else 0xfc, 0xfd or 0xfe and 2, 3 or 8 bytes. */

/** The integer at `offset`. @throws RangeError past the end, for a NULL mark, or above 2^53 */
export function lengthEncoded(buffer: Buffer, offset: number): number {
  const first = buffer.readUInt8(offset)
  if (first < 0xfb) return first
  if (first === 0xfc) return buffer.readUInt16LE(offset + 1)
  if (first === 0xfd) return buffer.readUIntLE(offset + 1, 3)
  const value = first === 0xfe ? buffer.readBigUInt64LE(offset + 1) : -1n
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError('not a length')
  return Number(value)
}

/** How many bytes the integer at `offset` takes. */
export function lengthEncodedBytes(buffer: Buffer, offset: number): number {
  const first = buffer.readUInt8(offset)
  if (first < 0xfb) return 1
  if (first === 0xfc) return 3
  return first === 0xfd ? 4 : 9
}

/** The bytes of the integer. */
export function encodeLength(value: number): Buffer {
  if (value < 0xfb) return Buffer.from([value])
  if (value <= 0xffff) return Buffer.from([0xfc, value & 0xff, value >> 8])
  if (value <= 0xff_ffff) return Buffer.from([0xfd, value & 0xff, (value >> 8) & 0xff, value >> 16])
  const bytes = Buffer.alloc(9, 0xfe)
  bytes.writeBigUInt64LE(BigInt(value), 1)
  return bytes
}
