/**
 * Frames as bytes.
 *
 *     frame      = version:1  epoch:varint  number:varint  positions:json  count:varint  item*count
 *     positions  = { "before": Position, "after": Position }
 *     item       = code:1  fields, by code:
 *       1 epoch      source:json
 *       2 format     event:bytes
 *       3 begin      gtid:text  serverId:varint
 *       4 event      event:bytes
 *       5 statement  event:bytes
 *       6 commit     ended
 *       7 skip       gtid:text  ended
 *       8 ddl        event:bytes  gtid:text  ended
 *       9 copy       tables:json
 *      10 structure  object:json
 *      11 chunk      everything but the rows:json  rows:bytes
 *      12 copied
 *      13 heartbeat  sourceMicros:uint64
 *     ended      = file:text  offset:varint  micros:uint64  isExact:1
 *     varint     = LEB128, unsigned; bytes, text (UTF-8) and json come after their length as a varint
 *     uint64     = 8 bytes, little endian
 *
 * Easy to get wrong: a GTID that is null is written as the empty text, which no GTID is. Decoded bytes are views of the
 * frame: keep them only as long as it may stay in memory.
 */
import type { Position } from '../../binlog/position.ts'
import type { CommitTime } from '../../binlog/transaction-part.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { FrameVersionError, MalformedFrameError } from './errors.ts'
import type { BinlogPlace, ChunkPiece, Frame, FrameItem } from './frame.ts'

/** Raised whenever a reader of the version before would misread a frame. */
export const frameVersion = 1

const code = {
  epoch: 1,
  format: 2,
  begin: 3,
  event: 4,
  statement: 5,
  commit: 6,
  skip: 7,
  ddl: 8,
  copy: 9,
  structure: 10,
  chunk: 11,
  copied: 12,
  heartbeat: 13,
} as const satisfies Record<FrameItem['kind'], number>

/** What a frame says besides its items. */
export type FrameHeader = Omit<Frame, 'items'>

export function encodeFrame(frame: Frame): Buffer {
  const items = new ByteWriter()
  for (const item of frame.items) writeItem(items, item)
  return assembleFrame(frame, frame.items.length, [items.written()])
}

/**
 * A frame from items that were written before, with `writeItem`; their bytes follow each other.
 *
 * @param lend memory of that many bytes, to make the frame in
 */
export function assembleFrame(
  header: FrameHeader,
  itemCount: number,
  items: readonly Uint8Array[],
  lend: (sizeBytes: number) => Buffer = Buffer.allocUnsafe,
): Buffer {
  const head = new ByteWriter(256)
  head.byte(frameVersion)
  head.varint(header.epoch)
  head.varint(header.number)
  head.json({ before: header.before, after: header.after })
  head.varint(itemCount)
  const parts = [head.written(), ...items]
  const frame = lend(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    frame.set(part, at)
    at += part.length
  }
  return frame
}

