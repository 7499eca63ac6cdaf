import { expect, test } from 'vitest'
import {
  catalogOf,
  type MadeChange,
  type MadeRow,
  madeChange,
  madeTable,
  madeTarget,
  rowsOf,
} from '../../../test/target/made-rows.ts'
import { mergeChanges } from './merge-changes.ts'
import type { RowsChange } from './row-changes.ts'

const rowsPerEvent = 200
const eventCount = 30
const table = madeTable()

const row = (id: number, v = 'v'.repeat(40)): MadeRow => ({ id, u: id, v })
const put = (id: number): MadeChange => ({ kind: 'write', before: null, after: row(id) })
const take = (id: number): MadeChange => ({ kind: 'delete', before: row(id), after: null })
const change = (id: number, after: MadeRow = row(id, 'w'.repeat(50))): MadeChange => ({
  kind: 'update',
  before: row(id),
  after,
})

/** Events as a statement over many rows leaves them. */
function events(make: (id: number) => MadeChange, ids: readonly number[] = ascending()): RowsChange[] {
  const rows = ids.map((id) => make(id))
  return Array.from({ length: Math.ceil(rows.length / rowsPerEvent) }, (_, index) =>
    madeChange(rows[0]?.kind ?? 'write', rows.slice(index * rowsPerEvent, (index + 1) * rowsPerEvent), { table }),
  )
}

function ascending(): number[] {
  return Array.from({ length: eventCount * rowsPerEvent }, (_, index) => index + 1)
}

async function merged(changes: readonly RowsChange[], shortens = false) {
  const result = await mergeChanges(changes, catalogOf(madeTarget()), shortens)
  const made = result.changes.filter((each) => each.kind === 'rows')
  return { rowCount: result.rowCount, made, rows: made.flatMap(rowsOf) }
}

test.each([
  ['writes', put],
  ['updates', change],
  ['deletes', take],
] as const)('large events of %s become fewer ones with the same rows in the same order', async (_what, make) => {
  const { rowCount, made, rows } = await merged(events(make))
  expect(rows).toEqual(ascending().map((id) => make(id)))
  expect(rowCount).toBe(eventCount * rowsPerEvent)
  expect(made.length).toBeLessThan(eventCount / 4)
  for (const { event, isMerged } of made) {
    expect(isMerged).toBe(true)
    expect(event.buffer.length).toBeLessThanOrEqual(128 * 1024)
    expect(event.buffer.readUInt32LE(9)).toBe(event.buffer.length)
  }
})

test('images before a change are shortened to the columns of keys', async () => {
  const short = (id: number): MadeRow => ({ id, u: id, v: '' })
  const updates = await merged(
    events((id) => change(id)),
    true,
  )
  expect(updates.rows).toEqual(ascending().map((id) => ({ ...change(id), before: short(id) })))
  const deletes = await merged(events(take), true)
  expect(deletes.rows).toEqual(
    ascending()
      .map((id) => take(id))
      .map((each) => ({ ...each, before: short(each.before?.id ?? 0) })),
  )
  expect(deletes.made).toHaveLength(1)
  expect(deletes.rowCount).toBe(eventCount * rowsPerEvent)
})

test('images that lack columns, of keys too, stay as they are', async () => {
  const rows = ascending().map((id) => change(id))
  const lacking = Array.from({ length: 60 }, (_, index) =>
    madeChange('delete', rows.slice(index * 100, index * 100 + 100), { table, present: 0b101 }),
  )
  const { changes } = await mergeChanges(lacking, catalogOf(madeTarget()), true)
  expect(changes).toEqual(lacking)
})

test('rows written in no order of their keys stay as they came', async () => {
  const ids = ascending().toReversed()
  expect((await merged(events(put, ids))).rows).toEqual(ids.map(put))
})

test('a row that is updated twice is updated once', async () => {
  const twice = [...ascending(), 1]
  const again = (id: number) => change(id, row(id, 'z'.repeat(50)))
  const first = events((id) => change(id), twice.slice(0, -1))
  const last = madeChange('update', [{ kind: 'update', before: change(1).after, after: again(1).after }], { table })
  const { rows, rowCount } = await merged([...first, last])
  expect(rows).toHaveLength(ascending().length)
  expect(rows.find(({ before }) => before?.id === 1)?.after).toEqual(again(1).after)
  expect(rowCount).toBe(twice.length)
})

test('updates of unique values are taken apart', async () => {
  const swapped = (id: number) => change(id, { ...row(id), u: id + 1 })
  const { rows } = await merged(events(swapped))
  expect(new Set(rows.map(({ kind }) => kind))).toEqual(new Set(['delete', 'write']))
})

test('large events of two kinds are merged as before', async () => {
  const { rows } = await merged([...events(put), ...events(take)])
  // Only the highest number that the counter reached is left of them.
  expect(rows.length).toBeLessThanOrEqual(2)
})
