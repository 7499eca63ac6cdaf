import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rankedPage, unranked } from './ranked-page.ts'

test('a page is what a stable sort of everything has in its place', () => {
  const rank = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(unranked))
  fc.assert(
    fc.property(
      fc.array(rank, { maxLength: 60 }),
      fc.nat(70),
      fc.integer({ min: 1, max: 20 }),
      (ranks, offset, limit) => {
        const indexes = ranks.map((_, index) => index)
        // Infinity minus itself is no number.
        const order = (a: number, b: number) =>
          ranks[a] === ranks[b] ? a - b : (ranks[a] ?? 0) < (ranks[b] ?? 0) ? -1 : 1
        const expected = indexes.sort(order).slice(offset, offset + limit)
        expect(rankedPage(Float64Array.from(ranks), offset, limit)).toEqual(expected)
      },
    ),
  )
})
