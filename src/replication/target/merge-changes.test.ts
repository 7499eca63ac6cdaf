import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
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

type Rows = ReadonlyMap<number, MadeRow>

/** Does what a server does, and refuses what a server refuses. */
function applyTo(rows: Rows, { kind, before, after }: MadeChange): Map<number, MadeRow> {
  const result = new Map(rows)
  if (before !== null && !result.delete(before.id)) throw new Error(`no row ${before.id} to ${kind}`)
  if (after === null) return result
  if (result.has(after.id)) throw new Error(`row ${after.id} is there already`)
  for (const row of result.values()) if (after.u !== null && row.u === after.u) throw new Error(`u = ${after.u} twice`)
  return result.set(after.id, after)
}

function sorted(rows: Rows): MadeRow[] {
  return [...rows.values()].sort((a, b) => a.id - b.id)
}

const anyRow = fc.record({
  id: fc.integer({ min: -3, max: 6 }),
  u: fc.option(fc.integer({ min: 0, max: 4 })),
  v: fc.constantFrom('', 'x', 'yy'),
})

/** Attempts of a source: what its own constraints refuse never comes into its log. */
const attempts = fc.array(fc.record({ verb: fc.constantFrom('put', 'change', 'take'), row: anyRow, to: anyRow }), {
  maxLength: 40,
})

interface History {
  readonly before: Rows
  readonly changes: readonly MadeChange[]
  readonly after: Rows
}

function historyOf(
  first: readonly MadeRow[],
  tried: typeof attempts extends fc.Arbitrary<infer T> ? T : never,
): History {
  let rows: Rows = new Map()
  const changes: MadeChange[] = []
  const attempt = (change: MadeChange): boolean => {
    try {
      rows = applyTo(rows, change)
      return true
    } catch {
      return false
    }
  }
  for (const row of first) attempt({ kind: 'write', before: null, after: row })
  const before = rows
  for (const { verb, row, to } of tried) {
    const held = rows.get(row.id) ?? null
    const change: MadeChange =
      verb === 'put'
        ? { kind: 'write', before: null, after: to }
        : verb === 'take'
          ? { kind: 'delete', before: held, after: null }
          : { kind: 'update', before: held, after: to }
    if ((verb === 'put' || held !== null) && attempt(change)) changes.push(change)
  }
  return { before, changes, after: rows }
}

/** Neighbours of one kind share an event when they may, as a statement's rows do. */
function eventsOf(changes: readonly MadeChange[], sizes: readonly number[], version: 1 | 2): RowsChange[] {
  const table = madeTable()
  const events: RowsChange[] = []
  for (let at = 0; at < changes.length; ) {
    const kind = changes[at]?.kind ?? 'write'
    let end = at + 1
    const most = sizes[events.length % Math.max(1, sizes.length)] ?? 1
    while (end < changes.length && end - at < most && changes[end]?.kind === kind) end += 1
    events.push(madeChange(kind, changes.slice(at, end), { table, version }))
    at = end
  }
  return events
}

async function merged(
  events: readonly RowsChange[],
  target = madeTarget(),
  shortens = false,
): Promise<readonly RowsChange[]> {
  const { changes } = await mergeChanges(events, catalogOf(target), shortens)
  return changes.filter((each) => each.kind === 'rows')
}

const row = (id: number, u: number | null = null, v = 'x'): MadeRow => ({ id, u, v })
const put = (after: MadeRow): MadeChange => ({ kind: 'write', before: null, after })
const take = (before: MadeRow): MadeChange => ({ kind: 'delete', before, after: null })
const change = (before: MadeRow, after: MadeRow): MadeChange => ({ kind: 'update', before, after })

async function mergedRows(...changes: readonly MadeChange[]): Promise<MadeChange[]> {
  return (await merged(eventsOf(changes, [1], 2))).flatMap(rowsOf)
}

