import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { TaskNews } from './copy-messages.ts'
import { CopyWatch } from './copy-watch.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

const report = {
  ...{ description: 'applies changes', rowsPerSecond: 1, bytesPerSecond: 2, transactionsPerSecond: 3 },
  ...{ transactionsTotal: 4, lagMs: 20, etaMs: null, position: 'p', ddlTotal: 0 },
}
const target: TaskNews = {
  ...{ at: 1_000_000, stage: 'incremental', problem: null, report, tables: [] },
  copied: { rowsDone: 1, rowsTotal: 1, bytesDone: 1, bytesTotal: 1 },
}
const news = (more: Partial<TaskNews>) => ({ kind: 'news', source: null, target: { ...target, ...more } }) as const

test('the target has caught up only when a sign of the source from after the call has come', async () => {
  const watch = new CopyWatch()
  watch.take(news({}))
  let isThere = false
  const caughtUp = watch.caughtUp(new AbortController().signal).then(() => {
    isThere = true
  })
  for (const late of [
    news({ at: 1_003_000 }),
    news({ at: 1_010_000, stage: 'full' }),
    news({ at: 1_010_000, report: { ...report, lagMs: 9_000 } }),
    news({ at: 1_010_000, report: { ...report, lagMs: null } }),
    news({ at: 1_010_000, problem: { code: 'X', message: 'm', remedy: 'retry' } }),
  ]) {
    watch.take(late)
    await Promise.resolve()
    expect(isThere).toBe(false)
  }
  watch.take(news({ at: 1_004_000 }))
  await caughtUp
  expect(isThere).toBe(true)
})

test('a target that tells up to when it has everything is not waited for any longer', async () => {
  const watch = new CopyWatch()
  const caughtUp = watch.caughtUp(new AbortController().signal)
  let isThere = false
  void caughtUp.then(() => {
    isThere = true
  })
  watch.take(news({ at: 1_009_000, report: { ...report, appliedUpTo: 1_000_400 } }))
  await Promise.resolve()
  expect(isThere).toBe(false)
  watch.take(news({ at: 1_000_700, report: { ...report, appliedUpTo: 1_000_600 } }))
  await caughtUp
})

test('who waits stops waiting when told', async () => {
  const ending = new AbortController()
  const waiting = new CopyWatch().caughtUp(ending.signal)
  ending.abort(new Error('over'))
  await expect(waiting).rejects.toThrow('over')
})

test('what passes by itself hinders, what does not is a failure once it has lasted', async () => {
  const watch = new CopyWatch()
  watch.take(news({ problem: { code: 'MYSQL_UNREACHABLE', message: 'db2 is away', remedy: 'retry' } }))
  expect(watch.progress()).toMatchObject({ stage: 'incremental', hindrance: 'db2 is away', lagMs: 20 })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(watch.failure()).toBeNull()
  watch.take(
    news({
      problem: { code: 'MYSQL_MISSING_PRIVILEGE', message: 'drop it, or set DropTableIfExists', remedy: 'operator' },
    }),
  )
  expect(watch.failure()).toBeNull()
  await vi.advanceTimersByTimeAsync(4_000)
  expect(watch.failure()).toMatchObject({ code: 'COPY_FAILED', message: 'drop it, or give --drop-if-exists' })
  watch.take(news({}))
  expect(watch.failure()).toBeNull()
})
