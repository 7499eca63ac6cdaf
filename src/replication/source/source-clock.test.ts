import { expect, test } from 'vitest'
import { FakeClock } from '../../core/clock.ts'
import type { Row, Session } from '../../mysql/session.ts'
import { closestCommitTime, SourceClock } from './source-clock.ts'

const second = 1_700_000_000_000_000n

test.each([
  ['an exact time stays', { micros: second + 5n, isExact: true }, second + 900_000n, second + 5n],
  ['read within the second', { micros: second, isExact: false }, second + 6_000n, second + 6_000n],
  ['read later, from a backlog', { micros: second, isExact: false }, second + 60_000_000n, second + 999_999n],
  ['a clock that is behind', { micros: second, isExact: false }, second - 300_000n, second],
  [
    'a part of the second is known',
    { micros: second + 400_000n, isExact: false },
    second + 406_000n,
    second + 406_000n,
  ],
])('when a transaction was committed: %s', (_name, committed, readMicros, expected) => {
  expect(closestCommitTime(committed, readMicros).micros).toBe(expected)
})

/** A session that answers when told. */
function questions() {
  const waiting: PromiseWithResolvers<readonly Row[]>[] = []
  const query = () => {
    const asked = Promise.withResolvers<readonly Row[]>()
    waiting.push(asked)
    return asked.promise
  }
  return { waiting, session: { query } as unknown as Session }
}

test('a source whose clock is ahead is believed, and one that does not answer later holds nobody up', async () => {
  const clock = new FakeClock(1_000_000)
  const { waiting, session } = questions()
  const sourceClock = new SourceClock(session, clock)
  const first = sourceClock.micros()
  waiting[0]?.resolve([{ now: '1002.500000' }])
  expect(await first).toBe(1_002_500_000n)
  await clock.advance(60_000)
  expect(await sourceClock.micros()).toBe(1_062_500_000n)
  expect(await sourceClock.micros()).toBe(1_062_500_000n)
  expect(waiting).toHaveLength(2)
  waiting[1]?.reject(new Error('lost'))
  await clock.advance(1)
  expect(await sourceClock.micros()).toBe(1_062_501_000n)
})
