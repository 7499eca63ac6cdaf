import { beforeEach, expect, test } from 'vitest'
import { sampleExecution, sampleJob, sampleMember, sampleNowMs } from '../../test/doubles/samples.ts'
import { FakeClock } from '../core/clock.ts'
import { UnavailableError } from '../core/errors.ts'
import type { Member } from '../model/member.ts'
import { OpenExecutions } from './open-executions.ts'
import { OverlapGate } from './overlap-gate.ts'
import type { ExecutionState } from './ports.ts'
import { groupOf, scheduledOrder } from './start-order.ts'

const now = sampleNowMs
const next = groupOf(now + 1_000)
const id = `${groupOf(now)}-1-a`

let clock: FakeClock
let open: OpenExecutions | null
let members: Member[]
let states: Readonly<Record<string, ExecutionState | null>>
let asked: string[]
let withdrawn: string[][]
let gate: OverlapGate

beforeEach(() => {
  clock = new FakeClock(now)
  open = new OpenExecutions()
  members = [sampleMember('a'), sampleMember('b')]
  states = {}
  asked = []
  withdrawn = []
  const nodes = {
    async statesOf(nodeName: string, keys: readonly string[]) {
      asked.push(nodeName)
      const state = states[nodeName]
      if (state === undefined || state === null) throw new UnavailableError('no answer')
      return keys.map(() => state)
    },
  }
  const turns = {
    async withdraw(jobName: string, ids: readonly string[], successor: string) {
      withdrawn.push([jobName, ...ids, successor])
    },
  }
  gate = new OverlapGate({ open: () => open, confirm: async () => {}, members: () => members, nodes, turns, clock })
})

const order = (...nodeNames: readonly string[]) =>
  open?.read(1, [{ nodeNames, order: scheduledOrder(sampleJob({ concurrency: 'forbid' }), now) }], now)

test('a job with nothing open is free, and nobody is asked', async () => {
  expect(gate.isFree('job')).toBe(true)
  expect(await gate.findObstacle('job', next)).toBeNull()
  expect(asked).toEqual([])
})

test.each<[string, ExecutionState | null, string | null]>([
  ['runs it', 'active', `not started: the earlier execution ${id} still runs on node "a"`],
  ['says it is over', 'ended', null],
  ['has not got it yet', 'unknown', `not started: the earlier execution ${id} is still on its way to node "a"`],
  ['does not answer', null, `not started: node "a" does not answer whether the earlier execution ${id} still runs`],
])('a node that %s', async (_what, state, reason) => {
  order('a')
  states = { a: state }
  expect(gate.isFree('job')).toBe(false)
  expect(await gate.findObstacle('job', next)).toBe(reason)
})

test('an order that may not start any more is in nobody’s way', async () => {
  order('a')
  states = { a: 'unknown' }
  await clock.advance(62_001)
  expect(await gate.findObstacle('job', next)).toBeNull()
  expect(withdrawn).toHaveLength(1)
})

test('the order of a dead node is withdrawn before a later fire goes past it, and once is enough', async () => {
  order('a', 'b')
  states = { b: 'ended' }
  members = [sampleMember('a', { status: 'failed' }), sampleMember('b')]
  expect(await gate.findObstacle('job', next)).toBeNull()
  expect(withdrawn).toEqual([['job', id, `the fire of ${new Date(now + 1_000).toISOString()}`]])
  expect(await gate.findObstacle('job', groupOf(now + 2_000))).toBeNull()
  expect(withdrawn).toHaveLength(1)
})

test('while something is in the way nothing is withdrawn', async () => {
  order('a', 'b')
  states = { b: 'active' }
  members = [sampleMember('a', { status: 'failed' }), sampleMember('b')]
  expect(await gate.findObstacle('job', next)).toContain('still runs on node "b"')
  expect(withdrawn).toEqual([])
})

test('nothing is started while the order of a dead node cannot be withdrawn', async () => {
  order('a')
  members = [sampleMember('a', { status: 'failed' })]
  const turns = { withdraw: () => Promise.reject(new UnavailableError('no answer')) }
  const nodes = { statesOf: async () => [] }
  gate = new OverlapGate({ open: () => open, confirm: async () => {}, members: () => members, nodes, turns, clock })
  await expect(gate.findObstacle('job', next)).rejects.toBeInstanceOf(UnavailableError)
})

test('neither a node that failed is in the way nor another execution of the same fire', async () => {
  order('a', 'b')
  states = { a: 'active', b: 'active' }
  expect(await gate.findObstacle('job', groupOf(now))).toBeNull()
  members = [sampleMember('a', { status: 'failed' })]
  expect(await gate.findObstacle('job', next)).toBeNull()
  expect(asked).toEqual([])
})

test('an execution that was given up and still runs on a node that came back is in the way', async () => {
  order('a')
  open?.close(sampleExecution({ id, group: groupOf(now), nodeName: 'a', outcome: 'lost' }))
  states = { a: 'active' }
  expect(await gate.findObstacle('job', next)).toContain('still runs')
})

test('while it is not known what runs nothing is decided', async () => {
  open = null
  expect(gate.isFree('job')).toBe(false)
  const deciding = gate.findObstacle('job', next)
  deciding.catch(() => {})
  await clock.advance(6_000)
  await expect(deciding).rejects.toBeInstanceOf(UnavailableError)
})

test('decisions about one job go one after another, also after one that failed', async () => {
  const steps: string[] = []
  const first = gate.inTurn('job', async () => {
    await new Promise((resolve) => setImmediate(resolve))
    steps.push('first')
    throw new Error('failed')
  })
  const second = gate.inTurn('job', async () => steps.push('second'))
  const other = gate.inTurn('other', async () => steps.push('other'))
  expect(gate.isFree('job')).toBe(false)
  await Promise.allSettled([first, second, other])
  expect(steps).toEqual(['other', 'first', 'second'])
  expect(gate.isFree('job')).toBe(true)
})
