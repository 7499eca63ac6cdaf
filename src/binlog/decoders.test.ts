import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decimalBytes } from './column-type.ts'
import { decimalText } from './decimal.ts'
import { EventType } from './event-type.ts'
import { decodeHeartbeat } from './heartbeat-event.ts'
import { jsonExpression } from './json-expression.ts'
import { jsonText } from './json-text.ts'
import { encodeLength, lengthEncoded, lengthEncodedBytes } from './length-encoded.ts'
import { decodeStatusVars } from './query-status-vars.ts'
import { rawEvent } from './raw-event.ts'
import { time2Text } from './temporal.ts'
import { VarintReader } from './varint-reader.ts'

/** As the server packs a DECIMAL (decimal2bin): groups of nine digits from the point outwards. */
function packDecimal(isNegative: boolean, whole: string, fraction: string): Buffer {
  const sizes = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]
  const groups: string[] = []
  const first = whole.length % 9
  if (first > 0) groups.push(whole.slice(0, first))
  for (let at = first; at < whole.length; at += 9) groups.push(whole.slice(at, at + 9))
  for (let at = 0; at < fraction.length; at += 9) groups.push(fraction.slice(at, at + 9))
  const packed = Buffer.concat(
    groups.map((digits) => {
      const bytes = Buffer.alloc(sizes[digits.length] ?? 4)
      bytes.writeUIntBE(Number(digits), 0, bytes.length)
      return bytes
    }),
  )
  const inverted = isNegative ? Buffer.from(packed.map((byte) => byte ^ 0xff)) : packed
  inverted.writeUInt8(inverted.readUInt8(0) ^ 0x80, 0)
  return inverted
}

const digits = (min: number, max: number) =>
  fc.array(fc.nat(9), { minLength: min, maxLength: max }).map((list) => list.join(''))

test('a DECIMAL of any precision and scale reads digit by digit', () => {
  fc.assert(
    fc.property(fc.boolean(), digits(1, 35), digits(0, 30), (isNegative, whole, fraction) => {
      const packed = packDecimal(isNegative, whole, fraction)
      const precision = whole.length + fraction.length
      expect(packed).toHaveLength(decimalBytes(precision, fraction.length))
      const plain = whole.replace(/^0+(?=\d)/, '')
      expect(decimalText(packed, 0, precision, fraction.length)).toBe(
        `${isNegative ? '-' : ''}${plain}${fraction === '' ? '' : `.${fraction}`}`,
      )
    }),
  )
})

test('a TIME of any precision and sign reads back', () => {
  const parts = fc.tuple(
    fc.boolean(),
    fc.nat(838),
    fc.nat(59),
    fc.nat(59),
    fc.nat(999_999),
    fc.integer({ min: 0, max: 6 }),
  )
  fc.assert(
    fc.property(parts, ([isNegative, hours, minutes, seconds, micros, decimals]) => {
      const fractionBytes = (decimals + 1) >> 1
      const fraction = Number(String(micros).padStart(6, '0').slice(0, decimals) || '0')
      const stored = decimals % 2 === 1 ? fraction * 10 : fraction
      const size = ((hours << 12) | (minutes << 6) | seconds) * 256 ** fractionBytes + stored
      const buffer = Buffer.alloc(3 + fractionBytes)
      buffer.writeUIntBE((isNegative ? -size : size) + 0x80_0000 * 256 ** fractionBytes, 0, buffer.length)
      const pad = (value: number, width: number) => String(value).padStart(width, '0')
      const tail = decimals === 0 ? '' : `.${pad(fraction, decimals)}`
      const sign = isNegative && size > 0 ? '-' : ''
      expect(time2Text(buffer, 0, decimals)).toBe(
        `${sign}${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}${tail}`,
      )
    }),
  )
})

test('length-encoded integers read back', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(52), (value, bits) => {
      const small = Math.trunc(value / 2 ** bits)
      const bytes = encodeLength(small)
      expect(lengthEncoded(bytes, 0)).toBe(small)
      expect(lengthEncodedBytes(bytes, 0)).toBe(bytes.length)
    }),
  )
  expect(() => lengthEncoded(Buffer.from([0xfb]), 0)).toThrow(RangeError)
})

