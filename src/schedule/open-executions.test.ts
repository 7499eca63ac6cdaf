import { expect, test } from 'vitest'
import { sampleExecution, sampleJob, sampleNowMs } from '../../test/doubles/samples.ts'
import { executionId } from '../model/execution.ts'
import { OpenExecutions } from './open-executions.ts'
import { packSnapshot, unpackSnapshot } from './open-snapshot.ts'
import type { FiredJob } from './ports.ts'
import { groupOf, scheduledOrder } from './start-order.ts'

const now = sampleNowMs

function fired(name: string, atMs: number, ...nodeNames: readonly string[]): FiredJob {
  return { nodeNames, order: scheduledOrder(sampleJob({ name }), atMs) }
}

function ended(name: string, atMs: number, nodeName: string, change = {}) {
  const group = groupOf(atMs)
  const id = executionId({ group, attempt: 1 }, nodeName)
  return sampleExecution({ id, jobName: name, group, nodeName, ...change })
}

test('what was ordered is open on each of its nodes until it is recorded', () => {
  const open = new OpenExecutions()
  open.read(1, [fired('job', now, 'a', 'b'), fired('other', now, 'a')], now)
  expect(open.ofJob('job').map(({ nodeName }) => nodeName)).toEqual(['a', 'b'])
  open.close(ended('job', now, 'a'))
  expect(open.ofJob('job').map(({ nodeName }) => nodeName)).toEqual(['b'])
  open.close(ended('job', now, 'b'))
  expect([open.hasJob('job'), open.hasJob('other'), open.size]).toEqual([false, true, 1])
})

test('a result that is told before its order leaves nothing open', () => {
  const open = new OpenExecutions()
  open.close(ended('job', now, 'a'))
  open.read(1, [fired('job', now, 'a', 'b')], now)
  expect(open.ofJob('job').map(({ nodeName }) => nodeName)).toEqual(['b'])
})

test('a record that its writer noted is not opened again when it is read, even after its results', () => {
  const open = new OpenExecutions()
  open.note(7, [fired('job', now, 'a')], now)
  open.close(ended('job', now, 'a'))
  open.read(7, [fired('job', now, 'a')], now)
  open.note(7, [fired('job', now, 'a')], now)
  expect(open.size).toBe(0)
})

test('a lost execution is waited for no more, and stays open until its true end is told', () => {
  const open = new OpenExecutions()
  open.read(1, [fired('job', now, 'a', 'b')], now)
  open.close(ended('job', now, 'a', { outcome: 'lost' }))
  expect(open.waitingOn('a')).toEqual([])
  expect([...open.nodesWaitedFor()]).toEqual(['b'])
  expect(open.hasJob('job')).toBe(true)
  open.close(ended('job', now, 'a'))
  open.close(ended('job', now, 'b'))
  expect(open.hasJob('job')).toBe(false)
})

test('what is older than its order can be is dropped', () => {
  const open = new OpenExecutions()
  open.read(1, [fired('old', now, 'a')], now)
  open.read(2, [fired('new', now, 'a')], now + 86_400_000)
  open.prune(now + 7 * 86_400_000 + 1)
  expect([open.hasJob('old'), open.hasJob('new')]).toEqual([false, true])
})

test('the next leader goes on from a snapshot, whatever it reads again', () => {
  const first = new OpenExecutions()
  first.read(1, [fired('job', now, 'a', 'b')], now)
  first.note(3, [fired('noted', now, 'a')], now)
  first.close(ended('noted', now, 'a'))
  first.close(ended('early', now, 'a'))
  const packed = packSnapshot({ ...first.state(), retries: [] })
  expect(packed).not.toBeNull()
  const next = new OpenExecutions()
  next.restore(unpackSnapshot(packed ?? ''), 1)
  next.read(2, [fired('early', now, 'a')], now)
  next.read(3, [fired('noted', now, 'a')], now)
  expect(next.state().open.map(({ jobName, nodeName }) => [jobName, nodeName])).toEqual([
    ['job', 'a'],
    ['job', 'b'],
  ])
})

test('a snapshot of 20,000 open executions fits one record', () => {
  const open = new OpenExecutions()
  const jobs = Array.from({ length: 20_000 }, (_, index) => fired(`job-number-${index}`, now, `node-${index % 5}`))
  open.read(1, jobs, now)
  expect(packSnapshot({ ...open.state(), retries: [] })?.length).toBeLessThan(900_000)
})
