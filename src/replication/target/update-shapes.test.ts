import { expect, test } from 'vitest'
import { type MadeRow, madeChange, madeTable, madeTarget } from '../../../test/target/made-rows.ts'
import { RowLiterals } from './row-literals.ts'
import { rowKey, type TargetTable } from './table-catalog.ts'
import { UpdateShapes } from './update-shapes.ts'

const before: MadeRow = { id: 1, u: 2, v: 'x' }

function shapes(afters: readonly MadeRow[], target: TargetTable = madeTarget()): readonly (readonly number[])[] {
  const table = madeTable()
  const change = madeChange(
    'update',
    afters.map((after) => ({ kind: 'update', before, after })),
    { table },
  )
  const literals = new RowLiterals(table, target)
  const found = new UpdateShapes(
    literals,
    rowKey(target, () => true),
  )
  literals.reader.open(change.event)
  const all: (readonly number[])[] = []
  while (literals.reader.next()) all.push(found.of(literals.reader))
  return all
}

test('the columns that changed are set, and the same ones are one list', () => {
  const [v, u, both, again] = shapes([
    { ...before, v: 'y' },
    { ...before, u: null },
    { ...before, u: 3, v: '' },
    { ...before, v: 'z' },
  ])
  expect([v, u, both]).toEqual([[2], [1], [1, 2]])
  expect(again).toBe(v)
})

test('where nothing changed all columns but the key are set', () => {
  expect(shapes([before])).toEqual([[1, 2]])
})

test('a column that the server would set by itself is always set', () => {
  const target = madeTarget()
  const columns = target.columns.map((column) => ({ ...column, hasOnUpdate: column.name === 'u' }))
  expect(shapes([{ ...before, v: 'y' }], { ...target, columns })).toEqual([[1, 2]])
})
