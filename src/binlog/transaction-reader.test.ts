import { describe, expect, test } from 'vitest'
import { BinlogIncidentError, BinlogSequenceError, MalformedEventError, UnknownEventError } from './errors.ts'
import { EventType } from './event-type.ts'
import type { Position } from './position.ts'
import { EventFlag, type RawEvent, rawEvent } from './raw-event.ts'
import { TransactionReader } from './transaction-reader.ts'

const uuid = '00000000-0000-0000-0000-000000000001'
const start: Position = { kind: 'mysql-gtid', executed: '', file: '', offset: 0 }

function event(type: number, logPos: number, body: Buffer = Buffer.alloc(0), flags = 0): RawEvent {
  const buffer = Buffer.concat([Buffer.alloc(19), body])
  buffer.writeUInt32LE(1_700_000_000, 0)
  buffer.writeUInt8(type, 4)
  buffer.writeUInt32LE(7, 5)
  buffer.writeUInt32LE(buffer.length, 9)
  buffer.writeUInt32LE(logPos, 13)
  buffer.writeUInt16LE(flags, 17)
  return rawEvent(buffer)
}

function gtid(number: bigint, logPos: number): RawEvent {
  const body = Buffer.alloc(25)
  body.writeUInt8(1, 16)
  body.writeBigInt64LE(number, 17)
  return event(EventType.Gtid, logPos, body)
}

function query(sql: string, logPos: number): RawEvent {
  return event(EventType.Query, logPos, Buffer.concat([Buffer.alloc(14), Buffer.from(sql)]))
}

const xid = (logPos: number) => event(EventType.Xid, logPos, Buffer.alloc(8))
const table = (logPos: number) => event(EventType.TableMap, logPos, Buffer.alloc(20))
const rows = (logPos: number) => event(EventType.WriteRows, logPos, Buffer.alloc(20))
const format = (logPos: number) => event(EventType.FormatDescription, logPos, Buffer.alloc(100))

function rotate(file: string): RawEvent {
  return event(
    EventType.Rotate,
    0,
    Buffer.concat([Buffer.from([4, 0, 0, 0, 0, 0, 0, 0]), Buffer.from(file)]),
    EventFlag.Artificial,
  )
}

function kindsOf(reader: TransactionReader, ...events: RawEvent[]): string[] {
  return [...reader.read(events)].map((part) => part.kind)
}

test('positions move only where a transaction ends', () => {
  const reader = new TransactionReader(start)
  expect(kindsOf(reader, rotate('b.1'), format(120))).toEqual(['idle', 'format'])
  const before = reader.position
  expect(kindsOf(reader, gtid(5n, 200), query('BEGIN', 300), table(400), rows(500))).toEqual([
    'begin',
    'table-map',
    'rows',
  ])
  expect(reader.isInTransaction).toBe(true)
  expect(reader.position).toEqual(before)
  expect(kindsOf(reader, xid(600))).toEqual(['commit'])
  expect(reader.position).toEqual({ kind: 'mysql-gtid', executed: `${uuid}:5`, file: 'b.1', offset: 600 })
})

test('a transaction that a crash cut off is rolled back by the next file, and its GTID is not counted', () => {
  const reader = new TransactionReader(start)
  const events = [rotate('b.1'), gtid(5n, 200), query('BEGIN', 300), table(400), rows(500), rotate('b.2'), format(120)]
  const parts = [...reader.read(events)]
  expect(parts.map((part) => part.kind)).toEqual(['idle', 'begin', 'table-map', 'rows', 'rollback', 'format'])
  expect(parts[4]).toMatchObject({ position: { executed: '' } })
  expect(kindsOf(reader, gtid(5n, 200), query('BEGIN', 300), xid(400))).toEqual(['begin', 'commit'])
})

test('a heartbeat inside a transaction or after its GTID gives no position', () => {
  const heartbeat = event(EventType.Heartbeat, 900, Buffer.from('b.1'))
  const reader = new TransactionReader(start)
  expect(kindsOf(reader, rotate('b.1'), heartbeat)).toEqual(['idle', 'idle'])
  expect(kindsOf(reader, gtid(5n, 1_000), heartbeat, query('BEGIN', 1_100), heartbeat, xid(1_200), heartbeat)).toEqual([
    'begin',
    'commit',
    'idle',
  ])
})

test('parts come as they are asked for, not all at once', () => {
  const reader = new TransactionReader(start)
  const parts = reader.read([query('BEGIN', 300), rows(500), rows(600), xid(700)])
  expect(parts.next().value).toMatchObject({ kind: 'begin' })
  expect(reader.isInTransaction).toBe(true)
  expect([...parts]).toHaveLength(3)
  expect(reader.isInTransaction).toBe(false)
})

describe('what must stop the reader', () => {
  test('an unknown event that may not be skipped, with its type and place', () => {
    const reader = new TransactionReader(start)
    const read = () => kindsOf(reader, rotate('b.7'), event(99, 4_321))
    expect(read).toThrow(UnknownEventError)
    expect(() => kindsOf(new TransactionReader(start), rotate('b.7'), event(99, 4_321))).toThrow(
      'unknown (99) ending at b.7:4321',
    )
  })

  test('an unknown event marked ignorable is skipped', () => {
    expect(kindsOf(new TransactionReader(start), event(99, 4_321, Buffer.alloc(3), EventFlag.Ignorable))).toEqual([])
  })

  test('an incident', () => {
    const incident = event(EventType.Incident, 500, Buffer.concat([Buffer.from([1, 0, 5]), Buffer.from('LOST!')]))
    expect(() => kindsOf(new TransactionReader(start), incident)).toThrow(BinlogIncidentError)
  })

  test.each([
    ['rows outside a transaction', [rows(500)]],
    ['a commit outside a transaction', [xid(500)]],
    ['a GTID inside a transaction', [gtid(1n, 100), query('BEGIN', 200), gtid(2n, 300)]],
    ['two GTIDs one after the other', [gtid(1n, 100), gtid(2n, 300)]],
  ])('%s', (_name, events) => {
    expect(() => kindsOf(new TransactionReader(start), ...events)).toThrow(BinlogSequenceError)
  })

  test('an event that ends too early', () => {
    expect(() => kindsOf(new TransactionReader(start), event(EventType.Gtid, 100, Buffer.alloc(5)))).toThrow(
      MalformedEventError,
    )
    expect(() => kindsOf(new TransactionReader(start), event(EventType.Query, 100, Buffer.alloc(5)))).toThrow(
      MalformedEventError,
    )
  })
})
