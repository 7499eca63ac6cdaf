import { expect, test } from 'vitest'
import { sampleExecution, sampleNowMs } from '../../../../test/doubles/samples.ts'
import { FakeClock } from '../../../core/clock.ts'
import { UnavailableError } from '../../../core/errors.ts'
import { silentLog } from '../../../core/log.ts'
import type { Execution } from '../../../model/execution.ts'
import { ExecutionTail, spanMs } from './execution-tail.ts'
import { Past, type PastSource } from './read-past.ts'

const span = Math.floor(sampleNowMs / spanMs)
const numbered = (sequence: number) => sampleExecution({ id: `e${sequence}` })

function makePast(source: Partial<PastSource> = {}) {
  const clock = new FakeClock(sampleNowMs)
  const tail = new ExecutionTail()
  const told: { listener: (execution: Execution, sequence: number) => void } = { listener: () => {} }
  const past = new Past({
    source: {
      lastSequence: async () => 3,
      openSince: async () => ({
        isWhole: true,
        executions: (async function* () {
          for (const sequence of [1, 2, 3]) yield numbered(sequence)
        })(),
      }),
      follow(listener) {
        told.listener = listener
        return () => {
          told.listener = () => {}
        }
      },
      ...source,
    },
    tail,
    clock,
    log: silentLog,
  })
  const end = new AbortController()
  const running = past.run(end.signal)
  const tell = (sequence: number) => told.listener(numbered(sequence), sequence)
  return { clock, tail, past, tell, end, running, count: () => tail.count('succeeded', span) }
}

test('what was recorded before is read, what is recorded later is told, and each counts once', async () => {
  const { running, tell, count, past, clock, end } = makePast()
  // These are told before it is known up to where the past is read.
  tell(2)
  tell(4)
  await running
  await clock.advance(0)
  expect(count()).toBe(4)
  tell(5)
  expect(count()).toBe(5)
  expect(past.knownFromMs).toBe(sampleNowMs - 3_600_000)
  end.abort()
  tell(6)
  expect(count()).toBe(5)
})

test('of a past that is too long only the newest is known, and since when is told', async () => {
  const executions = (async function* () {
    yield sampleExecution({ finishedAt: sampleNowMs - 60_000 })
  })()
  const { running, past } = makePast({ openSince: async () => ({ isWhole: false, executions }) })
  await running
  expect(past.knownFromMs).toBe(sampleNowMs - 60_000)
})

test('a read that breaks begins anew and counts nothing twice', async () => {
  let tries = 0
  const openSince: PastSource['openSince'] = async () => {
    tries += 1
    const isFirst = tries === 1
    const executions = (async function* () {
      yield numbered(1)
      if (isFirst) throw new UnavailableError('gone')
    })()
    return { isWhole: true, executions }
  }
  const { running, clock, count } = makePast({ openSince })
  await clock.advance(0)
  await clock.advance(2_000)
  await running
  expect([tries, count()]).toEqual([2, 1])
})
