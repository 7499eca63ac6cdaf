import { expect, test } from 'vitest'
import { FakeClock } from '../core/clock.ts'
import { Reign } from './reign.ts'

const term = { number: 7, leaderName: 'me' }

function begin() {
  const clock = new FakeClock(0)
  const outer = new AbortController()
  const reign = new Reign({ held: { term, expiresAtMs: 2_000 }, clock, marginMs: 250, outer: outer.signal })
  return { clock, outer, reign }
}

test('a process that stood still finds its reign over at its first look, before any timer has run', async () => {
  const { clock, reign } = begin()
  let heard: unknown = null
  reign.signal.addEventListener('abort', () => {
    heard = reign.signal.reason
  })
  await clock.advance(1_749)
  expect(reign.signal.aborted).toBe(false)
  // Nobody waits on this clock, so nothing but the look can tell.
  await clock.advance(10_000)
  expect(heard).toBeNull()
  expect(reign.signal.aborted).toBe(true)
  expect(heard).toBeInstanceOf(Error)
  expect(() => reign.signal.throwIfAborted()).toThrow('could not be renewed in time')
})

test('a renewal makes it longer, unless it came too late', async () => {
  const { clock, reign } = begin()
  await clock.advance(1_000)
  reign.extend({ term, expiresAtMs: 3_000 })
  await clock.advance(1_500)
  expect(reign.isOver).toBe(false)
  await clock.advance(500)
  reign.extend({ term, expiresAtMs: 9_000 })
  expect(reign.isOver).toBe(true)
  expect(reign.held.expiresAtMs).toBe(3_000)
})

test('it ends with the signal around it, and signals made of its own end too', () => {
  const { outer, reign } = begin()
  const derived = AbortSignal.any([reign.signal, new AbortController().signal])
  outer.abort(new Error('stepping down'))
  expect(reign.signal.reason).toEqual(new Error('stepping down'))
  expect(derived.aborted).toBe(true)
})
