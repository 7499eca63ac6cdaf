import { expect, test } from 'vitest'
import { madeChange } from '../../../test/target/made-rows.ts'
import { freeMergedEvent, MergedEvents } from './merged-events.ts'

function eventsOf(rowBytes: number, count: number) {
  const row = { id: 1, u: null, v: '' }
  const events = new MergedEvents(madeChange('write', [{ kind: 'write', before: null, after: row }]).event, null)
  for (let n = 0; n < count; n += 1) events.row('write', Buffer.alloc(rowBytes, n), null)
  events.end()
  return events.events
}

test('the memory of a large event is given back, and nobody else had a part of it', () => {
  const events = eventsOf(1_000, 300)
  expect(events.length).toBeGreaterThan(2)
  const others = events.slice(1).map(({ buffer }) => Buffer.from(buffer))
  if (events[0] !== undefined) freeMergedEvent(events[0])
  expect(events[0]?.buffer).toHaveLength(0)
  expect(events.slice(1).map(({ buffer }) => buffer)).toEqual(others)
})

test('the memory of a small event, which others share, is left alone', () => {
  const [small] = eventsOf(100, 3)
  const before = Buffer.from(small?.buffer ?? [])
  if (small !== undefined) freeMergedEvent(small)
  expect(small?.buffer).toEqual(before)
})

test.each([31_000, 33_000, 60_000, 127_000, 200_000])(
  'an event of one row of %i bytes can be given back',
  (rowBytes) => {
    for (const event of eventsOf(rowBytes, 2)) expect(() => freeMergedEvent(event)).not.toThrow()
  },
)
