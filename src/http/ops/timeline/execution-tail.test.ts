import { expect, test } from 'vitest'
import { sampleExecution, sampleNowMs } from '../../../../test/doubles/samples.ts'
import type { Execution } from '../../../model/execution.ts'
import { ExecutionTail, spanMs } from './execution-tail.ts'

const span = Math.floor(sampleNowMs / spanMs)

function tailOf(...executions: readonly Partial<Execution>[]): ExecutionTail {
  const tail = new ExecutionTail()
  for (const [index, execution] of executions.entries()) tail.note(sampleExecution({ id: `e${index}`, ...execution }))
  return tail
}

test('executions are counted where their fire was due, runs by hand where they were started', () => {
  const tail = tailOf(
    { outcome: 'succeeded', startedAt: sampleNowMs + 60_000 },
    { outcome: 'failed' },
    { outcome: 'unknown' },
    { outcome: 'missed' },
    { outcome: 'skipped' },
    { outcome: 'unplaced' },
    { outcome: 'succeeded', scheduledAt: null, startedAt: sampleNowMs + spanMs },
  )
  expect([tail.count('succeeded', span), tail.count('failed', span), tail.count('missed', span)]).toEqual([1, 2, 3])
  expect(tail.count('succeeded', span + 1)).toBe(1)
})

test('an execution that was given up as lost and turns up counts once, as what it came to', () => {
  const tail = tailOf({ outcome: 'lost' })
  expect(tail.count('failed', span)).toBe(1)
  tail.note(sampleExecution({ id: 'e0', outcome: 'succeeded' }))
  expect([tail.count('failed', span), tail.count('succeeded', span)]).toEqual([0, 1])
  expect(tail.failed()).toEqual([])
})

test('the last that failed and that were late are kept, without output and not very many', () => {
  const tail = new ExecutionTail()
  for (let number = 0; number < 1_000; number += 1)
    tail.note(sampleExecution({ id: `f${number}`, outcome: 'failed', reason: 'r'.repeat(9_000), output: 'long' }))
  expect(tail.failed()).toHaveLength(200)
  expect(tail.failed().at(-1)).toMatchObject({ id: 'f999', reason: 'r'.repeat(300) })
  expect(tail.failed().at(-1)).not.toHaveProperty('output')
  expect(tail.late()).toEqual([])
})

test.each([
  ['started some seconds after its time', { startedAt: sampleNowMs + 6_000 }, true],
  ['started at once', { startedAt: sampleNowMs + 900 }, false],
  ['too late to start', { outcome: 'missed' }, true],
  ['skipped', { outcome: 'skipped', startedAt: sampleNowMs + 60_000 }, false],
  ['tried again', { attempt: 2, startedAt: sampleNowMs + 60_000 }, false],
  ['by hand', { scheduledAt: null, startedAt: sampleNowMs + 60_000 }, false],
] as const)('an execution that was %s is late or not', (_what, change, isLate) => {
  expect(tailOf(change).late()).toHaveLength(isLate ? 1 : 0)
})

test('what is a day old makes room, and what is older still is not counted in its place', () => {
  const day = 86_400_000
  const tail = tailOf({ scheduledAt: sampleNowMs })
  tail.note(sampleExecution({ id: 'later', scheduledAt: sampleNowMs + day }))
  expect([tail.count('succeeded', span), tail.count('succeeded', span + day / spanMs)]).toEqual([0, 1])
  tail.note(sampleExecution({ id: 'old', scheduledAt: sampleNowMs }))
  expect([tail.count('succeeded', span), tail.count('succeeded', span + day / spanMs)]).toEqual([0, 1])
})
