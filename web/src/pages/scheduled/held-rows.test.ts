import { expect, test } from 'vitest'
import { heldRows } from './held-rows.ts'

test('rows that are held keep their order, show the newest, and stay when they are gone', () => {
  const held = [
    { name: 'a', count: 1 },
    { name: 'b', count: 1 },
    { name: 'c', count: 1 },
  ]
  const fresh = [
    { name: 'd', count: 9 },
    { name: 'c', count: 2 },
    { name: 'a', count: 3 },
  ]
  expect(heldRows(held, fresh)).toEqual([
    { name: 'a', count: 3 },
    { name: 'b', count: 1 },
    { name: 'c', count: 2 },
  ])
})
