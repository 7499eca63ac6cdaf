/**
 * DECIMAL in its binary form: groups of nine digits in four bytes, big endian, the first and last group in fewer; the
 * first bit inverted, all bits inverted for negative numbers. Source: strings/decimal.cc, decimal2bin.
 */
import { leftoverBytes } from './column-type.ts'

const groupDigits = 9
const groupBytes = 4
const groupSize = 1e9
/** With another group it would be larger than a double holds exactly. */
const largestBeforeGroup = 9e6
const zeros = Array.from({ length: groupDigits }, (_none, count) => '0'.repeat(count))

/**
 * The number as text with exactly `scale` digits after the point and no needless zeros before it.
 *
 * @throws RangeError if it ends past the buffer
 */
export function decimalText(buffer: Buffer, start: number, precision: number, scale: number): string {
  const isNegative = (buffer.readUInt8(start) & 0x80) === 0
  const mask = isNegative ? 0xff : 0
  const firstDigits = (precision - scale) % groupDigits
  const firstBytes = leftoverBytes(firstDigits)
  let at = start
  // The first byte of the number has its sign bit inverted.
  let signBit = 0x80
  // As one number while it is exact, which is all that most columns have.
  let number = 0
  let whole = ''
  if (firstBytes > 0) {
    number = group(buffer, at, firstBytes, mask, signBit)
    at += firstBytes
    signBit = 0
  }
  for (let left = precision - scale; left >= groupDigits; left -= groupDigits, at += groupBytes, signBit = 0) {
    const value = group(buffer, at, groupBytes, mask, signBit)
    if (whole !== '') whole += padded(value, groupDigits)
    else if (number < largestBeforeGroup) number = number * groupSize + value
    else whole = String(number) + padded(value, groupDigits)
  }
  whole ||= String(number)
  const text = isNegative ? `-${whole}` : whole
  return scale === 0 ? text : text + fractionText(buffer, at, scale, mask, signBit)
}

function fractionText(buffer: Buffer, start: number, scale: number, mask: number, firstSignBit: number): string {
  let at = start
  let signBit = firstSignBit
  let text = '.'
  let left = scale
  for (; left >= groupDigits; left -= groupDigits, at += groupBytes, signBit = 0)
    text += padded(group(buffer, at, groupBytes, mask, signBit), groupDigits)
  return left === 0 ? text : text + padded(group(buffer, at, leftoverBytes(left), mask, signBit), left)
}

/** The value of a group of digits. */
function group(buffer: Buffer, at: number, bytes: number, mask: number, signBit: number): number {
  if (bytes === groupBytes) return (buffer.readInt32BE(at) ^ (mask * 0x101_0101) ^ (signBit << 24)) >>> 0
  let value = buffer.readUInt8(at) ^ mask ^ signBit
  for (let index = 1; index < bytes; index += 1) value = value * 256 + (buffer.readUInt8(at + index) ^ mask)
  return value
}

function padded(value: number, count: number): string {
  const text = String(value)
  return (zeros[count - text.length] ?? '') + text
}
