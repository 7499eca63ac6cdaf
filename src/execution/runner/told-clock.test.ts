import { expect, test } from 'vitest'
import { FakeClock } from '../../core/clock.ts'
import { ToldClock } from './told-clock.ts'

test('the time is what the agent told, and goes on whatever the wall clock does', async () => {
  const machine = new FakeClock(1_000_000)
  const clock = new ToldClock(machine)
  expect(clock.now()).toBe(1_000_000)
  clock.tell(5_000_000)
  machine.jump(-900_000)
  await machine.advance(2_500)
  expect(clock.now()).toBe(5_002_500)
})

test('without an agent for a minute it is the wall clock', async () => {
  const machine = new FakeClock(1_000_000)
  const clock = new ToldClock(machine)
  clock.tell(5_000_000)
  await machine.advance(60_001)
  expect(clock.now()).toBe(1_060_001)
})
