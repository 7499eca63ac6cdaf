import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '../api/api-error.ts'
import { type Loaded, Loader } from './loader.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

function loading(everyMs = 500) {
  const requests: {
    path: string
    signal: AbortSignal
    answer: (data: string) => void
    fail: (error: unknown) => void
  }[] = []
  const shown: Loaded<string>[] = []
  const loader = new Loader<string>(
    (path, signal) => new Promise((answer, fail) => requests.push({ path, signal, answer, fail })),
    (loaded) => shown.push(loaded),
    everyMs,
  )
  return { loader, requests, last: () => shown.at(-1) }
}

const settle = () => vi.advanceTimersByTimeAsync(0)

test('what was loaded stays while it is loaded again, and when that fails', async () => {
  const { loader, requests, last } = loading()
  loader.open('/a')
  requests[0]?.answer('old')
  await settle()
  expect(last()).toEqual({ data: 'old', error: null, isLoading: false })
  loader.ask()
  await vi.advanceTimersByTimeAsync(500)
  expect(last()).toEqual({ data: 'old', error: null, isLoading: true })
  requests[1]?.fail(new ApiError(503, 'UNAVAILABLE', 'no leader'))
  await settle()
  expect(last()).toMatchObject({ data: 'old', error: { code: 'UNAVAILABLE' }, isLoading: false })
})

test('a hundred events in a second make it load three times, not a hundred', async () => {
  const { loader, requests } = loading()
  loader.open('/a')
  for (let event = 0; event < 100; event++) {
    requests.at(-1)?.answer('x')
    await vi.advanceTimersByTimeAsync(10)
    loader.ask()
  }
  expect(requests.length).toBeLessThanOrEqual(3)
})

test('events during a request neither end it nor are forgotten', async () => {
  const { loader, requests, last } = loading()
  loader.open('/a')
  loader.ask()
  await vi.advanceTimersByTimeAsync(2_000)
  expect([requests.length, requests[0]?.signal.aborted]).toEqual([1, false])
  requests[0]?.answer('first')
  await vi.advanceTimersByTimeAsync(500)
  expect(requests).toHaveLength(2)
  requests[1]?.answer('second')
  await settle()
  expect(last()?.data).toBe('second')
})

test('the answer for a path that is not wanted any more is not shown', async () => {
  const { loader, requests, last } = loading()
  loader.open('/a')
  loader.open('/b')
  expect(requests[0]?.signal.aborted).toBe(true)
  requests[1]?.answer('of b')
  requests[0]?.answer('of a')
  await settle()
  expect(last()).toEqual({ data: 'of b', error: null, isLoading: false })
})

test('after its end it asks for nothing', async () => {
  const { loader, requests } = loading()
  loader.open('/a')
  loader.stop()
  loader.ask()
  await vi.advanceTimersByTimeAsync(5_000)
  expect([requests.length, requests[0]?.signal.aborted]).toEqual([1, true])
})
