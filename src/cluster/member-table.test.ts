import { beforeEach, expect, test } from 'vitest'
import type { Member, MemberStatus } from '../model/member.ts'
import { MemberTable, wallOf } from './member-table.ts'

const failAfterMs = 4_000
const beatEveryMs = 1_000

let table: MemberTable

beforeEach(() => {
  table = new MemberTable({ failAfterMs, beatEveryMs, nowMs: 0 })
})

const member = (status: MemberStatus = 'alive'): Member => ({
  ...{ nodeId: 'b', nodeName: 'node-b', status, address: '127.0.0.1', dkronPort: 1, udupPort: 2, natsPort: 3 },
  ...{ natsRoutePort: 4, natsRole: 'server', tags: {}, version: '0.1.0', startedAt: 0 },
})

const beat = (more: { status?: MemberStatus; instance?: string; wall?: number } = {}) => ({
  ...{ member: member(more.status), instance: more.instance ?? 'first', beat: 1, load: { running: 1, tasks: 2 } },
  ...{ at: more.wall ?? 0, clockOffsetMs: 0, asks: false },
})

/** This node hears itself every second, from one time to another. */
function hearOurselves(fromMs: number, toMs: number): void {
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += beatEveryMs) table.noteEcho(nowMs)
}

function statusAt(nowMs: number): MemberStatus | null {
  const known = table.get('b')
  return known === null ? null : table.status(known, nowMs)
}

test('a node that is only written down lives for two beats, and failed unless it is heard', () => {
  hearOurselves(0, 1_000)
  table.learn({ member: member(), instance: 'first' }, 1_000)
  hearOurselves(2_000, 4_000)
  expect(statusAt(3_000)).toBe('alive')
  expect(statusAt(3_100)).toBe('failed')
  table.hear(beat(), 4_000)
  expect(statusAt(4_000)).toBe('alive')
})

test('what was written down of an earlier process does not count while the present one is heard', () => {
  hearOurselves(0, 1_000)
  table.hear(beat({ instance: 'second' }), 1_000)
  table.learn({ member: member('left'), instance: 'first' }, 1_100)
  expect(statusAt(1_200)).toBe('alive')
})

test('a node whose last word was missed is left by what it wrote down', () => {
  hearOurselves(0, 1_000)
  table.hear(beat(), 1_000)
  table.learn({ member: member('left'), instance: 'first' }, 1_100)
  expect(statusAt(1_200)).toBe('left')
})

test('a heartbeat that was under way when its node left is no sign of life; the next process is', () => {
  table.hear(beat({ status: 'left' }), 1_000)
  table.hear(beat(), 1_001)
  expect(statusAt(1_002)).toBe('left')
  table.hear(beat({ instance: 'second' }), 1_003)
  expect(statusAt(1_004)).toBe('alive')
})

test('of a wall clock the newest heartbeats count, and of those the one that was under way for the shortest time', () => {
  for (const [nowMs, wall] of [
    [1_000, 100_990],
    [2_000, 101_200],
    [3_000, 102_998],
  ] as const)
    table.hear(beat({ wall }), nowMs)
  const known = table.get('b')
  expect(known === null ? null : wallOf(known)).toBe(99_998)
})
