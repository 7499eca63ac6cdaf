import { expect, test } from 'vitest'
import { FrameMemory } from './frame-memory.ts'

test('memory that was given back is lent again to a frame of about its size', () => {
  const memory = new FrameMemory()
  const first = memory.lend(400_000)
  memory.takeBack(first)
  expect(memory.lend(200_000).buffer).not.toBe(first.buffer)
  const second = memory.lend(390_000)
  expect([second.length, second.buffer]).toEqual([390_000, first.buffer])
  expect(memory.lend(390_000).buffer).not.toBe(first.buffer)
})

test('little is kept, and of small frames nothing', () => {
  const memory = new FrameMemory()
  const lent = Array.from({ length: 40 }, () => memory.lend(1_000_000))
  for (const frame of lent) memory.takeBack(frame)
  const again = Array.from({ length: 40 }, () => memory.lend(1_000_000))
  const known = new Set(lent.map(({ buffer }) => buffer))
  expect(again.filter(({ buffer }) => known.has(buffer)).length).toBe(6)
  memory.takeBack(memory.lend(1_000))
  expect(memory.lend(1_000).length).toBe(1_000)
})
