import { expect, test } from 'vitest'
import { differenceOf, digestOfList, judgeRow, listRows, type RowList } from './row-lists.ts'

const listOf = (...rows: readonly [identity: string, hash: string][]): Promise<RowList> =>
  listRows(
    (async function* () {
      for (const [identity, hash] of rows) yield { identity, hash, key: [identity] }
    })(),
  )

const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string]

test.each([
  ['as it was before', a, a, b, 'equal'],
  ['as it is afterwards', a, b, b, 'equal'],
  ['otherwise while the source rested', a, b, a, 'different'],
  ['otherwise while the source changed it', a, b, c, 'moving'],
] as const)('a row that the target has %s', async (_name, before, target, after, verdict) => {
  const [first, found, last] = await Promise.all([listOf(['1', before]), listOf(['1', target]), listOf(['1', after])])
  expect(judgeRow({ before: first, target: found, after: last }, '1')).toBe(verdict)
})

test('a row that was inserted meanwhile and has not come yet is moving, one that was not is equal', async () => {
  const [none, one] = [await listOf(), await listOf(['1', a])]
  expect(judgeRow({ before: none, target: none, after: one }, '1')).toBe('equal')
  expect(judgeRow({ before: one, target: none, after: one }, '1')).toBe('different')
})

test('rows that are alike are counted, and their digest counts each of them', async () => {
  const [two, one] = [await listOf([a, a], [a, a]), await listOf([a, a])]
  expect(differenceOf(two, one, a)).toEqual(['missing', 1])
  expect(differenceOf(one, two, a)).toEqual(['extra', 1])
  expect(digestOfList(two)).toEqual({ rows: 2, sum: (BigInt(`0x${a.slice(0, 16)}`) * 2n) % (1n << 64n) })
})
