import { expect, test } from 'vitest'
import type { StartOrder } from '../../model/execution.ts'
import { decideRecovery } from './decide-recovery.ts'
import { decideStart } from './decide-start.ts'
import { acceptedOrder } from './execution-record.ts'

const order: StartOrder = {
  jobName: 'j',
  group: '1000000000',
  attempt: 1,
  scheduledAt: 1_000,
  command: 'true',
  isShell: true,
  runAsUser: null,
  concurrency: 'allow',
  timeLimitMs: null,
  startBeforeAt: 61_000,
}
const due = { order, nowMs: 1_000, isKnown: false, isJobActive: false }
const forbid = { ...order, concurrency: 'forbid' } as const

test.each([
  ['in time', {}, 'start'],
  ['the last millisecond', { nowMs: 61_000 }, 'start'],
  ['one millisecond late', { nowMs: 61_001 }, 'missed'],
  ['never too late', { nowMs: 9e12, order: { ...order, startBeforeAt: null } }, 'start'],
  ['known already', { isKnown: true }, 'ignore'],
  ['known and late is still known', { isKnown: true, nowMs: 70_000 }, 'ignore'],
  ['another one runs, allowed', { isJobActive: true }, 'start'],
  ['another one runs, forbidden', { isJobActive: true, order: forbid }, 'skipped'],
  ['none runs, forbidden to overlap', { order: forbid }, 'start'],
] as const)('an order %s', (_name, change, expected) => {
  const decision = decideStart({ ...due, ...change })
  expect(decision.kind === 'refuse' ? decision.outcome : decision.kind).toBe(expected)
})

const accepted = acceptedOrder(order, 'n1', 1_000)
const spawn = { key: accepted.key, pid: 5, startTicks: '1', startedAt: 1_000, pipeName: '1' }
const refusal = { outcome: 'missed', reason: 'late' } as const

test.each([
  ['never noted as starting', {}, {}, 'start'],
  ['noted as starting, no process', { isStarting: true }, {}, 'unknown'],
  ['spawned and gone', { isStarting: true, spawn }, {}, 'unknown'],
  ['spawned and there', { isStarting: true, spawn }, { isRunning: true }, 'adopt'],
  ['never noted as starting, but the machine restarted', {}, { isSameBoot: false }, 'unknown'],
  ['a pid of before the restart', { spawn }, { isSameBoot: false, isRunning: true }, 'unknown'],
  ['refused before', { refusal }, { isSameBoot: false }, 'refuse'],
  ['never started, and no other fire may overlap it', { order: forbid }, { nowMs: 3_000 }, 'start'],
  ['never started, whose place another fire may have taken', { order: forbid }, { nowMs: 9_000 }, 'refuse'],
  ['never started long ago', {}, { nowMs: 9_000 }, 'start'],
] as const)('an order that an earlier runner left: %s', (_name, change, facts, kind) => {
  const recovery = { accepted: { ...accepted, ...change }, isSameBoot: true, isRunning: false, nowMs: 1_500, ...facts }
  expect(decideRecovery(recovery).kind).toBe(kind)
})
