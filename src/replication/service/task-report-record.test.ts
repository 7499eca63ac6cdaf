import { expect, test } from 'vitest'
import { taskReport } from '../../../test/doubles/replication-jobs.ts'
import type { TableProgress } from '../task-context.ts'
import { boundedReport, copyTotals } from './task-report-record.ts'

function table(name: string, rowsDone: number, rowsTotal: number): TableProgress {
  const isDone = rowsDone === rowsTotal
  return { schema: 's', table: name, rowsDone, rowsTotal, bytesDone: rowsDone, bytesTotal: rowsTotal, isDone }
}

const many = (name: string, count: number, rowsDone: number, rowsTotal: number) =>
  Array.from({ length: count }, (_, index) => table(`${name}${index}`, rowsDone, rowsTotal))

test('of very many tables those being copied come first, then the largest that wait, then the largest that are done', () => {
  const tables = [
    ...many('done', 500, 9, 9),
    table('huge-done', 99, 99),
    ...many('waits', 290, 0, 5),
    ...many('moves', 4, 1, 2),
  ]
  const shown = boundedReport(taskReport('target', { tables })).tables.map(({ table: name }) => name)
  expect(shown).toHaveLength(300)
  expect(shown.slice(0, 5)).toEqual(['moves0', 'moves1', 'moves2', 'moves3', 'waits0'])
  expect(shown.slice(293, 296)).toEqual(['waits289', 'huge-done', 'done0'])
})

test('what is left out of the list is in the sums', () => {
  expect(copyTotals([...many('done', 2_000, 3, 3), table('moves', 1, 4)])).toEqual({
    ...{ rowsDone: 6_001, rowsTotal: 6_004, bytesDone: 6_001, bytesTotal: 6_004 },
    ...{ tables: 2_001, tablesDone: 2_000 },
  })
})
