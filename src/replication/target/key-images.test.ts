import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RowImage } from '../../binlog/row-image.ts'
import { KeyImages } from './key-images.ts'

interface Column {
  /** See ColumnType.lengthCode. */
  readonly lengthCode: number
  /** Null: NULL. */
  readonly value: Buffer | null
  readonly isOfKey: boolean
}

const anyColumn: fc.Arbitrary<Column> = fc.constantFrom(-1, -2, 1, 4, 8).chain((lengthCode) =>
  fc.record({
    lengthCode: fc.constant(lengthCode),
    value: fc.option(
      lengthCode > 0
        ? fc.uint8Array({ minLength: lengthCode, maxLength: lengthCode }).map((bytes) => Buffer.from(bytes))
        : fc.nat(lengthCode === -1 ? 255 : 40_000).map((size) => Buffer.alloc(size, size & 0xff)),
    ),
    isOfKey: fc.boolean(),
  }),
)

/** As a source writes it, all columns in it. */
function imageOf(columns: readonly Column[]): Buffer {
  const nulls = Buffer.alloc((columns.length + 7) >> 3)
  const values = columns.map(({ lengthCode, value }, index) => {
    if (value === null) nulls[index >> 3] = (nulls[index >> 3] ?? 0) | (1 << (index & 7))
    if (value === null || lengthCode > 0) return value ?? Buffer.alloc(0)
    const length = Buffer.alloc(-lengthCode)
    length.writeUIntLE(value.length, 0, -lengthCode)
    return Buffer.concat([length, value])
  })
  return Buffer.concat([nulls, ...values])
}

test('images of any columns hold the values of those that are taken, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.array(anyColumn, { minLength: 20, maxLength: 20 }), { minLength: 1 }), (rows) => {
      const shape = rows[0] ?? []
      const lengthCodes = Int32Array.from(shape, ({ lengthCode }) => lengthCode)
      const keys = shape.flatMap(({ isOfKey }, index) => (isOfKey ? [index] : []))
      const keyImages = new KeyImages(keys, [...lengthCodes])
      const present = Uint8Array.from(shape, ({ isOfKey }) => Number(isOfKey))
      const taken = rows.map((row) => {
        const columns = shape.map(({ lengthCode }, index) => {
          const value = row[index]?.value ?? null
          return { lengthCode, value: row[index]?.lengthCode === lengthCode ? value : null, isOfKey: false }
        })
        const whole = new RowImage(shape.length)
        whole.walk(imageOf(columns), 0, new Uint8Array(shape.length).fill(1), shape.length, lengthCodes)
        keyImages.take(whole)
        const { buffer, start, end } = keyImages
        return { buffer, start, end, wanted: keys.map((key) => columns[key]?.value ?? null) }
      })
      // Looked at when all were taken: none was written over.
      for (const { buffer, start, end, wanted } of taken) {
        const short = new RowImage(shape.length)
        expect(short.walk(buffer, start, present, keys.length, lengthCodes)).toBe(end)
        expect(keys.map((key) => short.bytes(key))).toEqual(wanted)
      }
      const bits = keys.map((key) => (keyImages.present[key >> 3] ?? 0) & (1 << (key & 7)))
      expect(bits.every((bit) => bit !== 0)).toBe(true)
    }),
  )
})
