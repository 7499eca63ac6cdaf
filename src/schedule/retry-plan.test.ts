import { describe, expect, test } from 'vitest'
import { sampleExecution, sampleJob, sampleNowMs } from '../../test/doubles/samples.ts'
import type { Outcome } from '../model/execution.ts'
import { decideRetry, type PendingRetry, planRetry, retryDelayMs } from './retry-plan.ts'
import { groupOf } from './start-order.ts'

const now = sampleNowMs + 10_000
const job = sampleJob({ retries: 3, retryDelayMs: 2_000, lateLimitMs: 60_000 })

const pendingOf = (change: Partial<PendingRetry> = {}): PendingRetry => ({
  jobName: 'job',
  group: groupOf(sampleNowMs),
  attempt: 1,
  nodeName: 'a',
  scheduledAt: sampleNowMs,
  outcome: 'failed',
  dueAt: now,
  ...change,
})

describe('what is tried again', () => {
  test.each<[Outcome, boolean]>([
    ['failed', true],
    ['unknown', true],
    ['lost', true],
    ['succeeded', false],
    ['missed', false],
    ['skipped', false],
    ['unplaced', false],
  ])('an execution that is %s: %s', (outcome, isPlanned) => {
    expect(planRetry(sampleExecution({ outcome }), job, now) !== null).toBe(isPlanned)
  })

  test.each([
    ['was stopped by request', { reason: 'stopped by request' }, job],
    ['has had its last attempt', { attempt: 4 }, job],
    ['is of a deleted job', {}, null],
    ['is of a disabled job', {}, { ...job, isDisabled: true }],
    ['is of an earlier job of that name', {}, { ...job, createdAt: sampleNowMs + 1 }],
  ])('nothing that %s', (_what, change, of) => {
    expect(planRetry(sampleExecution({ outcome: 'failed', ...change }), of, now)).toBeNull()
  })

  test('the delay counts from the end and doubles up to an hour', () => {
    const failed = sampleExecution({ outcome: 'failed', finishedAt: sampleNowMs + 1_000 })
    expect(planRetry(failed, job, now)?.dueAt).toBe(sampleNowMs + 3_000)
    expect(planRetry({ ...failed, attempt: 3 }, job, now)?.dueAt).toBe(sampleNowMs + 9_000)
    expect(planRetry({ ...failed, finishedAt: now + 99_000 }, job, now)?.dueAt).toBe(now + 2_000)
    expect(retryDelayMs(job, 100)).toBe(3_600_000)
  })
})

describe('where', () => {
  const decide = (change: Partial<PendingRetry>, candidates: readonly string[], used: readonly string[] = ['a']) =>
    decideRetry({ pending: pendingOf(change), job, nowMs: now, candidates, usedNodes: new Set(used) })

  test.each<[string, Partial<PendingRetry>, readonly string[], readonly string[], string]>([
    ['the same node for what failed', {}, ['b', 'a'], ['a'], 'a'],
    ['the same node for what is unknown', { outcome: 'unknown' }, ['b', 'a'], ['a'], 'a'],
    ['another node when its own is gone', { outcome: 'unknown' }, ['b'], ['a'], 'b'],
    ['another node for what is lost', { outcome: 'lost' }, ['a', 'b'], ['a'], 'b'],
    ['a node that has nothing of this fire', { outcome: 'lost' }, ['b', 'c'], ['a', 'b'], 'c'],
    ['its own when it is back and there is no other', { outcome: 'lost' }, ['a', 'b'], ['a', 'b'], 'a'],
  ])('%s', (_what, change, candidates, used, nodeName) => {
    expect(decide(change, candidates, used)).toEqual({ kind: 'start', nodeName })
  })

  test('it waits until it is due, and for a node as long as the job may be late', () => {
    expect(decide({ dueAt: now + 1 }, ['a'])).toEqual({ kind: 'wait' })
    expect(decide({ outcome: 'lost' }, [])).toEqual({ kind: 'wait' })
    expect(decide({ outcome: 'lost', dueAt: now - 60_000 }, [])).toMatchObject({
      kind: 'give-up',
      reason: 'not tried again: node "a" is gone, and no other node can take it',
    })
  })

  test('a job that was disabled or has fewer retries now drops it', () => {
    const facts = { pending: pendingOf({ attempt: 2 }), nowMs: now, candidates: ['a'], usedNodes: new Set<string>() }
    expect(decideRetry({ ...facts, job: { ...job, retries: 1 } })).toEqual({ kind: 'drop' })
    expect(decideRetry({ ...facts, job: { ...job, isDisabled: true } })).toEqual({ kind: 'drop' })
    expect(decideRetry({ ...facts, job: null })).toEqual({ kind: 'drop' })
  })
})
