/**
 * MySQL's binary JSON, read into a small tree that loses nothing: the type of each number, and values that JSON has no
 * text for (dates, decimals, bytes).
 *
 *     type(1) value;  objects: count size key-entries value-entries keys values;  arrays: count size entries values
 *
 * Counts and offsets have two bytes in small containers and four in large ones; numbers that fit are stored in the entry.
 * Source: sql-common/json_binary.cc and json_binary.h.
 */
import { decimalText } from './decimal.ts'
import { MalformedEventError } from './errors.ts'
import { packedDatetimeText, packedTimeText } from './temporal.ts'

export type JsonNode =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'integer'; readonly value: bigint; readonly isUnsigned: boolean }
  | { readonly kind: 'double'; readonly value: number }
  /** UTF-8. */
  | { readonly kind: 'string'; readonly bytes: Buffer }
  | { readonly kind: 'decimal'; readonly text: string; readonly precision: number; readonly scale: number }
  | { readonly kind: 'date' | 'time' | 'datetime' | 'timestamp'; readonly text: string }
  /** Any other server type, for example 252 BLOB or 16 BIT. */
  | { readonly kind: 'opaque'; readonly type: number; readonly bytes: Buffer }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'object'; readonly members: readonly { readonly key: Buffer; readonly value: JsonNode }[] }

const type = {
  smallObject: 0x00,
  largeObject: 0x01,
  smallArray: 0x02,
  largeArray: 0x03,
  literal: 0x04,
  int16: 0x05,
  uint16: 0x06,
  int32: 0x07,
  uint32: 0x08,
  int64: 0x09,
  uint64: 0x0a,
  double: 0x0b,
  string: 0x0c,
  opaque: 0x0f,
} as const

const serverType = { timestamp: 7, date: 10, time: 11, datetime: 12, newDecimal: 246 } as const

/** Reads a document; no bytes at all mean JSON null. @throws MalformedEventError */
export function readJson(bytes: Buffer): JsonNode {
  if (bytes.length === 0) return { kind: 'null' }
  try {
    return readValue(bytes, bytes.readUInt8(0), 1)
  } catch (cause) {
    if (cause instanceof RangeError) throw new MalformedEventError('a JSON value ends in the middle', { cause })
    throw cause
  }
}

function readValue(bytes: Buffer, kind: number, at: number): JsonNode {
  switch (kind) {
    case type.smallObject:
    case type.largeObject:
      return readObject(bytes, at, kind === type.largeObject ? 4 : 2)
    case type.smallArray:
    case type.largeArray:
      return readArray(bytes, at, kind === type.largeArray ? 4 : 2)
    case type.string: {
      const { length, start } = readLength(bytes, at)
      return { kind: 'string', bytes: slice(bytes, start, length) }
    }
    case type.opaque:
      return readOpaque(bytes, at)
    default:
      return readScalar(bytes, kind, at)
  }
}

function readScalar(bytes: Buffer, kind: number, at: number): JsonNode {
  switch (kind) {
    case type.literal: {
      const literal = bytes.readUInt8(at)
      return literal === 0 ? { kind: 'null' } : { kind: 'boolean', value: literal === 1 }
    }
    case type.int16:
      return { kind: 'integer', value: BigInt(bytes.readInt16LE(at)), isUnsigned: false }
    case type.uint16:
      return { kind: 'integer', value: BigInt(bytes.readUInt16LE(at)), isUnsigned: true }
    case type.int32:
      return { kind: 'integer', value: BigInt(bytes.readInt32LE(at)), isUnsigned: false }
    case type.uint32:
      return { kind: 'integer', value: BigInt(bytes.readUInt32LE(at)), isUnsigned: true }
    case type.int64:
      return { kind: 'integer', value: bytes.readBigInt64LE(at), isUnsigned: false }
    case type.uint64:
      return { kind: 'integer', value: bytes.readBigUInt64LE(at), isUnsigned: true }
    case type.double:
      return { kind: 'double', value: bytes.readDoubleLE(at) }
    default:
      throw new MalformedEventError(`a JSON value has the unknown type ${kind}`)
  }
}

function readObject(bytes: Buffer, at: number, width: 2 | 4): JsonNode {
  const count = bytes.readUIntLE(at, width)
  const keysAt = at + 2 * width
  const valuesAt = keysAt + count * (width + 2)
  const members: { key: Buffer; value: JsonNode }[] = []
  for (let index = 0; index < count; index += 1) {
    const entry = keysAt + index * (width + 2)
    const key = slice(bytes, at + bytes.readUIntLE(entry, width), bytes.readUInt16LE(entry + width))
    members.push({ key, value: readEntry(bytes, at, valuesAt + index * (width + 1), width) })
  }
  return { kind: 'object', members }
}

function readArray(bytes: Buffer, at: number, width: 2 | 4): JsonNode {
  const count = bytes.readUIntLE(at, width)
  const items: JsonNode[] = []
  for (let index = 0; index < count; index += 1)
    items.push(readEntry(bytes, at, at + 2 * width + index * (width + 1), width))
  return { kind: 'array', items }
}

/** A type and either the value itself or where it lies, counted from the container's start. */
function readEntry(bytes: Buffer, containerAt: number, entry: number, width: 2 | 4): JsonNode {
  const kind = bytes.readUInt8(entry)
  const isInline =
    kind === type.literal ||
    kind === type.int16 ||
    kind === type.uint16 ||
    (width === 4 && (kind === type.int32 || kind === type.uint32))
  return readValue(bytes, kind, isInline ? entry + 1 : containerAt + bytes.readUIntLE(entry + 1, width))
}

function readOpaque(bytes: Buffer, at: number): JsonNode {
  const kind = bytes.readUInt8(at)
  const { length, start } = readLength(bytes, at + 1)
  const value = slice(bytes, start, length)
  switch (kind) {
    case serverType.newDecimal: {
      const [precision, scale] = [value.readUInt8(0), value.readUInt8(1)]
      return { kind: 'decimal', text: decimalText(value, 2, precision, scale), precision, scale }
    }
    case serverType.date:
      return { kind: 'date', text: packedDatetimeText(value.readBigInt64LE(0), 'date') }
    case serverType.datetime:
      return { kind: 'datetime', text: packedDatetimeText(value.readBigInt64LE(0), 'datetime') }
    case serverType.timestamp:
      return { kind: 'timestamp', text: packedDatetimeText(value.readBigInt64LE(0), 'datetime') }
    case serverType.time:
      return { kind: 'time', text: packedTimeText(value.readBigInt64LE(0)) }
    default:
      return { kind: 'opaque', type: kind, bytes: value }
  }
}

/** Seven bits a byte, lowest first, the high bit says that more follow. */
function readLength(bytes: Buffer, at: number): { length: number; start: number } {
  let length = 0
  for (let index = 0; index < 5; index += 1) {
    const byte = bytes.readUInt8(at + index)
    length += (byte & 0x7f) * 2 ** (7 * index)
    if ((byte & 0x80) === 0) return { length, start: at + index + 1 }
  }
  throw new MalformedEventError('a JSON value has a length of more than 5 bytes')
}

function slice(bytes: Buffer, start: number, length: number): Buffer {
  if (start + length > bytes.length) throw new RangeError('past the end')
  return bytes.subarray(start, start + length)
}
