import { expect, test } from 'vitest'
import { FakeClock } from '../../core/clock.ts'
import type { CopyTable } from '../pipe/frame.ts'
import type { ChunkRecord } from './copy-store.ts'
import { Progress } from './progress.ts'

const table = { tableId: 1, schema: 's', table: 't', estimatedRows: 100, estimatedBytes: 1_000 } as CopyTable

function chunk(change: Partial<ChunkRecord>): ChunkRecord {
  return {
    tableId: 1,
    after: null,
    upTo: null,
    epoch: 3,
    piecesDone: 1,
    rowsDone: 7,
    bytesDone: 70,
    isDone: false,
    ...change,
  }
}

test.each([
  ['finished in an older epoch counts', chunk({ epoch: 2, isDone: true }), 7],
  ['unfinished in this epoch goes on and counts', chunk({}), 7],
  ['unfinished in an older epoch is read again and does not count', chunk({ epoch: 2 }), 0],
])('a chunk that was %s', (_name, record, rowsDone) => {
  const progress = new Progress(new FakeClock(0))
  progress.setCopy([table], [record], 3)
  expect(progress.tables()).toMatchObject([{ rowsDone, bytesDone: rowsDone * 10 }])
})
