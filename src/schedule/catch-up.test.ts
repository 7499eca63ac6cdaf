import { expect, test } from 'vitest'
import { sampleJob, sampleNowMs } from '../../test/doubles/samples.ts'
import { type OverdueFacts, planOverdue } from './catch-up.ts'
import { FireTimes } from './fire-times.ts'

const nowMs = sampleNowMs + 600_000
const everyTen = new FireTimes(sampleJob({ schedule: '*/10 * * * * *' }), 'UTC')
const facts: OverdueFacts = {
  times: everyTen,
  handledThroughMs: nowMs - 100_000,
  nowMs,
  catchup: 'all',
  lateLimitMs: 60_000,
}
// Now is 03:14:05, so the last fire was 5 s ago.
const ago = (seconds: number) => nowMs - seconds * 1_000

test.each<[string, Partial<OverdueFacts>, ReturnType<typeof planOverdue>]>([
  ['nothing is overdue', { handledThroughMs: ago(5) }, { missed: [], resumeAt: ago(-5) }],
  ['all: what is within the limit is made up', { handledThroughMs: ago(35) }, { missed: [], resumeAt: ago(25) }],
  [
    'all: what is beyond the limit is missed, the rest made up',
    {},
    { missed: [{ afterMs: ago(100), throughMs: ago(60) - 1, cause: 'too-late' }], resumeAt: ago(55) },
  ],
  [
    'all: a fire exactly as late as allowed is made up',
    { lateLimitMs: 55_000 },
    { missed: [{ afterMs: ago(100), throughMs: ago(55) - 1, cause: 'too-late' }], resumeAt: ago(55) },
  ],
  [
    'all: one millisecond later it is missed',
    { lateLimitMs: 54_999 },
    { missed: [{ afterMs: ago(100), throughMs: ago(55), cause: 'too-late' }], resumeAt: ago(45) },
  ],
  [
    'last: only the newest is made up',
    { catchup: 'last' },
    { missed: [{ afterMs: ago(100), throughMs: ago(5) - 1, cause: 'newer-one-made-up' }], resumeAt: ago(5) },
  ],
  ['last: a single one is made up', { catchup: 'last', handledThroughMs: ago(15) }, { missed: [], resumeAt: ago(5) }],
  [
    'last: the newest is missed too when it is too late',
    { catchup: 'last', lateLimitMs: 4_000 },
    { missed: [{ afterMs: ago(100), throughMs: nowMs, cause: 'too-late' }], resumeAt: ago(-5) },
  ],
  [
    'none: all are missed',
    { catchup: 'none' },
    { missed: [{ afterMs: ago(100), throughMs: ago(2) - 1, cause: 'no-catchup' }], resumeAt: ago(-5) },
  ],
  [
    'none: what is not late yet is started',
    { catchup: 'none', nowMs: ago(4) },
    { missed: [{ afterMs: ago(100), throughMs: ago(6) - 1, cause: 'no-catchup' }], resumeAt: ago(5) },
  ],
])('%s', (_name, change, plan) => {
  expect(planOverdue({ ...facts, ...change })).toEqual(plan)
})

test('a job whose only fire was missed has no next one', () => {
  const times = new FireTimes(sampleJob({ schedule: '@at 2026-01-02T03:10:00Z' }), 'UTC')
  expect(planOverdue({ ...facts, times, handledThroughMs: sampleNowMs })).toEqual({
    missed: [{ afterMs: sampleNowMs, throughMs: ago(60) - 1, cause: 'too-late' }],
    resumeAt: null,
  })
})
