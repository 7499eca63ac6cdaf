import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BinlogStatements, encodeEventForBinlogStatement } from './binlog-statement.ts'
import { EventType } from './event-type.ts'
import { type RawEvent, rawEvent } from './raw-event.ts'

const headerBytes = 19

function eventOf(body: Uint8Array): RawEvent {
  const bytes = Buffer.concat([Buffer.alloc(headerBytes), body])
  bytes.writeUInt8(EventType.WriteRows, 4)
  bytes.writeUInt32LE(bytes.length, 9)
  return rawEvent(bytes)
}

const statements = new BinlogStatements()

test('a statement holds the text of its events, wherever their ends fall', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 5 }), (bodies) => {
      const events = bodies.map(eventOf)
      const text = statements.statementOf(events).toString('latin1')
      expect(text).toBe(`BINLOG '${encodeEventForBinlogStatement(null, events)}'`)
    }),
  )
})

test.each([48 * 1024 - headerBytes, 48 * 1024 - headerBytes + 1, 200_000])(
  'an event of %i bytes is written piece by piece',
  (bodyBytes) => {
    const events = [eventOf(Buffer.alloc(bodyBytes, 7)), eventOf(Buffer.alloc(5, 9))]
    const text = statements.statementOf(events).toString('latin1')
    expect(text).toBe(`BINLOG '${encodeEventForBinlogStatement(null, events)}'`)
  },
)
