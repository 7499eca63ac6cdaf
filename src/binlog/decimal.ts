/**
 * DECIMAL in its binary form: groups of nine digits in four bytes, big endian, the first and last group in fewer; the
 * first bit inverted, all bits inverted for negative numbers. Source: strings/decimal.cc, decimal2bin.
 */
import { leftoverBytes } from './column-type.ts'

const groupDigits = 9
const groupBytes = 4

/** The number as text with exactly `scale` digits after the point and no needless zeros before it. */
export function decimalText(buffer: Buffer, start: number, precision: number, scale: number): string {
  const isNegative = (buffer.readUInt8(start) & 0x80) === 0
  const reader = new GroupReader(buffer, start, isNegative ? 0xff : 0)
  const before = precision - scale
  let whole = before % groupDigits > 0 ? reader.digits(before % groupDigits) : ''
  for (let left = before; left >= groupDigits; left -= groupDigits) whole += reader.digits(groupDigits)
  let fraction = ''
  for (let left = scale; left >= groupDigits; left -= groupDigits) fraction += reader.digits(groupDigits)
  if (scale % groupDigits > 0) fraction += reader.digits(scale % groupDigits)
  const text = whole.replace(/^0+(?=\d)/, '') || '0'
  return `${isNegative ? '-' : ''}${text}${scale > 0 ? `.${fraction}` : ''}`
}

class GroupReader {
  readonly #buffer: Buffer
  readonly #mask: number
  #offset: number
  /** The first byte of the whole number has its sign bit inverted. */
  #signBit = 0x80

  constructor(buffer: Buffer, offset: number, mask: number) {
    this.#buffer = buffer
    this.#offset = offset
    this.#mask = mask
  }

  /** The next group of `count` digits, with leading zeros. */
  digits(count: number): string {
    const bytes = count === groupDigits ? groupBytes : leftoverBytes(count)
    let value = 0
    for (let index = 0; index < bytes; index += 1) {
      const byte = this.#buffer.readUInt8(this.#offset + index) ^ this.#mask ^ this.#signBit
      this.#signBit = 0
      value = value * 256 + byte
    }
    this.#offset += bytes
    return String(value).padStart(count, '0')
  }
}
