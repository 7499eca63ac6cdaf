import { expect, test } from 'vitest'
import { type BulkProgress, runForEach } from './bulk-run.ts'

const names = Array.from({ length: 50 }, (_, index) => `job-${index}`)

test('every job gets its turn once, a few at a time, and failures are told by name', async () => {
  const seen: string[] = []
  let running = 0
  let most = 0
  const told: BulkProgress[] = []
  const result = await runForEach(names, {
    act: async (name) => {
      seen.push(name)
      running += 1
      most = Math.max(most, running)
      await Promise.resolve()
      running -= 1
      if (name.endsWith('7')) throw new Error('no leader now')
    },
    onProgress: (progress) => told.push(progress),
    signal: new AbortController().signal,
  })
  expect(seen.toSorted()).toEqual(names.toSorted())
  expect(most).toBeLessThanOrEqual(6)
  expect(result).toMatchObject({ done: 45, total: 50 })
  expect(result.failed.map(({ name }) => name).toSorted()).toEqual(['job-17', 'job-27', 'job-37', 'job-47', 'job-7'])
  expect(result.failed[0]?.message).toBe('no leader now')
  expect(told).toHaveLength(50)
})

test('nothing more is begun after an abort', async () => {
  const stop = new AbortController()
  const result = await runForEach(names, {
    act: async () => stop.abort(),
    onProgress: () => {},
    signal: stop.signal,
  })
  expect(result.done).toBeLessThan(10)
  expect(result.total).toBe(50)
})
