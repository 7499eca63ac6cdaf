import { expect, test } from 'vitest'
import { FakeClock } from '../../../core/clock.ts'
import { type RunningBrief, RunningWatch } from './running-watch.ts'

function brief(id: string, nodeName: string, jobName = 'job'): RunningBrief {
  return { id, jobName, nodeName, group: '1', attempt: 1, scheduledAt: null, startedAt: 1 }
}

function makeWatch() {
  const clock = new FakeClock(0)
  const state = {
    clock,
    running: new Map<string, RunningBrief[]>([
      ['a', []],
      ['b', []],
    ]),
    asked: [] as string[],
    started: [] as string[],
    gone: [] as string[],
    ask: async (_nodeName: string): Promise<void> => {},
  }
  const watch = new RunningWatch({
    nodeNames: () => [...state.running.keys()],
    async ask(name) {
      state.asked.push(name)
      const answer = [...(state.running.get(name) ?? [])]
      await state.ask(name)
      return answer
    },
    clock,
    onStarted: ({ id }) => state.started.push(id),
    onGone: ({ id }) => state.gone.push(id),
  })
  const end = new AbortController()
  const work = watch.run(end.signal)
  return { ...state, state, watch, end, work }
}

test('nobody is asked until somebody looks, nor any more when nobody has looked for a while', async () => {
  const { watch, state, clock, end, work } = makeWatch()
  state.running.set('a', [brief('e1', 'a'), brief('e2', 'a')])
  await clock.advance(5_000)
  expect(state.asked).toEqual([])
  await watch.look()
  expect(watch.countOf('job')).toBe(2)
  await clock.advance(3_500)
  expect(state.asked.join('')).toBe('abababab')
  await clock.advance(60_000)
  const { length } = state.asked
  await clock.advance(60_000)
  expect(state.asked).toHaveLength(length)
  expect(watch.countOf('job')).toBe(0)
  end.abort()
  await work
})

test('what begins and ends on any node is told once, and a node that does not answer shows nothing', async () => {
  const { watch, state, clock, end } = makeWatch()
  await watch.look()
  state.running.set('b', [brief('e1', 'b')])
  await clock.advance(1_000)
  state.running.set('b', [brief('e1', 'b'), brief('e2', 'b', 'other')])
  await clock.advance(1_000)
  expect(state.started).toEqual(['e1', 'e2'])
  state.running.set('b', [brief('e2', 'b', 'other')])
  await clock.advance(1_000)
  expect(state.gone).toEqual(['e1'])
  state.ask = async () => {
    throw new Error('no answer')
  }
  await clock.advance(1_000)
  expect(watch.countOf('other')).toBe(0)
  end.abort()
})

test('a start on this node is known at once, and what was recorded as ended does not come back', async () => {
  const { watch, state, clock, end } = makeWatch()
  await watch.look()
  watch.noteStarted(brief('e1', 'a'))
  watch.noteStarted(brief('e1', 'a'))
  expect(watch.countOf('job')).toBe(1)
  state.running.set('a', [brief('e1', 'a')])
  const slow = Promise.withResolvers<void>()
  state.ask = () => slow.promise
  await clock.advance(1_000)
  watch.noteEnded(brief('e1', 'a'))
  expect(watch.countOf('job')).toBe(0)
  slow.resolve()
  await clock.advance(0)
  expect(watch.countOf('job')).toBe(0)
  expect(state.started).toEqual(['e1'])
  end.abort()
})
