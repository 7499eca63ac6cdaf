import { expect, test } from 'vitest'
import { readEvents, type ServerEvent } from './event-stream.ts'

async function read(...chunks: readonly (string | Buffer)[]): Promise<readonly ServerEvent[]> {
  const events: ServerEvent[] = []
  async function* stream() {
    yield* chunks
  }
  for await (const event of readEvents(stream())) events.push(event)
  return events
}

test('events are read however they are cut, comments are passed over', async () => {
  const text = ': hello\n\nevent: output\ndata: {"offset":0,"text":"größe\\n"}\n\n: tick\n\nevent: end\ndata: {}\n\n'
  const expected = [
    { event: 'output', data: { offset: 0, text: 'größe\n' } },
    { event: 'end', data: {} },
  ]
  expect(await read(text)).toEqual(expected)
  const bytes = Buffer.from(text)
  expect(await read(...[...bytes.keys()].map((at) => bytes.subarray(at, at + 1)))).toEqual(expected)
})

test('data of several lines is one, and an event that was cut off is none', async () => {
  expect(await read('data: [1,\r\ndata: 2]\r\n\r\n', 'event: x\ndata: 3')).toEqual([{ event: 'message', data: [1, 2] }])
})
