import { expect, test } from 'vitest'
import { FakeClock, systemClock } from './clock.ts'

test('the fake clock wakes sleepers in order as it moves', async () => {
  const clock = new FakeClock(1_000)
  const woken: string[] = []
  void clock.sleep(20).then(() => woken.push(`late ${clock.now()}`))
  void clock.sleep(10).then(() => woken.push(`early ${clock.now()}`))
  await clock.advance(15)
  expect(woken).toEqual(['early 1010'])
  await clock.advance(15)
  expect(woken).toEqual(['early 1010', 'late 1020'])
})

test('a jump of the wall clock wakes nobody and leaves the monotonic one alone', async () => {
  const clock = new FakeClock(0)
  clock.jump(3_600_000)
  expect([clock.now(), clock.monotonicMs()]).toEqual([3_600_000, 0])
})

test('a sleep ends with the reason of its signal', async () => {
  for (const clock of [systemClock, new FakeClock(0)]) {
    const ending = new AbortController()
    const sleeping = clock.sleep(60_000, ending.signal)
    ending.abort(new Error('enough'))
    await expect(sleeping).rejects.toThrow('enough')
    await expect(clock.sleep(60_000, ending.signal)).rejects.toThrow('enough')
  }
})
