import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ChunkPiece } from '../pipe/frame.ts'
import { loadText } from './chunk-load.ts'

type Cell = Buffer | null

function pieceOf(rows: readonly (readonly Cell[])[]): ChunkPiece {
  const place = { tableId: 1, after: null, upTo: null, piece: 0, isLast: true, isReread: false, keys: [] }
  return { ...place, rowCount: rows.length, rows: Buffer.concat(rows.flat().flatMap(encoded)) }
}

function encoded(cell: Cell): Buffer[] {
  if (cell === null) return [Buffer.of(0xfb)]
  if (cell.length < 0xfb) return [Buffer.of(cell.length), cell]
  const head = Buffer.from([0xfc, cell.length & 0xff, cell.length >> 8])
  return [head, cell]
}

/** What LOAD DATA makes of it: the manual's rules for escaped fields. */
function read(text: Buffer): Cell[][] {
  const rows: Cell[][] = []
  let row: Cell[] = []
  let cell: number[] = []
  let isNull = false
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at] ?? 0
    if (byte === 0x5c) {
      at += 1
      if (text[at] === 0x4e) isNull = true
      else cell.push(text[at] ?? 0)
      continue
    }
    if (byte !== 0x1f && byte !== 0x1e) {
      cell.push(byte)
      continue
    }
    row.push(isNull ? null : Buffer.from(cell))
    cell = []
    isNull = false
    if (byte === 0x1e) rows.push(row.splice(0))
    if (byte === 0x1e) row = []
  }
  return rows
}

test('any cells of any bytes are read again as they were', () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array))
  const special = fc
    .array(fc.constantFrom(0x5c, 0x1f, 0x1e, 0x4e, 0x00, 0x61), { maxLength: 12 })
    .map((array) => Buffer.from(array))
  const long = fc.constantFrom(Buffer.alloc(3_000, 'long '), Buffer.alloc(2_000, Buffer.of(0x5c, 0x1f, 0x1e)))
  const cell = fc.oneof({ weight: 4, arbitrary: bytes }, { weight: 4, arbitrary: special }, fc.constant(null), long)
  const rows = fc
    .integer({ min: 1, max: 5 })
    .chain((columns) =>
      fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 8 }),
    )
  fc.assert(
    fc.property(rows, (wanted) => {
      const nullable = (wanted[0] ?? []).map(() => true)
      expect(read(loadText(pieceOf(wanted), nullable) ?? Buffer.alloc(0))).toEqual(wanted)
    }),
  )
})

test.each([2, 3, 4])('%i rows of short texts are the same bytes with ends instead of lengths', (count) => {
  const rows = [
    [Buffer.from('1'), Buffer.from(''), Buffer.from('ä')],
    [Buffer.from('22'), Buffer.alloc(250, 'x'), Buffer.from('')],
    [Buffer.alloc(0x1e, 'a'), Buffer.alloc(0x1f, 'b'), Buffer.alloc(0x5c, 'c')],
    [Buffer.from('3'), Buffer.from([0x1e]), Buffer.alloc(0x1e, 0x1f)],
  ].slice(0, count)
  expect(read(loadText(pieceOf(rows), [false, false, false]) ?? Buffer.alloc(0))).toEqual(rows)
})

test('a NULL where the target takes none is not said, for the server would store something else', () => {
  expect(loadText(pieceOf([[Buffer.from('1'), null]]), [true, false])).toBeNull()
})

test('rows that end inside a cell are refused', () => {
  const piece = pieceOf([[Buffer.from('abc')]])
  expect(() => loadText({ ...piece, rows: piece.rows.subarray(0, 3) }, [true])).toThrow('ends too early')
})
