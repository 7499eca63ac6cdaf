import { expect, test } from 'vitest'
import { MessageGatherer } from './message-gatherer.ts'

const payload = Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 7) % 256))
const long = Buffer.concat([
  Buffer.from('INFO {"max_payload":1048576}\r\nPING\r\n'),
  Buffer.from(`MSG frames.a 12 ${payload.length}\r\n`),
  payload,
  Buffer.from('\r\nPONG\r\n+OK\r\nMSG none 1 0\r\n\r\n'),
  Buffer.from(`HMSG frames.b 3 reply.to 12 ${payload.length}\r\n`),
  payload,
  Buffer.from('\r\nMSG small 4 5\r\nPING\n\r\nMSG other 1 3\r\nMSG\r\n'),
])

/** The chunks are copies: the gatherer may free them. */
function gathered(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const gatherer = new MessageGatherer()
  const given: Buffer[] = []
  const ends = [...cuts.toSorted((a, b) => a - b), bytes.length]
  for (const [index, end] of ends.entries()) {
    const chunk = Buffer.from(Uint8Array.from(bytes.subarray(ends[index - 1] ?? 0, end)).buffer)
    if (chunk.length > 0) gatherer.take(chunk, (whole) => given.push(Buffer.from(whole)))
  }
  return given
}

test('whatever the chunks, the bytes stay as they are and in their order', () => {
  for (let round = 0; round < 300; round += 1) {
    const cuts = Array.from({ length: round % 12 }, () => Math.floor(Math.random() * long.length))
    expect(Buffer.concat(gathered(long, cuts)).equals(long), `cut at ${cuts.join(', ')}`).toBe(true)
  }
  const everywhere = Array.from({ length: long.length }, (_, index) => index)
  expect(Buffer.concat(gathered(long, everywhere)).equals(long)).toBe(true)
})

test('a message comes in one piece with its line, however it was cut', () => {
  const start = long.indexOf('MSG frames.a')
  const whole = long.subarray(start, long.indexOf('PONG'))
  for (const cuts of [[start + 100], [start + 5, start + 100, start + 3_000], [start + 17], [start + 5_030]])
    expect(
      gathered(long, cuts).some((piece) => piece.includes(whole)),
      `cut at ${cuts.join(', ')}`,
    ).toBe(true)
})

test('what can be no message is passed on without waiting', () => {
  const strange = Buffer.from('MSG a 1 99999999999\r\nabc\r\nMSG\r\nHello 5\r\n')
  expect(Buffer.concat(gathered(strange, [])).subarray(0, 26).equals(strange.subarray(0, 26))).toBe(true)
})
