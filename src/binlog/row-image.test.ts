import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { signed64, unsigned64 } from './int64.ts'
import { RowImage } from './row-image.ts'

/** Of a column: fixed bytes, or bytes behind a length of so many bytes; null is NULL, undefined is not in the image. */
interface Column {
  readonly prefix: 0 | 1 | 2 | 3
  readonly value: Uint8Array | null | undefined
}

const column: fc.Arbitrary<Column> = fc.record({
  prefix: fc.constantFrom(0, 1, 2, 3),
  value: fc.oneof(
    { weight: 6, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 9 }) },
    fc.constant(null),
    fc.constant(undefined),
  ),
})

interface Written {
  readonly bytes: Buffer
  readonly present: Uint8Array
  readonly lengthCodes: Int32Array
}

function write(columns: readonly Column[], setsUnusedBits: boolean): Written {
  const there = columns.filter(({ value }) => value !== undefined)
  const nulls = Buffer.alloc((there.length + 7) >> 3, setsUnusedBits ? 0xff : 0)
  const values: Uint8Array[] = []
  for (const [bit, { prefix, value }] of there.entries()) {
    const mask = 1 << (bit & 7)
    const others = (nulls[bit >> 3] ?? 0) & ~mask
    nulls[bit >> 3] = value === null ? others | mask : others
    if (value == null) continue
    const length = Buffer.alloc(prefix)
    if (prefix > 0) length.writeUIntLE(value.length, 0, prefix)
    values.push(length, value)
  }
  return {
    bytes: Buffer.concat([nulls, ...values]),
    present: Uint8Array.from(columns, ({ value }) => (value === undefined ? 0 : 1)),
    lengthCodes: Int32Array.from(columns, ({ prefix, value }) => (prefix > 0 ? -prefix : (value?.length ?? 4))),
  }
}

const images = fc.tuple(fc.array(column, { minLength: 1, maxLength: 20 }), fc.boolean())
const walk = (image: RowImage, { bytes, present, lengthCodes }: Written) =>
  image.walk(
    bytes,
    0,
    present,
    present.reduce((sum, one) => sum + one, 0),
    lengthCodes,
  )

describe('a row image', () => {
  test('gives every column its bytes, whatever is NULL or absent and whatever the unused bits say', () => {
    fc.assert(
      fc.property(images, ([columns, setsUnusedBits]) => {
        const image = new RowImage(columns.length)
        const written = write(columns, setsUnusedBits)
        expect(walk(image, written)).toBe(written.bytes.length)
        for (const [index, { value }] of columns.entries()) {
          expect(image.isPresent(index)).toBe(value !== undefined)
          if (value !== undefined) expect(image.bytes(index)?.toString('hex') ?? null).toBe(hexOf(value))
        }
      }),
    )
  })

  test('that is cut off anywhere is told, and nothing past its end is read', () => {
    fc.assert(
      fc.property(images, fc.nat(), ([columns, setsUnusedBits], cut) => {
        const written = write(columns, setsUnusedBits)
        fc.pre(written.bytes.length > 0)
        const bytes = written.bytes.subarray(0, cut % written.bytes.length)
        expect(() => walk(new RowImage(columns.length), { ...written, bytes })).toThrow(RangeError)
      }),
    )
  })
})

test('64-bit integers read as the eight bytes that they are, one after another', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 1 }), (numbers) => {
      const bytes = Buffer.alloc(8 * numbers.length)
      for (const [index, number] of numbers.entries()) bytes.writeBigInt64LE(number, 8 * index)
      expect(numbers.map((_, index) => signed64(bytes, 8 * index))).toEqual(numbers)
      expect(numbers.map((_, index) => unsigned64(bytes, 8 * index))).toEqual(
        numbers.map((number) => BigInt.asUintN(64, number)),
      )
      expect(() => signed64(bytes, bytes.length - 7)).toThrow(RangeError)
    }),
  )
})

function hexOf(value: Uint8Array | null): string | null {
  return value === null ? null : Buffer.from(value).toString('hex')
}
