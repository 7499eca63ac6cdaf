import { expect, test } from 'vitest'
import type { ChunkPiece, CopyTable } from '../pipe/frame.ts'
import { ChunkQueue } from './chunk-queue.ts'
import type { ChunkTable } from './chunk-statement.ts'
import type { TargetTable } from './table-catalog.ts'

const mebibyte = 1024 * 1024

function tableOf(tableId: number, keyColumns = ['id'], uniqueKeys = 1): ChunkTable {
  return {
    copy: { tableId, keyColumns } as unknown as CopyTable,
    target: { uniqueKeys: Array.from({ length: uniqueKeys }, () => ({})) } as unknown as TargetTable,
  }
}

function pieceOf(tableId: number, chunk: number, piece: number, isLast: boolean, bytes = mebibyte / 2): ChunkPiece {
  const place = { tableId, after: [String(chunk)], upTo: null, piece, isLast, isReread: false, keys: [] }
  return { ...place, rowCount: 1, rows: Buffer.alloc(bytes) }
}

test('pieces of one chunk go to one session, and a table keeps its session while that has not much more to do', () => {
  const queue = new ChunkQueue(3)
  const [first, second] = [tableOf(1), tableOf(2)]
  expect(queue.add({ table: first, piece: pieceOf(1, 1, 0, false) })).toBe(0)
  expect(queue.add({ table: second, piece: pieceOf(2, 1, 0, true) })).toBe(1)
  expect(queue.add({ table: first, piece: pieceOf(1, 1, 1, true, 6 * mebibyte) })).toBe(0)
  expect(queue.add({ table: first, piece: pieceOf(1, 2, 0, true, 6 * mebibyte) })).toBe(0)
  expect(queue.add({ table: first, piece: pieceOf(1, 3, 0, true) })).toBe(2)
})

test('what waits is taken together up to a bound, of one table, in its order', () => {
  const queue = new ChunkQueue(1)
  const [first, second] = [tableOf(1), tableOf(2)]
  for (let piece = 0; piece < 5; piece += 1) queue.add({ table: first, piece: pieceOf(1, 1, piece, piece === 4) })
  queue.add({ table: second, piece: pieceOf(2, 1, 0, true) })
  const taken = [queue.take(0), queue.take(0), queue.take(0), queue.take(0)]
  expect(taken.map((batch) => batch?.pieces.map(({ tableId, piece }) => `${tableId}/${piece}`))).toEqual([
    ['1/0', '1/1', '1/2'],
    ['1/3', '1/4'],
    ['2/0'],
    undefined,
  ])
})

test.each([
  ['without a key', tableOf(1, [])],
  ['with two unique keys', tableOf(1, ['id'], 2)],
])('of a table %s one piece is taken at a time', (_what, table) => {
  const queue = new ChunkQueue(1)
  queue.add({ table, piece: pieceOf(1, 1, 0, false) })
  queue.add({ table, piece: pieceOf(1, 1, 1, true) })
  expect(queue.take(0)?.pieces).toHaveLength(1)
})

test('what was written or given up counts no longer', () => {
  const queue = new ChunkQueue(2)
  const table = tableOf(1)
  for (let piece = 0; piece < 8; piece += 1) queue.add({ table, piece: pieceOf(1, 1, piece, piece === 7) })
  const batch = queue.take(0)
  if (batch !== null) queue.done(0, batch)
  expect(queue.sizeBytes).toBeGreaterThan(0)
  queue.clear()
  expect(queue.sizeBytes).toBe(0)
  expect(queue.take(0)).toBeNull()
})
