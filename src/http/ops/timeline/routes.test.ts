import { expect, test } from 'vitest'
import { sampleExecution, sampleNowMs } from '../../../../test/doubles/samples.ts'
import { FakeClock } from '../../../core/clock.ts'
import { silentLog } from '../../../core/log.ts'
import { createApi } from '../../shared/create-api.ts'
import { ExecutionTail, spanMs } from './execution-tail.ts'
import { registerTimeline, type TimelineDomain } from './routes.ts'

const minute = 60_000
const startMs = Math.floor(sampleNowMs / minute) * minute

function makeApp(change: Partial<TimelineDomain> = {}) {
  const clock = new FakeClock(startMs)
  const tail = new ExecutionTail()
  const state = { dueAsked: 0 }
  const app = createApi({ nodeName: 'n1', guard: { boundAddress: '127.0.0.1', names: [] }, log: silentLog })
  registerTimeline(app, {
    tail,
    knownFromMs: () => startMs - 5 * minute,
    running: async () => [],
    async countDue({ stepMs }) {
      state.dueAsked += 1
      return { bySpan: new Map([[(startMs + minute) / stepMs, 7]]), isComplete: true }
    },
    clock,
    ...change,
  })
  const text = (atMs: number) => new Date(atMs).toISOString()
  const ask = async (query: string) => {
    const response = await app.inject(`/ops/timeline?${query}`)
    return { status: response.statusCode, json: response.json() }
  }
  const around = (halfMs: number, buckets: number) =>
    ask(`from=${text(startMs - halfMs)}&to=${text(startMs + halfMs)}&buckets=${buckets}`)
  return { ask, around, tail, clock, state }
}

test('fires behind us are told by what became of them, those to come by when, each in its bucket', async () => {
  const running = [{ ...sampleExecution(), scheduledAt: startMs - 1_000 }]
  const { around, tail } = makeApp({ running: async () => running })
  const at = (scheduledAt: number) => ({ scheduledAt, startedAt: scheduledAt + 3 })
  tail.note(sampleExecution({ id: 'a', ...at(startMs - 2 * minute) }))
  tail.note(sampleExecution({ id: 'b', ...at(startMs - minute), outcome: 'failed', reason: 'exit status 3' }))
  tail.note(sampleExecution({ id: 'c', ...at(startMs - minute), outcome: 'missed' }))
  tail.note(sampleExecution({ id: 'd', ...at(startMs - 20 * minute), outcome: 'failed' }))
  const { json } = await around(2 * minute, 4)
  const none = { succeeded: 0, failed: 0, missed: 0, running: 0, due: 0 }
  expect(json.buckets.map(({ at: _at, ...counts }: { at: string }) => counts)).toEqual([
    { ...none, succeeded: 1 },
    { ...none, failed: 1, missed: 1, running: 1 },
    none,
    { ...none, due: 7 },
  ])
  expect(json.buckets[1].at).toBe(new Date(startMs - minute).toISOString())
  expect(json.failed).toMatchObject([{ id: 'b', reason: 'exit status 3' }])
  expect(json.late).toMatchObject([{ id: 'c', outcome: 'missed' }])
  expect(json).toMatchObject({ is_complete: true, known_from: new Date(startMs - 5 * minute).toISOString() })
})

test('all who ask for the same stretch within two seconds share the work', async () => {
  const { around, clock, state } = makeApp()
  await Promise.all([around(minute, 4), around(minute, 4), around(minute, 8)])
  expect(state.dueAsked).toBe(1)
  await clock.advance(2_100)
  await around(minute, 4)
  expect(state.dueAsked).toBe(2)
})

test('without anything it is the half hour before and after now', async () => {
  const { json } = await makeApp().ask('')
  expect(json).toMatchObject({
    from: new Date(startMs - 30 * minute).toISOString(),
    to: new Date(startMs + 30 * minute).toISOString(),
  })
  expect(json.buckets).toHaveLength(60)
})

test.each([
  ['from=yesterday', 'from'],
  ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'to'],
  ['from=2026-01-01T00:00:00Z&to=2026-01-04T00:00:00Z', 'to'],
  ['buckets=0', 'buckets'],
  [`from=2026-01-01T00:00:00Z&to=2026-01-01T00:01:00Z&buckets=${60_000 / spanMs + 1}`, 'buckets'],
])('%s is refused', async (query, field) => {
  const { status, json } = await makeApp().ask(query)
  expect(status).toBe(422)
  expect(json.errors).toMatchObject([{ field }])
})