/**
 * Reads a frame; bytes in it are views of `bytes`.
 *
 * @throws FrameVersionError for another format, MalformedFrameError for bytes that are none
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  const reader = new ByteReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  const version = reader.byte()
  if (version !== frameVersion)
    throw new FrameVersionError(
      `a frame of format ${version} can't be read by this version, which knows format ${frameVersion}; run the same ` +
        `version of Millrace on every node`,
    )
  const epoch = reader.varint()
  const number = reader.varint()
  const { before, after } = reader.json() as { before: Position; after: Position }
  const count = reader.varint()
  const items: FrameItem[] = []
  for (let index = 0; index < count; index += 1) items.push(readItem(reader))
  if (!reader.isAtEnd) throw new MalformedFrameError(`frame ${number} of epoch ${epoch} has bytes after its last item`)
  return { epoch, number, before, after, items }
}

export function writeItem(writer: ByteWriter, item: FrameItem): void {
  writer.byte(code[item.kind])
  switch (item.kind) {
    case 'epoch':
      writer.json(item.source)
      break
    case 'format':
    case 'event':
    case 'statement':
      writer.bytes(item.event)
      break
    case 'begin':
      writer.text(item.gtid ?? '')
      writer.varint(item.serverId)
      break
    case 'commit':
      writeEnd(writer, item)
      break
    case 'skip':
      writer.text(item.gtid ?? '')
      writeEnd(writer, item)
      break
    case 'ddl':
      writer.bytes(item.event)
      writer.text(item.gtid ?? '')
      writeEnd(writer, item)
      break
    default:
      writeCopyItem(writer, item)
  }
}

type CopyItem = Extract<FrameItem, { kind: 'copy' | 'structure' | 'chunk' | 'copied' | 'heartbeat' }>

function writeCopyItem(writer: ByteWriter, item: CopyItem): void {
  switch (item.kind) {
    case 'copy':
      writer.json(item.tables)
      break
    case 'structure':
      writer.json(item.object)
      break
    case 'chunk':
      writeDescription(writer, item.chunk)
      writer.bytes(item.chunk.rows)
      break
    case 'copied':
      break
    case 'heartbeat':
      writer.uint64(item.sourceMicros)
      break
  }
}

/** Everything of a chunk item but the rows themselves, which the caller puts behind it. */
export function writeChunkHead(writer: ByteWriter, chunk: ChunkPiece): void {
  writer.byte(code.chunk)
  writeDescription(writer, chunk)
  writer.varint(chunk.rows.length)
}

function writeDescription(writer: ByteWriter, { rows: _rows, ...description }: ChunkPiece): void {
  writer.json(description)
}

type ItemEnd = { readonly place: BinlogPlace; readonly committed: CommitTime }

function writeEnd(writer: ByteWriter, { place, committed }: ItemEnd): void {
  writer.text(place.file)
  writer.varint(place.offset)
  writer.uint64(committed.micros)
  writer.byte(committed.isExact ? 1 : 0)
}

function readItem(reader: ByteReader): FrameItem {
  const itemCode = reader.byte()
  switch (itemCode) {
    case code.epoch:
      return { kind: 'epoch', source: reader.json() as Extract<FrameItem, { kind: 'epoch' }>['source'] }
    case code.format:
      return { kind: 'format', event: reader.bytes() }
    case code.begin:
      return { kind: 'begin', gtid: reader.text() || null, serverId: reader.varint() }
    case code.event:
      return { kind: 'event', event: reader.bytes() }
    case code.statement:
      return { kind: 'statement', event: reader.bytes() }
    case code.commit:
      return { kind: 'commit', ...readEnd(reader) }
    case code.skip:
      return { kind: 'skip', gtid: reader.text() || null, ...readEnd(reader) }
    case code.ddl:
      return { kind: 'ddl', event: reader.bytes(), gtid: reader.text() || null, ...readEnd(reader) }
    default:
      return readCopyItem(reader, itemCode)
  }
}

function readCopyItem(reader: ByteReader, itemCode: number): FrameItem {
  switch (itemCode) {
    case code.copy:
      return { kind: 'copy', tables: reader.json() as Extract<FrameItem, { kind: 'copy' }>['tables'] }
    case code.structure:
      return { kind: 'structure', object: reader.json() as Extract<FrameItem, { kind: 'structure' }>['object'] }
    case code.chunk: {
      const description = reader.json() as Omit<ChunkPiece, 'rows'>
      return { kind: 'chunk', chunk: { ...description, rows: reader.bytes() } }
    }
    case code.copied:
      return { kind: 'copied' }
    case code.heartbeat:
      return { kind: 'heartbeat', sourceMicros: reader.uint64() }
    default:
      throw new MalformedFrameError(`a frame has an item of the unknown kind ${itemCode}`)
  }
}

function readEnd(reader: ByteReader): ItemEnd {
  const place = { file: reader.repeatedText(), offset: reader.varint() }
  return { place, committed: { micros: reader.uint64(), isExact: reader.byte() === 1 } }
}
