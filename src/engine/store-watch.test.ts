import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { tempDir } from '../../test/harness/temp-dir.ts'
import { FakeClock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { watchStore } from './store-watch.ts'

const failure = (pid: number) =>
  `[${pid}] 2026/01/02 03:04:05.000006 [ERR] JetStream failed to store a msg on stream '$G > KV_jobs': write 1.blk: no space left on device\n`

async function watched(before = '') {
  const folder = await tempDir('mr-store-')
  const logPath = join(folder.path, 'nats.log')
  await writeFile(logPath, before)
  const state = { pid: 7, freeBytes: 0, restarts: 0, told: [] as unknown[] }
  const log: Log = { debug() {}, info() {}, warn() {}, error: (facts) => state.told.push(facts), child: () => log }
  const clock = new FakeClock(0)
  const ending = new AbortController()
  const watching = watchStore(
    {
      ...{ logPath, storePath: folder.path, log, clock, pid: () => state.pid, freeBytes: () => state.freeBytes },
      async restart() {
        state.restarts += 1
        state.pid += 1
      },
    },
    ending.signal,
  )
  onTestFinished(async () => {
    ending.abort(new Error('over'))
    await watching
    await folder[Symbol.asyncDispose]()
  })
  return { state, clock, say: (text: string) => appendFile(logPath, text) }
}

test('a server that cannot write is told once a minute, and restarted when there is room again', async () => {
  const { state, clock, say } = await watched()
  await clock.advance(10_000)
  expect(state.told).toEqual([])
  await say(failure(7))
  await clock.advance(30_000)
  expect([state.told, state.restarts]).toEqual([[{ reason: 'write 1.blk: no space left on device', freeBytes: 0 }], 0])
  state.freeBytes = 100_000_000
  await clock.advance(30_000)
  expect([state.told.length, state.restarts]).toEqual([1, 1])
})

test('a server that failed before its agent came is noticed, another one that had its log is not', async () => {
  const { state, clock } = await watched(failure(6) + failure(7))
  await clock.advance(4_000)
  expect(state.told).toHaveLength(1)
  state.freeBytes = 100_000_000
  await clock.advance(4_000)
  expect(state.restarts).toBe(1)
  await clock.advance(60_000)
  expect(state.restarts).toBe(1)
})

test('a line that the full disk cut off counts, though nothing follows it', async () => {
  const { state, clock, say } = await watched()
  await say('[7] 2026/01/02 03:04:05.000006 [ERR] Filestore [S-R3F-x] Critical write error: write /data/msgs/1.')
  await clock.advance(6_000)
  expect(state.told).toEqual([{ reason: 'write /data/msgs/1.', freeBytes: 0 }])
  state.freeBytes = 100_000_000
  await clock.advance(6_000)
  expect(state.restarts).toBe(1)
})

test('a server that fails again soon is restarted after longer and longer pauses', async () => {
  const { state, clock, say } = await watched()
  state.freeBytes = 100_000_000
  const restartedAtMs: number[] = []
  while (restartedAtMs.length < 4) {
    await say(failure(state.pid))
    await clock.advance(2_000)
    if (state.restarts > restartedAtMs.length) restartedAtMs.push(clock.monotonicMs())
  }
  expect(restartedAtMs.map((atMs, n) => atMs - (restartedAtMs[n - 1] ?? atMs))).toEqual([0, 10_000, 20_000, 40_000])
})

test.each([
  ['another process', failure(8)],
  ['nothing wrong', '[7] 2026/01/02 03:04:05.000006 [INF] Server is ready\n'],
])('lines about %s change nothing', async (_what, line) => {
  const { state, clock, say } = await watched()
  state.freeBytes = 100_000_000
  await say(line)
  await clock.advance(10_000)
  expect([state.told, state.restarts]).toEqual([[], 0])
})
