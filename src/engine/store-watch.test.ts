import { expect, onTestFinished, test } from 'vitest'
import { FakeClock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { watchStore } from './store-watch.ts'

const reason = 'write 1.blk: no space left on device'

async function watched(trouble: string | null) {
  const state = { trouble, freeBytes: 0, restarts: 0, told: [] as unknown[] }
  const log: Log = { debug() {}, info() {}, warn() {}, error: (facts) => state.told.push(facts), child: () => log }
  const clock = new FakeClock(0)
  const ending = new AbortController()
  const watching = watchStore(
    {
      ...{ storePath: '/nowhere', log, clock, trouble: async () => state.trouble, freeBytes: () => state.freeBytes },
      async restart() {
        state.restarts += 1
        state.trouble = null
      },
    },
    ending.signal,
  )
  onTestFinished(async () => {
    ending.abort(new Error('over'))
    await watching
  })
  // The first look is not over yet.
  await clock.advance(0)
  return { state, clock }
}

test('a server that cannot write is told once a minute, and restarted when there is room again', async () => {
  const { state, clock } = await watched(null)
  await clock.advance(10_000)
  expect(state.told).toEqual([])
  state.trouble = reason
  await clock.advance(30_000)
  expect([state.told, state.restarts]).toEqual([[{ reason, freeBytes: 0 }], 0])
  await clock.advance(60_000)
  expect(state.told).toHaveLength(2)
  state.freeBytes = 100_000_000
  await clock.advance(30_000)
  expect([state.told.length, state.restarts]).toEqual([2, 1])
})

test('a server that failed before its agent came is noticed, and one that can write is left alone', async () => {
  const { state, clock } = await watched(reason)
  state.freeBytes = 100_000_000
  await clock.advance(4_000)
  expect([state.told.length, state.restarts]).toEqual([1, 1])
  await clock.advance(600_000)
  expect([state.told.length, state.restarts]).toEqual([1, 1])
})

test('a server that fails again soon is restarted after longer and longer pauses', async () => {
  const { state, clock } = await watched(null)
  state.freeBytes = 100_000_000
  const restartedAtMs: number[] = []
  while (restartedAtMs.length < 4) {
    state.trouble = reason
    await clock.advance(2_000)
    if (state.restarts > restartedAtMs.length) restartedAtMs.push(clock.monotonicMs())
  }
  expect(restartedAtMs.map((atMs, n) => atMs - (restartedAtMs[n - 1] ?? atMs))).toEqual([0, 10_000, 20_000, 40_000])
})
