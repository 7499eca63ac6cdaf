import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PacketCutter } from './packet-cutter.ts'

const fullPacket = 0xff_ffff

/** As a server sends a message: packets of 16 MiB, the last one shorter, if need be empty. */
function packets(message: Buffer): Buffer[] {
  const all: Buffer[] = []
  for (let at = 0; ; at += fullPacket) {
    const payload = message.subarray(at, at + fullPacket)
    const head = Buffer.alloc(4)
    head.writeUIntLE(payload.length, 0, 3)
    head[3] = all.length
    all.push(head, payload)
    if (payload.length < fullPacket) return all
  }
}

function cut(chunks: readonly Buffer[]): Buffer[] {
  const messages: Buffer[] = []
  const cutter = new PacketCutter((buffer, start, end) => messages.push(Buffer.from(buffer.subarray(start, end))))
  for (const chunk of chunks) cutter.take(chunk)
  return messages
}

test('messages come whole and in order, wherever the bytes are cut', () => {
  const message = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
  const cuts = fc.array(fc.integer({ min: 0, max: 4_000 }))
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), cuts, (messages, places) => {
      const bytes = Buffer.concat(messages.flatMap(packets))
      const ends = [...places.filter((place) => place < bytes.length), bytes.length].toSorted((a, b) => a - b)
      const chunks = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
      expect(cut(chunks)).toEqual(messages)
    }),
  )
})

test.each([fullPacket - 1, fullPacket, fullPacket + 1, 2 * fullPacket, 2 * fullPacket + 5])(
  'a message of %i bytes comes whole, and the one after it',
  (size) => {
    const message = Buffer.alloc(size, 'millrace')
    const bytes = Buffer.concat([...packets(message), ...packets(Buffer.from('next'))])
    for (const chunkBytes of [65_536, bytes.length]) {
      const chunks: Buffer[] = []
      for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes))
      const messages = cut(chunks)
      expect(messages).toHaveLength(2)
      expect(messages[0]?.equals(message)).toBe(true)
      expect(messages[1]?.toString()).toBe('next')
    }
  },
)
