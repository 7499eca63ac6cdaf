import { expect, test } from 'vitest'
import { sortedInSlices } from './sorted-in-slices.ts'
import { TimeSlice } from './time-slice.ts'

test.each([0, 1, 2_000, 2_001, 9_999])(
  '%i items are in the order that a plain sort gives, equal ones too',
  async (count) => {
    const items = Array.from({ length: count }, (_, index) => ({ key: (index * 7_919) % 1_009, index }))
    const compare = (a: { key: number }, b: { key: number }) => a.key - b.key
    expect(await sortedInSlices(items, compare, new TimeSlice())).toEqual(items.toSorted(compare))
    expect(items.every(({ index }, place) => index === place)).toBe(true)
  },
)

test('others have their turn while it sorts', async () => {
  const items = Array.from({ length: 10_000 }, (_, index) => -index)
  let turns = 0
  const counting = setInterval(() => (turns += 1), 0)
  await sortedInSlices(items, (a, b) => a - b, new TimeSlice(0))
  clearInterval(counting)
  expect(turns).toBeGreaterThan(0)
})
