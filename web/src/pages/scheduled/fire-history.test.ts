import { describe, expect, test } from 'vitest'
import type { ExecutionEventItem } from '../../api/event-kinds.ts'
import { isAbove, newerThan, noFires, visibleFires, withEvents, withNewest, withOlder } from './fire-history.ts'
import type { Fire, FireExecution, FirePage, Outcome } from './wire.ts'

function executionOf(id: string, outcome: Outcome = 'succeeded', change: Partial<FireExecution> = {}): FireExecution {
  return {
    id,
    node_name: 'n1',
    attempt: 1,
    outcome,
    reason: '',
    exit_code: 0,
    lateness_ms: 3,
    started_at: '2026-01-01T00:00:00Z',
    finished_at: null,
    duration_ms: 5,
    output_bytes: 0,
    ...change,
  }
}

function fireOf(group: number | string, ...executions: readonly FireExecution[]): Fire {
  return { group: String(group), scheduled_at: null, executions }
}

function pageOf(groups: readonly number[], nextBefore: number | null = null): FirePage {
  return {
    fires: groups.map((group) => fireOf(group, executionOf(`${group}-1-n1`))),
    next_before: nextBefore === null ? null : String(nextBefore),
  }
}

function groupsOf({ fires }: { readonly fires: readonly Fire[] }): readonly string[] {
  return fires.map(({ group }) => group)
}

function item(id: string, outcome: string): ExecutionEventItem {
  return {
    job: 'a',
    id,
    node_name: 'n1',
    group: '1',
    attempt: 1,
    outcome,
    scheduled_at: null,
    started_at: null,
    finished_at: '2026-01-01T00:00:09Z',
    duration_ms: 9_000,
  }
}

describe('the history of fires', () => {
  test('grows at both ends, newest first, and remembers where the older ones begin', () => {
    const first = withNewest(noFires, pageOf([9, 8], 8))
    const older = withOlder(first, pageOf([7, 6], 6))
    const newer = withNewest(older, pageOf([10, 9], 9))
    expect(groupsOf(newer)).toEqual(['10', '9', '8', '7', '6'])
    expect(newer.nextBefore).toBe('6')
  })

  test('begins anew when so much happened meanwhile that the pages do not meet', () => {
    const slept = withNewest(withNewest(noFires, pageOf([3, 2, 1])), pageOf([99, 98], 98))
    expect(groupsOf(slept)).toEqual(['99', '98'])
    expect(slept.nextBefore).toBe('98')
  })

  test('holds five hundred at most, and can ask for the rest again', () => {
    const many = withNewest(noFires, pageOf(Array.from({ length: 500 }, (_, index) => 2_000 - index)))
    const more = withNewest(many, pageOf([2_002, 2_001, 2_000], 2_000))
    expect(more.fires).toHaveLength(500)
    expect(more.nextBefore).toBe(more.fires.at(-1)?.group)
  })

  test('compares groups that JavaScript cannot count', () => {
    expect(isAbove('1795353600000000001', '1795353600000000000')).toBe(true)
    expect(isAbove('999', '1000')).toBe(false)
    expect(groupsOf({ fires: newerThan([fireOf(11), fireOf(10), fireOf(9)], '9') })).toEqual(['11', '10'])
  })
})

test('a list that grows by itself shows as many as one wanted, and always the one that is read', () => {
  const { fires } = withNewest(noFires, pageOf([9, 8, 7, 6, 5]))
  expect(groupsOf({ fires: visibleFires(fires, 2, null) })).toEqual(['9', '8'])
  expect(groupsOf({ fires: visibleFires(fires, 2, '6-1-n1') })).toEqual(['9', '8', '7', '6'])
  expect(groupsOf({ fires: visibleFires(fires, 2, 'gone') })).toEqual(['9', '8'])
})

describe('what events tell', () => {
  const known = withNewest(noFires, {
    fires: [fireOf(2, executionOf('b', 'running')), fireOf(1, executionOf('a', 'failed'))],
    next_before: null,
  })

  test('ends an execution that is here', () => {
    const told = withEvents(known, [item('b', 'failed')])
    expect(told.fires[0]?.executions[0]).toMatchObject({ outcome: 'failed', duration_ms: 9_000 })
    expect(told.fires[1]).toBe(known.fires[1])
  })

  test('changes nothing when it is about others, or late', () => {
    expect(withEvents(known, [item('zzz', 'failed')])).toBe(known)
    expect(withEvents(known, [item('a', 'running')]).fires[1]?.executions[0]?.outcome).toBe('failed')
  })
})
