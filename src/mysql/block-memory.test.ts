import { expect, test } from 'vitest'
import { BlockMemory, blockSize } from './block-memory.ts'
import { RowBlocks } from './row-blocks.ts'

const blockBytes = 1_000
const socket = { pause() {}, resume() {} }

async function blockOf(memory: BlockMemory, text: string): Promise<Buffer> {
  const blocks = new RowBlocks(socket, blockBytes, memory)
  blocks.push(Buffer.from(text), 0, text.length)
  blocks.end()
  for await (const { rows } of blocks) return rows
  throw new Error('no block came')
}

test('a block that was given back is written over by the next one', async () => {
  const memory = new BlockMemory(blockBytes, 1)
  const first = await blockOf(memory, 'first')
  memory.takeBack(first)
  const second = await blockOf(memory, 'second')
  expect(second.buffer).toBe(first.buffer)
  expect(second.toString()).toBe('second')
})

test('a block that was not given back stays as it is', async () => {
  const memory = new BlockMemory(blockBytes, 1)
  const first = await blockOf(memory, 'first')
  await blockOf(memory, 'second')
  expect(first.toString()).toBe('first')
})

test('no more blocks are kept than was said, and none of another length', async () => {
  const memory = new BlockMemory(blockBytes, 1)
  const long = await blockOf(memory, 'x'.repeat(blockBytes * 3))
  const [one, other] = [await blockOf(memory, 'one'), await blockOf(memory, 'other')]
  for (const rows of [long, Buffer.from('of a pool'), one, other]) memory.takeBack(rows)
  expect(memory.lend(1).buffer).toBe(one.buffer)
  expect(memory.lend(1).buffer).not.toBe(other.buffer)
  expect(memory.lend(1).length).toBe(blockSize(blockBytes))
})
