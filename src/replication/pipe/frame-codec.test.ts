import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Position } from '../../binlog/position.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { FrameVersionError, MalformedFrameError } from './errors.ts'
import type { Frame, FrameItem } from './frame.ts'
import { FrameBuilder } from './frame-builder.ts'
import { decodeFrame, encodeFrame } from './frame-codec.ts'

const text = fc.string({ unit: 'grapheme' })
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const micros = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const gtid = fc.option(text.filter((value) => value !== ''))
const key = fc.option(fc.array(fc.base64String()))
const ended = {
  place: fc.record({ file: text, offset: count }),
  committed: fc.record({ micros, isExact: fc.boolean() }),
}

const position: fc.Arbitrary<Position> = fc.oneof(
  fc.record({ kind: fc.constant('mysql-gtid' as const), executed: text, file: text, offset: count }),
  fc.record({ kind: fc.constant('mariadb-gtid' as const), gtid: text, file: text, offset: count }),
  fc.record({ kind: fc.constant('file' as const), file: text, offset: count }),
)

const copyTable = fc.record({
  tableId: fc.nat(),
  schema: text,
  table: text,
  columns: fc.array(
    fc.record({
      name: text,
      cellKind: fc.constantFrom('number' as const, 'bytes' as const, 'json' as const),
      characterSet: fc.option(text),
    }),
  ),
  keyColumns: fc.array(text),
  estimatedRows: count,
  estimatedBytes: count,
})

const chunk = fc.record({
  tableId: fc.nat(),
  after: key,
  upTo: key,
  piece: fc.nat(),
  isLast: fc.boolean(),
  isReread: fc.boolean(),
  keys: fc.array(fc.array(fc.base64String())),
  rowCount: fc.nat(),
  rows: bytes,
})

const item: fc.Arbitrary<FrameItem> = fc.oneof(
  fc.record({
    kind: fc.constant('epoch' as const),
    source: fc.record({
      vendor: fc.constantFrom('mysql' as const, 'mariadb' as const),
      version: text,
      serverId: fc.nat(),
      serverUuid: text,
      lowerCaseTableNames: fc.nat({ max: 2 }),
      characterSetServer: text,
      collationServer: text,
    }),
  }),
  fc.record({ kind: fc.constantFrom('format' as const, 'event' as const, 'statement' as const), event: bytes }),
  fc.record({ kind: fc.constant('begin' as const), gtid, serverId: fc.nat({ max: 0xffff_ffff }) }),
  fc.record({ kind: fc.constant('commit' as const), ...ended }),
  fc.record({ kind: fc.constant('skip' as const), gtid, ...ended }),
  fc.record({ kind: fc.constant('ddl' as const), event: bytes, gtid, ...ended }),
  fc.record({ kind: fc.constant('copy' as const), tables: fc.array(copyTable, { maxLength: 3 }) }),
  fc.record({
    kind: fc.constant('structure' as const),
    object: fc.record({
      kind: fc.constantFrom('schema' as const, 'table' as const, 'view' as const),
      schema: text,
      name: text,
      createSql: text,
      sqlMode: text,
      when: fc.constantFrom('before-rows' as const, 'after-rows' as const),
    }),
  }),
  fc.record({ kind: fc.constant('chunk' as const), chunk }),
  fc.constant({ kind: 'copied' as const }),
  fc.record({ kind: fc.constant('heartbeat' as const), sourceMicros: micros }),
)

const frame: fc.Arbitrary<Frame> = fc.record({
  epoch: count,
  number: count,
  before: position,
  after: position,
  items: fc.array(item, { maxLength: 8 }),
})

test('any frame is the same after encoding and decoding', () => {
  fc.assert(
    fc.property(frame, (value) => {
      expect(decodeFrame(encodeFrame(value))).toEqual(value)
    }),
  )
})

test('a frame collected item by item has the bytes of one encoded at once', () => {
  fc.assert(
    fc.property(frame, (value) => {
      const builder = new FrameBuilder()
      for (const each of value.items) builder.add(each)
      expect(builder.finish(value).equals(encodeFrame(value))).toBe(true)
    }),
  )
})

test('a frame cut short anywhere is refused, never misread', () => {
  fc.assert(
    fc.property(frame, fc.nat(), (value, cut) => {
      const encoded = encodeFrame(value)
      expect(() => decodeFrame(encoded.subarray(0, cut % encoded.length))).toThrow(MalformedFrameError)
    }),
  )
})

test('decoded bytes are views of the frame, not copies', () => {
  const event = Buffer.from('event')
  const encoded = encodeFrame({ ...emptyFrame, items: [{ kind: 'event', event }] })
  const [decoded] = decodeFrame(encoded).items
  expect(decoded?.kind === 'event' && decoded.event.buffer).toBe(encoded.buffer)
})

test('a frame of a later format is refused with the cure', () => {
  const encoded = encodeFrame(emptyFrame)
  encoded[0] = 9
  expect(() => decodeFrame(encoded)).toThrow(FrameVersionError)
})

test('bytes after the last item are refused', () => {
  expect(() => decodeFrame(Buffer.concat([encodeFrame(emptyFrame), Buffer.of(0)]))).toThrow(MalformedFrameError)
})

test('every number up to 2^53 survives as a varint', () => {
  fc.assert(
    fc.property(count, (value) => {
      const writer = new ByteWriter(1)
      writer.varint(value)
      expect(new ByteReader(writer.written()).varint()).toBe(value)
    }),
  )
})

const start: Position = { kind: 'file', file: 'binlog.000001', offset: 4 }
const emptyFrame: Frame = { epoch: 1, number: 0, before: start, after: start, items: [] }
