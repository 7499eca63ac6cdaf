import { expect, test } from 'vitest'
import { LoadMemory } from './load-memory.ts'

test('what was given back is lent again, for as much or less', () => {
  const memory = new LoadMemory()
  const first = memory.lend(1_000)
  memory.takeBack(first)
  const second = memory.lend(600)
  expect(second.buffer).toBe(first.buffer)
  expect(second).toHaveLength(600)
  memory.takeBack(second)
  expect(memory.lend(1_000).buffer).toBe(first.buffer)
})

test('what was not given back is not lent again', () => {
  const memory = new LoadMemory()
  const first = memory.lend(1_000)
  expect(memory.lend(1_000).buffer).not.toBe(first.buffer)
})

test('memory for rows of unusual length is not kept', () => {
  const memory = new LoadMemory()
  const large = memory.lend(5 * 1024 * 1024)
  memory.takeBack(large)
  expect(memory.lend(1_000).buffer).not.toBe(large.buffer)
})
