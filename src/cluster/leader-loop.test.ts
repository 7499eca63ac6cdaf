import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { FakeClock } from '../core/clock.ts'
import { UnavailableError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import type { LeaderDuty, Term } from '../model/member.ts'
import { LeaderLoop } from './leader-loop.ts'
import type { HeldLease, LeaderLease } from './ports.ts'

const leaseMs = 2_000
let clock: FakeClock
let lease: MemoryLease

beforeEach(() => {
  clock = new FakeClock(0)
  lease = new MemoryLease()
})

/** A lease in memory whose every answer the test decides. */
class MemoryLease implements LeaderLease {
  isFree = true
  isReachable = true
  isTaken = false
  released = 0
  #term = 0

  async tryAcquire(): Promise<HeldLease | null> {
    this.#assertReachable()
    if (!this.isFree) return null
    this.#term += 1
    return this.#held()
  }

  async renew(): Promise<HeldLease | null> {
    this.#assertReachable()
    return this.isTaken ? null : this.#held()
  }

  async release(): Promise<void> {
    this.released += 1
  }

  observed(): Term | null {
    return null
  }

  #held(): HeldLease {
    return { term: { number: this.#term, leaderName: 'me' }, expiresAtMs: clock.monotonicMs() + leaseMs }
  }

  #assertReachable(): void {
    if (!this.isReachable) throw new UnavailableError('NATS is away')
  }
}

/** A duty that notes when it begins and ends. */
function recording(events: string[], endsAfterMs = 0): LeaderDuty {
  return {
    name: 'recording',
    async lead(term, signal) {
      events.push(`begin ${term.number} at ${clock.monotonicMs()}`)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      if (endsAfterMs > 0) await clock.sleep(endsAfterMs)
      events.push(`end ${term.number} at ${clock.monotonicMs()}`)
    },
  }
}

async function start(duties: readonly LeaderDuty[], hears: () => boolean = () => true) {
  const abort = new AbortController()
  const loop = new LeaderLoop({ lease, duties, hears, clock, log: silentLog })
  const running = loop.run(abort.signal)
  const stop = async () => {
    abort.abort(new Error('stopping'))
    for (let n = 0; n < 5; n += 1) await clock.advance(1_000)
    await running
  }
  onTestFinished(stop)
  // Lets the loop reach its first wait before the clock moves.
  await clock.advance(0)
  return { loop, stop }
}

test('a free lease is taken, led, and given back at the end', async () => {
  const events: string[] = []
  const { loop, stop } = await start([recording(events)])
  await clock.advance(10_000)
  expect(loop.term?.number).toBe(1)
  expect(events).toEqual(['begin 1 at 0'])
  await stop()
  expect(events).toHaveLength(2)
  expect(loop.term).toBeNull()
  expect(lease.released).toBe(1)
})

test('a lease that another node holds is tried until it is free', async () => {
  lease.isFree = false
  const events: string[] = []
  const { loop } = await start([recording(events)])
  await clock.advance(5_000)
  expect(loop.term).toBeNull()
  lease.isFree = true
  await clock.advance(200)
  expect(loop.term?.number).toBe(1)
})

test('a free lease is left alone by a node that cannot tell who is there', async () => {
  let hears = false
  const { loop } = await start([recording([])], () => hears)
  await clock.advance(5_000)
  expect(loop.term).toBeNull()
  hears = true
  await clock.advance(200)
  expect(loop.term?.number).toBe(1)
})

test('duties end before the lease runs out when it cannot be renewed', async () => {
  const events: string[] = []
  await start([recording(events)])
  await clock.advance(5_000)
  lease.isReachable = false
  const unreachableSinceMs = clock.monotonicMs()
  await clock.advance(leaseMs)
  const endedMs = Number(events[1]?.split(' at ')[1])
  expect(endedMs).toBeGreaterThan(unreachableSinceMs)
  expect(endedMs).toBeLessThan(unreachableSinceMs + leaseMs - 200)
})

test('duties end at once when another node took over', async () => {
  const events: string[] = []
  await start([recording(events)])
  await clock.advance(1_000)
  lease.isTaken = true
  lease.isFree = false
  await clock.advance(600)
  expect(events[1]).toMatch(/^end 1 at 1[0-5]\d\d$/)
})

test('a new reign begins only after the duties of the last one have ended', async () => {
  const events: string[] = []
  await start([recording(events, 3_000)])
  await clock.advance(1_000)
  lease.isTaken = true
  await clock.advance(600)
  lease.isTaken = false
  await clock.advance(10_000)
  const order = events.map((event) => event.split(' ').slice(0, 2).join(' '))
  expect(order.slice(0, 3)).toEqual(['begin 1', 'end 1', 'begin 2'])
})

test('a duty that throws begins anew, and the others go on', async () => {
  const events: string[] = []
  let failures = 0
  const failing: LeaderDuty = {
    name: 'failing',
    async lead(_term, signal) {
      failures += 1
      if (failures < 4) throw new Error('no luck')
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    },
  }
  const { loop } = await start([failing, recording(events)])
  await clock.advance(10_000)
  expect(failures).toBe(4)
  expect(events).toEqual(['begin 1 at 0'])
  expect(loop.term?.number).toBe(1)
})

test('stepping down ends the duties, gives the lease back, and does not campaign again', async () => {
  const events: string[] = []
  const { loop } = await start([recording(events)])
  await clock.advance(1_000)
  await loop.stepDown()
  await clock.advance(5_000)
  expect(events).toHaveLength(2)
  expect(lease.released).toBe(1)
  expect(loop.term).toBeNull()
})

test('an unreachable store is tried again and again', async () => {
  lease.isReachable = false
  const { loop } = await start([])
  await clock.advance(10_000)
  lease.isReachable = true
  await clock.advance(1_100)
  expect(loop.term?.number).toBe(1)
})
