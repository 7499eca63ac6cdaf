import { expect, test } from 'vitest'
import { sampleExecution, sampleNowMs } from '../../../../test/doubles/samples.ts'
import { groupOf } from '../../../schedule/start-order.ts'
import { firesJson } from './fires-json.ts'

const at = (second: number) => sampleNowMs + second * 1_000

function ended(second: number, change: Parameters<typeof sampleExecution>[0] = {}) {
  const nodeName = change.nodeName ?? 'n1'
  const group = groupOf(at(second))
  const times = { scheduledAt: at(second), startedAt: at(second) + 7, finishedAt: at(second) + 107 }
  return sampleExecution({ id: `${group}-${change.attempt ?? 1}-${nodeName}`, group, nodeName, ...times, ...change })
}

const first = { before: null, limit: 2 }

test('executions of one fire are together, the newest fire first, and the rest on the next page', () => {
  const recorded = [ended(1), ended(2, { nodeName: 'n2' }), ended(2), ended(3), ended(4)]
  const page = firesJson(recorded, [], first)
  expect(page.fires.map(({ group }) => group)).toEqual([groupOf(at(4)), groupOf(at(3))])
  expect(page.next_before).toBe(groupOf(at(3)))
  const next = firesJson(recorded, [], { before: page.next_before, limit: 2 })
  expect(next.fires.map(({ executions }) => executions.length)).toEqual([2, 1])
  expect(next.next_before).toBeNull()
  expect(next.fires[0]).toMatchObject({
    scheduled_at: new Date(at(2)).toISOString(),
    executions: [{ node_name: 'n2', outcome: 'succeeded', lateness_ms: 7, duration_ms: 100, output_bytes: 4 }, {}],
  })
})

test('what never started was not late and took no time, and what was tried again is not late either', () => {
  const recorded = [ended(1, { outcome: 'missed' }), ended(2, { attempt: 2, startedAt: at(60), finishedAt: at(61) })]
  const { fires } = firesJson(recorded, [], first)
  expect(fires[1]?.executions[0]).toMatchObject({ outcome: 'missed', lateness_ms: null, duration_ms: null })
  expect(fires[0]?.executions[0]).toMatchObject({ attempt: 2, lateness_ms: null, duration_ms: 1_000 })
})

test('what runs is shown as running, unless it has ended meanwhile; what was lost and runs is not lost', () => {
  const over = ended(1)
  const lost = ended(2, { outcome: 'lost' })
  const running = [over, lost, ended(3)].map((one) => ({ ...one, pid: 1, output: '' }))
  const { fires } = firesJson([over, lost], running, { before: null, limit: 10 })
  const outcomes = fires.map(({ executions }) => executions.map(({ outcome }) => outcome))
  expect(outcomes).toEqual([['running'], ['running'], ['succeeded']])
  expect(fires[0]?.executions[0]).toMatchObject({ finished_at: null, lateness_ms: 7, output_bytes: null })
})

test('a run by hand has no time it was due at', () => {
  const byHand = ended(1, { scheduledAt: null })
  expect(firesJson([byHand], [], first).fires[0]).toMatchObject({
    scheduled_at: null,
    executions: [{ lateness_ms: null }],
  })
})
