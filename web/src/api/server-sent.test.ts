import { expect, test } from 'vitest'
import { ServerSentParser, serverSent } from './server-sent.ts'

const text =
  ': a comment\n\nevent: hello\ndata: {"node_name":"a"}\n\nevent: cluster\r\ndata: {}\r\n\r\ndata: line 1\ndata: line 2\n\n'
const events = [
  { kind: 'hello', data: { node_name: 'a' } },
  { kind: 'cluster', data: {} },
  { kind: 'message', data: 'line 1\nline 2' },
]

test('events come out whole, however the text is cut', () => {
  for (let size = 1; size <= text.length; size++) {
    const parser = new ServerSentParser()
    const found = []
    for (let at = 0; at < text.length; at += size) found.push(...parser.push(text.slice(at, at + size)))
    expect(found).toEqual(events)
  }
})

test('an event without data is none', () => {
  expect(new ServerSentParser().push('event: cluster\n\n\n\nid: 7\n\n')).toEqual([])
})

test('letters that are cut between two packets stay whole', async () => {
  const bytes = new TextEncoder().encode('data: "übermäßig"\n\n')
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
      controller.close()
    },
  })
  expect(await Array.fromAsync(serverSent(body))).toEqual([{ kind: 'message', data: 'übermäßig' }])
})

test('who stops reading ends the stream', async () => {
  let isCancelled = false
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
    cancel() {
      isCancelled = true
    },
  })
  for await (const { data } of serverSent(body)) {
    expect(data).toBe(1)
    break
  }
  expect(isCancelled).toBe(true)
})
