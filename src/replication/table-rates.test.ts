import { expect, test } from 'vitest'
import { FakeClock } from '../core/clock.ts'
import { TableRates } from './table-rates.ts'
import type { TableProgress } from './task-context.ts'

function table(name: string, rowsDone: number, isDone = false): TableProgress {
  return { schema: 's', table: name, rowsDone, rowsTotal: 1_000, bytesDone: rowsDone * 10, bytesTotal: 10_000, isDone }
}

test('a table that moves has its rate over the last seconds; the others have none', async () => {
  const clock = new FakeClock(0)
  const rates = new TableRates(clock)
  const look = (rows: number) => rates.rated([table('moves', rows), table('waits', 0), table('done', 9, true)])
  expect(look(100)).toEqual([table('moves', 100), table('waits', 0), table('done', 9, true)])
  await clock.advance(1_000)
  expect(look(300)[0]).toMatchObject({ rowsPerSecond: 200, bytesPerSecond: 2_000 })
  await clock.advance(1_000)
  expect(look(400)).toMatchObject([{ rowsPerSecond: 150 }, table('waits', 0), table('done', 9, true)])
})

test('a table that rests, or begins anew, has no rate', async () => {
  const clock = new FakeClock(0)
  const rates = new TableRates(clock)
  rates.rated([table('t', 100)])
  await clock.advance(1_000)
  rates.rated([table('t', 200)])
  for (let seconds = 0; seconds < 6; seconds += 1) {
    await clock.advance(1_000)
    rates.rated([table('t', 200)])
  }
  expect(rates.rated([table('t', 200)])[0]).not.toHaveProperty('rowsPerSecond')
  await clock.advance(1_000)
  expect(rates.rated([table('t', 50)])[0]).not.toHaveProperty('rowsPerSecond')
})
