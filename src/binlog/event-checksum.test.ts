import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BinlogChecksumError } from './errors.ts'
import { EventChecksum } from './event-checksum.ts'
import { EventType } from './event-type.ts'

function signed(type: number, body: Buffer, alter: (event: Buffer) => void = () => {}): Buffer {
  const event = Buffer.concat([Buffer.alloc(19), body])
  event.writeUInt8(type, 4)
  alter(event)
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32LE(crc32(event))
  return Buffer.concat([event, checksum])
}

const anyBody = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))

test('an untouched event passes and loses its checksum', () => {
  fc.assert(
    fc.property(anyBody, (body) => {
      const event = signed(EventType.Query, body)
      expect(new EventChecksum('crc32', true).strip(event)).toEqual(event.subarray(0, -4))
    }),
  )
})

test('one bit turned over anywhere is noticed', () => {
  fc.assert(
    fc.property(anyBody, fc.nat(), fc.nat(7), (body, place, bit) => {
      const event = signed(EventType.Xid, body)
      const at = place % event.length
      event.writeUInt8(event.readUInt8(at) ^ (1 << bit), at)
      // A bit of the type may make it a format description, which says itself whether it is signed.
      fc.pre(event.readUInt8(4) !== EventType.FormatDescription)
      expect(() => new EventChecksum('crc32', true).strip(event)).toThrow(BinlogChecksumError)
    }),
  )
})

test('a format description says what the events after it carry', () => {
  const checksum = new EventChecksum('none', true)
  const plain = Buffer.alloc(30)
  plain.writeUInt8(EventType.Query, 4)
  expect(checksum.strip(plain)).toHaveLength(30)
  checksum.strip(signed(EventType.FormatDescription, Buffer.from([0, 0, 1])))
  expect(checksum.strip(signed(EventType.Query, Buffer.alloc(11)))).toHaveLength(30)
  checksum.strip(signed(EventType.FormatDescription, Buffer.from([0, 0, 0])))
  expect(checksum.strip(plain)).toHaveLength(30)
})

test('a format description of a file in use was signed without that flag', () => {
  const event = signed(EventType.FormatDescription, Buffer.from([0, 0, 1]))
  event.writeUInt16LE(1, 17)
  expect(new EventChecksum('crc32', true).strip(event)).toHaveLength(22)
})

test('without checking, checksums are still cut off', () => {
  const event = signed(EventType.Xid, Buffer.alloc(8))
  event.writeUInt8(99, 20)
  expect(new EventChecksum('crc32', false).strip(event)).toHaveLength(27)
})
