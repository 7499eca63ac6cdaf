import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { FakeClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { ClusterClock } from './cluster-clock.ts'

const startMs = 1_700_000_000_000
const hour = 3_600_000

/** A node whose machine's clock is `wrongMs` off, and others whose wall clocks are off as given. */
function node(othersWrongMs: number[], wrongMs = 0) {
  const machine = new FakeClock(startMs + wrongMs)
  const clock = new ClusterClock({ machine, log: silentLog })
  const others = [...othersWrongMs]
  const peers = {
    peerWalls: () => others.map((wrong) => startMs + wrong),
    expectsPeers: () => others.length > 0,
  }
  const settle = async () => {
    const abort = new AbortController()
    const settling = clock.settle(peers, abort.signal)
    await machine.advance(3_500)
    await settling
    const following = clock.follow(abort.signal)
    onTestFinished(async () => {
      abort.abort()
      await following
    })
  }
  /** How wrong the kept time is. */
  const errorMs = () => clock.now() - startMs - machine.monotonicMs()
  return { machine, clock, others, settle, errorMs }
}

test('alone, a step of the wall clock counts at once', async () => {
  const { machine, settle, errorMs } = node([])
  await settle()
  machine.jump(-hour)
  expect(errorMs()).toBe(-hour)
})

test.each([hour, -hour, 1_100])('in company a jump of %i ms changes nothing', async (jumpMs) => {
  const { machine, clock, settle, errorMs } = node([3, -4])
  await settle()
  machine.jump(jumpMs)
  for (let n = 0; n < 100; n += 1) {
    await machine.advance(100)
    expect(Math.abs(errorMs())).toBeLessThan(10)
  }
  expect(Math.abs(clock.wallOffsetMs - jumpMs)).toBeLessThan(10)
})

test('a small difference is made up slowly, and time never goes back for it', async () => {
  const { machine, clock, settle, errorMs } = node([400, 390])
  await settle()
  machine.jump(400)
  let last = clock.now()
  for (let n = 0; n < 60; n += 1) {
    await machine.advance(100)
    expect(clock.now() - last).toBeGreaterThanOrEqual(89)
    expect(clock.now() - last).toBeLessThanOrEqual(111)
    last = clock.now()
  }
  expect(Math.abs(errorMs() - 400)).toBeLessThan(10)
})

test('a node that starts with a wrong clock takes the time of two others that agree, before anything is done by it', async () => {
  const { machine, clock, settle, errorMs } = node([0, 20], -hour)
  await settle()
  expect(Math.abs(errorMs())).toBeLessThan(30)
  machine.jump(hour)
  await machine.advance(5_000)
  expect(clock.wallOffsetMs).toBe(0)
})

test('of two nodes that disagree from the start each keeps its own time', async () => {
  const { settle, errorMs } = node([hour])
  await settle()
  expect(errorMs()).toBe(0)
})

test('machines that are all set right one after the other end with the right time', async () => {
  const { machine, others, settle, errorMs } = node([0, 0])
  await settle()
  others[0] = 10_000
  await machine.advance(5_000)
  expect(errorMs()).toBe(0)
  machine.jump(10_000)
  await machine.advance(5_000)
  expect(errorMs()).toBe(10_000)
})

test('a machine that slept is right again once the others are heard', async () => {
  const { machine, others, settle, errorMs } = node([0, 0])
  await settle()
  // The monotonic clock stood still; what the others said is older than it seems.
  machine.jump(600_000)
  await machine.advance(1_000)
  expect(errorMs()).toBe(0)
  others.splice(0, 2, 600_000, 600_002)
  await machine.advance(3_000)
  expect(Math.abs(errorMs() - 600_000)).toBeLessThan(10)
})

test('what the others said long ago, read late, moves nothing', async () => {
  const { machine, others, settle, errorMs } = node([0, 0])
  await settle()
  others.splice(0, 2, -60_000, -59_990)
  await machine.advance(1_000)
  others.splice(0, 2, 0, 0)
  await machine.advance(5_000)
  expect(errorMs()).toBe(0)
})

test('whatever one machine of three does to its clock, the time that is kept is right', async () => {
  const jumps = fc.array(
    fc.record({ jumpMs: fc.integer({ min: -2 * hour, max: 2 * hour }), forMs: fc.integer({ min: 1, max: 20_000 }) }),
    { maxLength: 8 },
  )
  await fc.assert(
    fc.asyncProperty(jumps, async (steps) => {
      const { machine, settle, errorMs } = node([0, 0])
      await settle()
      for (const { jumpMs, forMs } of steps) {
        machine.jump(jumpMs)
        await machine.advance(forMs)
        expect(Math.abs(errorMs())).toBeLessThanOrEqual(1_000)
      }
    }),
    { numRuns: 30 },
  )
})
