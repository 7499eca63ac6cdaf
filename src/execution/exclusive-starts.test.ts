import { beforeEach, expect, test } from 'vitest'
import { FakeClock } from '../core/clock.ts'
import { UnavailableError } from '../core/errors.ts'
import type { Execution, StartOrder } from '../model/execution.ts'
import { ExclusiveStarts } from './exclusive-starts.ts'

const order: StartOrder = {
  ...{ jobName: 'job', group: '1', attempt: 1, scheduledAt: 1_000, command: 'true', isShell: true, runAsUser: null },
  ...{ concurrency: 'forbid', timeLimitMs: null, startBeforeAt: null },
}

let clock: FakeClock
let recorded: Execution[]
let successors: Map<string, string>
let states: Map<string, 'active' | 'ended'>
let claimed: string[]
/** How long each claim takes. */
let claimMs: number
let afterClaim: () => void
let starts: ExclusiveStarts

beforeEach(() => {
  clock = new FakeClock(5_000)
  recorded = []
  successors = new Map()
  states = new Map()
  claimed = []
  claimMs = 0
  afterClaim = () => {}
  starts = new ExclusiveStarts({
    nodeName: 'a',
    turns: {
      async claim(_jobName, id) {
        claimed.push(id)
        const successor = successors.get(id) ?? null
        await clock.advance(claimMs)
        afterClaim()
        return successor
      },
    },
    sink: { append: async (execution) => void recorded.push(execution) },
    statesOf: async (keys) => keys.map((key) => states.get(key) ?? 'unknown'),
    onFinished: () => {},
    clock,
  })
})

test('a node that comes back skips the order whose place a later fire has taken, and says so', async () => {
  successors.set('1-1-a', 'the fire of 2')
  const later = { ...order, group: '3' }
  expect(await starts.admit([order, later])).toEqual([later])
  const reason = 'not started: the order reached node "a" after the fire of 2 had taken its place'
  expect(recorded).toMatchObject([{ id: '1-1-a', nodeName: 'a', outcome: 'skipped', reason, finishedAt: 5_000 }])
})

test('an order that the runner has taken is never called skipped', async () => {
  successors.set('1-1-a', 'the fire of 2')
  states.set('job/1-1-a', 'active')
  expect(await starts.admit([order])).toEqual([])
  expect([claimed, recorded]).toEqual([[], []])
})

test('a node that stood still while it claimed asks again', async () => {
  claimMs = 5_000
  afterClaim = () => {
    successors.set('1-1-a', 'the fire of 2')
    claimMs = 0
  }
  expect(await starts.admit([order])).toEqual([])
  expect(claimed).toEqual(['1-1-a', '1-1-a'])
  expect(recorded).toMatchObject([{ outcome: 'skipped' }])
})

test('where every claim takes too long the orders come again', async () => {
  claimMs = 3_000
  await expect(starts.admit([order])).rejects.toBeInstanceOf(UnavailableError)
  expect(recorded).toEqual([])
})
