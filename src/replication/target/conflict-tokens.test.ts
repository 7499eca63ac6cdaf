import { describe, expect, test } from 'vitest'
import { catalogOf, type MadeRow, madeChange, madeTarget } from '../../../test/target/made-rows.ts'
import { conflicts, GatheredTokens, type Tokens, tokensOf } from './conflict-tokens.ts'
import type { RowsChange } from './row-changes.ts'

const row = (id: number, u: number | null = null): MadeRow => ({ id, u, v: '' })
const put = (after: MadeRow) => madeChange('write', [{ kind: 'write', before: null, after }])
const take = (before: MadeRow) => madeChange('delete', [{ kind: 'delete', before, after: null }])
const change = (before: MadeRow, after: MadeRow, present = 0b111) =>
  madeChange('update', [{ kind: 'update', before, after }], { present })

async function meet(a: RowsChange, b: RowsChange, target = madeTarget()): Promise<boolean> {
  const catalog = catalogOf(target)
  return conflicts(await tokensOf([a], catalog), await tokensOf([b], catalog))
}

describe('groups of transactions', () => {
  test.each([
    ['different rows', put(row(1)), put(row(2)), false],
    ['the same row', put(row(1)), take(row(1)), true],
    ['a row and where another one moves', put(row(1)), change(row(2), row(1)), true],
    ['a row and where another one was', put(row(2)), change(row(2), row(1)), true],
    ['one unique value', put(row(1, 5)), take(row(2, 5)), true],
    ['a number that is a key in one and a unique value in the other', put(row(5, 1)), put(row(1, 5)), false],
    ['NULL in a unique key', put(row(1)), put(row(2)), false],
    ['negative numbers', put(row(-1)), put(row(-2)), false],
  ])('of %s', async (_name, a, b, expected) => {
    expect(await meet(a, b)).toBe(expected)
    expect(await meet(b, a)).toBe(expected)
  })

  test.each([
    ['has no key', madeTarget({ uniqueKeys: [] })],
    ['refers to others', madeTarget({ parents: [{ parentSchema: 's', parentTable: 'p' } as never] })],
    ['is of an engine without transactions', madeTarget({ isTransactional: false })],
  ])('of a table that %s touch all of it', async (_name, target) => {
    expect(await meet(put(row(1)), put(row(2)), target)).toBe(true)
  })

  test('an image that tells nothing of a key meets everything, unless the image before tells it', async () => {
    expect(await meet(change(row(1, 7), row(1, 7), 0b001), put(row(9)))).toBe(true)
    expect(await meet(change(row(1, 7), row(1, 7), 0b011), put(row(9)))).toBe(false)
  })

  test('of several parts touch what each of them touches, and leave the parts as they were', async () => {
    const catalog = catalogOf(madeTarget())
    const part = (id: number) => tokensOf([put(row(id))], catalog)
    const [first, second] = [await part(1), await part(2)]
    const gathered = new GatheredTokens()
    gathered.add(first)
    expect(conflicts(gathered, await part(2))).toBe(false)
    gathered.add(second)
    for (const id of [1, 2]) expect(conflicts(gathered, await part(id))).toBe(true)
    expect(conflicts(gathered, await part(3))).toBe(false)
    expect(conflicts(first, second)).toBe(false)
  })

  test('meet everything once they touch too much to remember, or a part does', async () => {
    const other = await tokensOf([put(row(-1))], catalogOf(madeTarget()))
    const many = (first: number): Tokens => {
      const keys = new Set(Array.from({ length: 150_000 }, (_none, index) => first + index))
      return { touched: new Map([['elsewhere', keys]]), isAlone: false }
    }
    const gathered = new GatheredTokens()
    gathered.add(many(0))
    expect(conflicts(gathered, other)).toBe(false)
    gathered.add(many(1_000_000))
    expect(conflicts(gathered, other)).toBe(true)
    const alone = new GatheredTokens()
    alone.add({ touched: new Map(), isAlone: true })
    expect(conflicts(alone, other)).toBe(true)
  })
})
