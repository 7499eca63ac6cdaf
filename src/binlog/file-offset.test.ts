import { expect, test } from 'vitest'
import { EventType } from './event-type.ts'
import { FileOffset } from './file-offset.ts'
import { FileSkipper } from './file-skipper.ts'
import { type RawEvent, rawEvent } from './raw-event.ts'

function event(type: number, logPos: number, body: Buffer = Buffer.alloc(0)): RawEvent {
  const buffer = Buffer.concat([Buffer.alloc(19), body])
  buffer.writeUInt8(type, 4)
  buffer.writeUInt32LE(buffer.length, 9)
  buffer.writeUInt32LE(logPos, 13)
  return rawEvent(buffer)
}

function rotate(file: string, offset: number): RawEvent {
  const position = Buffer.alloc(8)
  position.writeBigUInt64LE(BigInt(offset))
  return event(EventType.Rotate, 0, Buffer.concat([position, Buffer.from(file)]))
}

test('the offset goes on past 4 GiB, where an event’s own 32 bits begin again', () => {
  const place = new FileOffset('binlog.000001', 4_294_967_000)
  place.advance(event(EventType.Xid, 200))
  expect(place.offset).toBe(2 ** 32 + 200)
  place.advance(event(EventType.Xid, 700))
  expect(place.offset).toBe(2 ** 32 + 700)
  place.advance(event(EventType.Xid, 500))
  expect(place.offset).toBe(2 * 2 ** 32 + 500)
})

test('events that are in no file move nothing', () => {
  const place = new FileOffset('binlog.000001', 1_000)
  place.advance(event(EventType.Gtid, 0))
  place.advance(event(EventType.FormatDescription, 0))
  place.advance(event(EventType.FormatDescription, 127))
  expect(place).toEqual({ file: 'binlog.000001', offset: 1_000 })
})

test('a rotate event moves to the next file, also past number 999999', () => {
  const place = new FileOffset('binlog.999999', 1_000)
  place.advance(rotate('binlog.1000000', 4))
  expect(place).toEqual({ file: 'binlog.1000000', offset: 4 })
})

test('a heartbeat of the same file moves the offset, of another file it does not', () => {
  const place = new FileOffset('binlog.000002', 100)
  place.advance(event(EventType.Heartbeat, 900, Buffer.from('binlog.000001')))
  expect(place.offset).toBe(100)
  place.advance(event(EventType.Heartbeat, 900, Buffer.from('binlog.000002')))
  expect(place.offset).toBe(900)
})

test('a start past 4 GiB is reached by skipping what was seen, and nothing after it', () => {
  const skipper = new FileSkipper({ file: 'binlog.000001', offset: 2 ** 32 + 500 })
  const events = [
    rotate('binlog.000001', 4),
    event(EventType.FormatDescription, 127),
    event(EventType.Xid, 4_000_000_000),
    event(EventType.Xid, 100),
    event(EventType.Xid, 500),
    event(EventType.Gtid, 600),
    event(EventType.Xid, 700),
  ]
  expect(events.map((each) => skipper.skips(each))).toEqual([false, false, true, true, true, false, false])
})
