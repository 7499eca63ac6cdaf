import { expect, test } from 'vitest'
import { barPaths } from './bar-paths.ts'
import type { Outcome } from './wire.ts'

function runs(...outcomes: readonly (readonly [Outcome, number | null])[]) {
  return outcomes.map(([outcome, ms]) => ({ outcome, duration_ms: ms, started_at: null }))
}

test('nothing ran, nothing is drawn', () => {
  expect(barPaths([], 96, 22)).toEqual([])
})

test('there is one path for each tone, with a bar for each run, the newest at the right', () => {
  const paths = barPaths(runs(['succeeded', 10], ['failed', 20], ['succeeded', 0], ['missed', null]), 96, 20)
  expect(paths.map(({ tone }) => tone)).toEqual(['good', 'bad', 'warn'])
  expect(paths.map(({ d }) => d.split('M').length - 1)).toEqual([2, 1, 1])
  expect(paths[0]?.d).toBe('M64 20h6.5v-10h-6.5zM80 20h6.5v-2h-6.5z')
  expect(paths[1]?.d).toBe('M72 20h6.5v-20h-6.5z')
})