describe('merged changes', () => {
  test('any history ends in the same rows and meets no duplicate on its way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRow, { maxLength: 8 }),
        attempts,
        fc.array(fc.integer({ min: 1, max: 4 })),
        fc.constantFrom<1 | 2>(1, 2),
        fc.boolean(),
        async (first, tried, sizes, version, shortens) => {
          const history = historyOf(first, tried)
          const events = await merged(eventsOf(history.changes, sizes, version), madeTarget(), shortens)
          let rows = history.before
          for (const each of events.flatMap(rowsOf)) rows = applyTo(rows, each)
          expect(sorted(rows)).toEqual(sorted(history.after))
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('no two rows of a merged event have one key, and no update of one changes a unique column', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { maxLength: 8 }), attempts, fc.boolean(), async (first, tried, shortens) => {
        const events = await merged(eventsOf(historyOf(first, tried).changes, [1], 2), madeTarget(), shortens)
        for (const event of events.filter(({ isMerged }) => isMerged === true)) {
          const rows = rowsOf(event)
          const keys = rows.map(({ before, after }) => (before ?? after)?.id)
          expect(new Set(keys).size).toBe(keys.length)
          for (const { kind, before, after } of rows)
            if (kind === 'update') expect([before?.id, before?.u]).toEqual([after?.id, after?.u])
        }
      }),
      { numRuns: 500 },
    )
  })

  test('the AUTO_INCREMENT counter moves as far as at the source', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { maxLength: 8 }), attempts, async (first, tried) => {
        const { before, changes } = historyOf(first, tried)
        const highest = (all: readonly MadeChange[]) =>
          Math.max(0, ...before.keys(), ...all.flatMap(({ after }) => (after === null ? [] : [after.id])))
        const written = await merged(eventsOf(changes, [1], 2))
        expect(highest(written.flatMap(rowsOf))).toBe(highest(changes))
      }),
      { numRuns: 500 },
    )
  })

  test('changes of one row become one', async () => {
    expect(await mergedRows(change(row(1), row(1, null, 'a')), change(row(1, null, 'a'), row(1, null, 'b')))).toEqual([
      change(row(1), row(1, null, 'b')),
    ])
    expect(await mergedRows(put(row(1)), change(row(1), row(1, 2, 'b')))).toEqual([put(row(1, 2, 'b'))])
    expect(await mergedRows(change(row(1), row(1, 2)), take(row(1, 2)))).toEqual([take(row(1))])
  })

  test('a row that is deleted and inserted again is an update where no other unique key is in the way', async () => {
    const single = madeTarget({ uniqueKeys: madeTarget().uniqueKeys.slice(0, 1) })
    const events = eventsOf([take(row(1, 1)), put(row(1, 2))], [1], 2)
    expect((await merged(events, single)).flatMap(rowsOf)).toEqual([change(row(1, 1), row(1, 2))])
  })

  test('a unique value that goes from one row to another is given up before it is taken', async () => {
    expect(
      await mergedRows(change(row(1, 5), row(1, 9)), change(row(2, 6), row(2, 5)), change(row(1, 9), row(1, 6))),
    ).toEqual([take(row(1, 5)), take(row(2, 6)), put(row(1, 6)), put(row(2, 5))])
  })

  test('images before a change may hold the columns of keys only, for a table with a primary key', async () => {
    const { uniqueKeys } = madeTarget()
    const prefix = uniqueKeys.map((key) => ({ ...key, hasPrefix: true }))
    const events = eventsOf([change(row(1, 7), row(1, 7, 'b')), take(row(2, null)), put(row(3, 8))], [1], 2)
    const presentOf = async (target: ReturnType<typeof madeTarget>) =>
      (await merged(events, target, true)).map(({ table, event }) => {
        const { kind, present, presentAfter, flags } = table.reader.open(event)
        return [kind, ...present, ...presentAfter, flags]
      })
    expect(await presentOf(madeTarget())).toEqual([
      ['delete', 0b011, 0b011, 1],
      ['update', 0b011, 0b111, 1],
      ['write', 0b111, 0b111, 1],
    ])
    const whole = [
      ['delete', 0b111, 0b111, 1],
      ['update', 0b111, 0b111, 1],
      ['write', 0b111, 0b111, 1],
    ]
    const others = [uniqueKeys.map((key) => ({ ...key, isPrimary: false })), prefix]
    for (const keys of others) expect(await presentOf(madeTarget({ uniqueKeys: keys }))).toEqual(whole)
    const shortened = (await merged(events, madeTarget(), true)).flatMap(rowsOf)
    expect(shortened.map(({ before }) => before)).toEqual([row(2, null, ''), row(1, 7, ''), null])
  })

  test('one event alone stays as it is', async () => {
    const events = eventsOf([put(row(1))], [1], 2)
    expect(await merged(events)).toEqual(events)
  })

  test('a new id of the same definition joins', async () => {
    const events = [
      madeChange('write', [put(row(1))]),
      madeChange('write', [put(row(2))], { table: madeTable(78) }),
      madeChange('write', [put(row(3))], { table: madeTable(79) }),
    ]
    const result = await merged(events)
    expect(result).toHaveLength(1)
    expect(result.flatMap(rowsOf)).toEqual([put(row(1)), put(row(2)), put(row(3))])
  })

  test.each([
    ['images that lack columns', madeTarget(), { present: 0b011 }],
    ['a table whose rows others refer to', madeTarget({ children: [{} as never] }), {}],
    ['a table that refers to others', madeTarget({ parents: [{} as never] }), {}],
    ['a table that keeps its history', madeTarget({ keepsHistory: true }), {}],
    ['a table whose engine knows no transactions', madeTarget({ isTransactional: false }), {}],
    ['a table without a key', madeTarget({ uniqueKeys: [] }), {}],
  ])('%s stays in the order in which its changes came', async (_name, target, options) => {
    const table = madeTable()
    const events = [
      madeChange('update', [], { ...options, table }),
      madeChange('delete', [], { ...options, table }),
      madeChange('update', [], { ...options, table }),
    ]
    expect(await merged(events, target)).toEqual(events)
  })

  test('changes of two servers are not mixed', async () => {
    const table = madeTable()
    const events = [1, 2, 2].map((serverId, place) => madeChange('write', [put(row(place))], { table, serverId }))
    const result = await merged(events)
    expect(result.map(({ event }) => event.header.serverId)).toEqual([1, 2])
  })

  test('changes that contradict each other stay as they came', async () => {
    const events = eventsOf([put(row(1)), put(row(1)), take(row(2))], [1], 2)
    expect(await merged(events)).toEqual(events)
  })

  test('every row that the source changed counts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { maxLength: 8 }), attempts, async (first, tried) => {
        const { changes } = historyOf(first, tried)
        const { rowCount } = await mergeChanges(eventsOf(changes, [2], 2), catalogOf(madeTarget()), false)
        expect(rowCount).toBe(changes.length)
      }),
      { numRuns: 200 },
    )
    const twice = eventsOf([put(row(1)), put(row(1)), take(row(2))], [1], 2)
    expect((await mergeChanges(twice, catalogOf(madeTarget()), false)).rowCount).toBe(3)
  })

  test('statements between rows stay between them', async () => {
    const events = eventsOf([put(row(1)), put(row(2)), put(row(3)), put(row(4))], [1], 2)
    const statement = { kind: 'statement', query: {} as never } as const
    const all = [...events.slice(0, 2), statement, ...events.slice(2)]
    const { changes } = await mergeChanges(all, catalogOf(madeTarget()), false)
    expect(changes.map(({ kind }) => kind)).toEqual(['rows', 'statement', 'rows'])
  })
})
