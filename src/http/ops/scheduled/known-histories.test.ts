import { expect, test } from 'vitest'
import { sampleExecution } from '../../../../test/doubles/samples.ts'
import { FakeClock } from '../../../core/clock.ts'
import { UnavailableError } from '../../../core/errors.ts'
import type { Execution } from '../../../model/execution.ts'
import { KnownHistories } from './known-histories.ts'

const run = (number: number, change: Partial<Execution> = {}) => sampleExecution({ id: `e${number}`, ...change })

function makeHistories(stored: readonly Execution[], historyLimit = 5) {
  const clock = new FakeClock(0)
  const state = {
    reads: 0,
    newest: (stored.at(-1) ?? null) as Execution | null,
    answer: async (): Promise<readonly Execution[]> => stored,
  }
  const read = () => {
    state.reads += 1
    return state.answer()
  }
  const newest = async () => state.newest
  const histories = new KnownHistories({ read, newest, historyLimit, clock })
  const ids = async (name = 'job') => (await histories.of(name)).map(({ id }) => id)
  return { histories, ids, clock, state }
}

test('a history is read once, without outputs, and what ends is added', async () => {
  const { histories, ids, state } = makeHistories([run(1), run(2)])
  expect(await ids()).toEqual(['e1', 'e2'])
  expect((await histories.of('job'))[0]).not.toHaveProperty('output')
  histories.note(run(3))
  histories.note(run(4, { jobName: 'other' }))
  expect(await ids()).toEqual(['e1', 'e2', 'e3'])
  expect(state.reads).toBe(1)
})

test('what ends while the history is read is in it once', async () => {
  const { histories, ids, state } = makeHistories([])
  const answer = Promise.withResolvers<readonly Execution[]>()
  state.answer = () => answer.promise
  const asked = ids()
  histories.note(run(2))
  histories.note(run(3))
  answer.resolve([run(1), run(2)])
  expect(await asked).toEqual(['e1', 'e2', 'e3'])
})

test('what was recorded and is not told yet is there all the same', async () => {
  const { ids, state } = makeHistories([run(1)])
  await ids()
  state.newest = run(2)
  state.answer = async () => [run(1), run(2)]
  expect(await ids()).toEqual(['e1', 'e2'])
  expect(state.reads).toBe(2)
  state.newest = null
  state.answer = async () => []
  expect(await ids()).toEqual([])
})

test('who asks while it is read waits for the same reading', async () => {
  const { ids, state } = makeHistories([])
  const answer = Promise.withResolvers<readonly Execution[]>()
  state.answer = () => answer.promise
  const asked = [ids(), ids(), ids()]
  state.newest = run(1)
  answer.resolve([run(1)])
  expect(await Promise.all(asked)).toEqual([['e1'], ['e1'], ['e1']])
  expect(state.reads).toBe(1)
})

test('no more are kept than the store keeps', async () => {
  const { histories, ids } = makeHistories([run(1), run(2), run(3)], 3)
  await ids()
  histories.note(run(4))
  histories.note(run(5))
  expect(await ids()).toEqual(['e3', 'e4', 'e5'])
})

test('what was lost and turns up is told as it came to, and is not lost again', async () => {
  const { histories } = makeHistories([run(1, { outcome: 'lost' })])
  await histories.of('job')
  histories.note(run(1, { outcome: 'failed' }))
  histories.note(run(1, { outcome: 'lost' }))
  expect(await histories.of('job')).toMatchObject([{ outcome: 'failed' }])
})

test('it is read again after a while, after the job was deleted, and when it could not be read', async () => {
  const { histories, ids, clock, state } = makeHistories([run(1)])
  await ids()
  await clock.advance(61_000)
  await ids()
  expect(state.reads).toBe(2)
  histories.forget('job')
  state.answer = async () => {
    throw new UnavailableError('no')
  }
  await expect(ids()).rejects.toThrow(UnavailableError)
  state.answer = async () => [run(7)]
  expect(await ids()).toEqual(['e7'])
})

test('only so many jobs are known at a time', async () => {
  const { ids, state } = makeHistories([])
  for (let number = 0; number <= 100; number += 1) await ids(`job-${number}`)
  await ids('job-100')
  expect(state.reads).toBe(101)
  await ids('job-0')
  expect(state.reads).toBe(102)
})
