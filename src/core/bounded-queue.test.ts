import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { BoundedQueue } from './bounded-queue.ts'

test('gives items in the order in which they came, and then the end', async () => {
  const queue = new BoundedQueue<number>(1_000_000)
  for (let item = 0; item < 5000; item += 1) await queue.push(item, 1)
  queue.end()
  const taken: number[] = []
  for (let item = await queue.take(); item !== undefined; item = await queue.take()) taken.push(item)
  expect(taken).toEqual(Array.from({ length: 5000 }, (_, index) => index))
  expect(queue.sizeBytes).toBe(0)
})

test('lets a producer wait while it is full', async () => {
  const queue = new BoundedQueue<string>(10)
  await queue.push('first', 8)
  let isIn = false
  const waiting = queue.push('second', 8).then(() => {
    isIn = true
  })
  await Promise.resolve()
  expect(isIn).toBe(false)
  expect(queue.tryTake()).toBe('first')
  await waiting
  expect(queue.sizeBytes).toBe(8)
})

test('lets in one item that is larger than the bound', async () => {
  const queue = new BoundedQueue<string>(10)
  await queue.push('large', 1000)
  expect(queue.hasRoomFor(1)).toBe(false)
  expect(await queue.take()).toBe('large')
})

test('fails both sides with the same error', async () => {
  const queue = new BoundedQueue<string>(10)
  const taking = queue.take()
  queue.fail(new Error('broken'))
  await expect(taking).rejects.toThrow('broken')
  await expect(queue.push('late', 1)).rejects.toThrow('broken')
})

test('nothing that was taken is kept', async () => {
  const queue = new BoundedQueue<object>(1_000_000)
  await queue.push({ name: 'first' }, 1)
  await queue.push({ name: 'second' }, 1)
  const taken = new WeakRef((await queue.take()) ?? {})
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // A WeakRef holds its object until the end of the turn in which it was made.
  await new Promise((resolve) => setTimeout(resolve, 0))
  collect()
  expect(taken.deref()).toBeUndefined()
  expect(queue.length).toBe(1)
})