describe('variable-length integers of the tagged GTID event', () => {
  /** The shape: n low one bits, then a zero (none for nine bytes), then the value. */
  function encode(value: bigint): Buffer {
    for (let more = 0; more < 8; more += 1) {
      if (value >= 1n << BigInt(7 * (more + 1))) continue
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64LE((value << BigInt(more + 1)) | ((1n << BigInt(more)) - 1n))
      return bytes.subarray(0, more + 1)
    }
    const bytes = Buffer.alloc(9, 0xff)
    bytes.writeBigUInt64LE(value, 1)
    return bytes
  }

  test('unsigned ones read back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(63), (value, bits) => {
        const small = value >> BigInt(bits)
        const bytes = encode(small)
        const reader = new VarintReader(bytes, 0)
        expect(reader.unsigned()).toBe(small)
        expect(reader.offset).toBe(bytes.length)
      }),
    )
  })

  test('signed ones keep their sign in the lowest bit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), (value) => {
        const folded = value < 0n ? (~value << 1n) | 1n : value << 1n
        expect(new VarintReader(encode(folded), 0).signed()).toBe(value)
      }),
    )
  })
})

describe('session state', () => {
  test('codes are read in order, up to the first unknown one', () => {
    const vars = Buffer.concat([
      Buffer.from([0, 0, 0, 0, 0x04]),
      Buffer.from([1, 4, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.from([6, 3]),
      Buffer.from('std'),
      Buffer.from([3, 2, 0, 1, 0, 4, 8, 0, 8, 0, 33, 0, 5, 6]),
      Buffer.from('SYSTEM'),
      Buffer.from([11, 4]),
      Buffer.from('root'),
      Buffer.from([1]),
      Buffer.from('%'),
      Buffer.from([12, 2]),
      Buffer.from('a\0b\0'),
      Buffer.from([13, 0x40, 0x42, 0x0f, 16, 1, 17, 9, 0, 0, 0, 0, 0, 0, 0, 18, 255, 0, 19, 1, 20, 0]),
      Buffer.from([99, 1, 2, 3]),
    ])
    expect(decodeStatusVars(vars)).toMatchObject({
      flags2: 0x0400_0000,
      sqlMode: 4n,
      catalog: 'std',
      autoIncrementIncrement: 2,
      autoIncrementOffset: 1,
      characterSetClient: 8,
      collationConnection: 8,
      collationServer: 33,
      timeZone: 'SYSTEM',
      invoker: { user: 'root', host: '%' },
      updatedDatabases: ['a', 'b'],
      microseconds: 1_000_000,
      explicitDefaultsForTimestamp: true,
      ddlXid: 9n,
      defaultCollationForUtf8mb4: 255,
      sqlRequirePrimaryKey: true,
      defaultTableEncryption: false,
    })
  })

  test('more databases than are listed are unknown, not none', () => {
    expect(decodeStatusVars(Buffer.from([12, 254, 13, 1, 0, 0]))).toMatchObject({
      updatedDatabases: null,
      microseconds: 1,
    })
  })

  test('a value that ends early is no value', () => {
    expect(() => decodeStatusVars(Buffer.from([1, 4, 0]))).toThrow(RangeError)
  })
})

test('a heartbeat of version 2 tells offsets past 4 GiB', () => {
  const body = Buffer.concat([
    Buffer.from([1, 3]),
    Buffer.from('b.7'),
    Buffer.from([2, 9]),
    encodeLength(2 ** 40),
    Buffer.from([0]),
  ])
  const event = Buffer.concat([Buffer.alloc(19), body])
  event.writeUInt8(EventType.HeartbeatV2, 4)
  expect(decodeHeartbeat(rawEvent(event))).toEqual({ file: 'b.7', offset: 2 ** 40 })
})

describe('binary JSON', () => {
  test('no bytes at all are JSON null', () => {
    expect(jsonText(Buffer.alloc(0))).toBe('null')
  })

  test('a small array of inline and stored values reads as the server writes it', () => {
    // JSON_ARRAY(0.5), as MySQL 9.7 stored it: an opaque DECIMAL.
    const bytes = Buffer.from('0201000d000f0700f60402018005', 'hex')
    expect(jsonText(bytes)).toBe('[0.5]')
    expect(jsonExpression(bytes)).toBe('JSON_ARRAY(0.5)')
  })

  test('bytes cut off anywhere are refused, not misread', () => {
    const bytes = Buffer.from('0201000d000f0700f60402018005', 'hex')
    for (let length = 1; length < bytes.length; length += 1)
      expect(() => jsonText(bytes.subarray(0, length))).toThrow('JSON')
  })
})
