/**
 * Rows events made of row images, in the form in which the source's own came.
 *
 *     header(19) table-id(6) flags(2) [v2: extra-length(2) = 2] columns(lenenc) present-bits [present-bits after] images
 *
 * Easy to get wrong: extra data (a partition's number, for instance) belongs to the event that it came with, and is left
 * out.
 */
import { EventType, rowsEventKind } from '../../binlog/event-type.ts'
import { eventHeaderBytes, type RawEvent, rawEvent } from '../../binlog/raw-event.ts'
import { decodeRowsHead, plainRowsEvent, RowsFlag } from '../../binlog/rows-event.ts'
import { freeBytes } from '../../core/free-bytes.ts'
import type { KeyImages } from './key-images.ts'
import type { MergedRowSink, RowsKind } from './merged-table.ts'

/** An event takes no further row once it is this long. */
const eventBytes = 128 * 1024
const smallestBytes = 2 * 1024
/** Smaller events share their memory with others, and are left to the engine. */
const leastOwnBytes = 32 * 1024
const sizeAt = 9
const flagsAt = eventHeaderBytes + 6

const versionOneTypes: Record<RowsKind, number> = {
  write: EventType.WriteRowsV1,
  update: EventType.UpdateRowsV1,
  delete: EventType.DeleteRowsV1,
}
const versionTwoTypes: Record<RowsKind, number> = {
  write: EventType.WriteRows,
  update: EventType.UpdateRows,
  delete: EventType.DeleteRows,
}

/** Events of one table. All columns are in every image, or only those of keys in images of before. */
export class MergedEvents implements MergedRowSink {
  readonly events: RawEvent[] = []
  readonly #heads: Readonly<Record<RowsKind, Buffer>>
  #kind: RowsKind = 'write'
  #buffer = Buffer.alloc(0)
  #length = 0
  /** What is known to come, of which nothing has been made yet. */
  #expectedBytes: number

  /**
   * @param model an event of the table, with all columns; its server, time and version are taken over
   * @param keyImages what images before a change are; null: whole
   * @param expectedBytes of rows, where that is known: memory for them is taken at once
   */
  constructor(model: RawEvent, keyImages: KeyImages | null, expectedBytes = 0) {
    this.#expectedBytes = expectedBytes
    const plain = plainRowsEvent(model)
    const head = (kind: RowsKind) => headOf(plain, kind, keyImages)
    this.#heads = { write: head('write'), update: head('update'), delete: head('delete') }
  }

  /** Of one row, or of several in `before`. */
  row(kind: RowsKind, before: Uint8Array | null, after: Uint8Array | null): void {
    const size = (before?.length ?? 0) + (after?.length ?? 0)
    if (this.#length > 0 && (kind !== this.#kind || this.#length + size > eventBytes)) this.end()
    if (this.#length === 0) this.#begin(kind, size)
    if (before !== null) this.#add(before)
    if (after !== null) this.#add(after)
  }

  /** The last event is whole. */
  end(): void {
    if (this.#length === 0) return
    const bytes = this.#buffer.subarray(0, this.#length)
    bytes.writeUInt32LE(bytes.length, sizeAt)
    this.#expectedBytes = Math.max(0, this.#expectedBytes - bytes.length)
    this.events.push(rawEvent(bytes))
    this.#length = 0
  }

  #begin(kind: RowsKind, firstBytes: number): void {
    const head = this.#heads[kind]
    this.#kind = kind
    const wanted = Math.min(eventBytes, head.length + this.#expectedBytes)
    this.#buffer = memoryOf(Math.max(smallestBytes, head.length + firstBytes, wanted))
    this.#length = 0
    this.#add(head)
  }

  #add(bytes: Uint8Array): void {
    const end = this.#length + bytes.length
    if (end > this.#buffer.length) {
      const larger = memoryOf(Math.max(end, this.#buffer.length * 2))
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    this.#buffer.set(bytes, this.#length)
    this.#length = end
  }
}

/** Gives the memory of an event back that was made here, when nobody looks at it any more. */
export function freeMergedEvent({ buffer }: RawEvent): void {
  if (buffer.length >= leastOwnBytes) freeBytes(new Uint8Array(buffer.buffer))
}

function memoryOf(sizeBytes: number): Buffer<ArrayBuffer> {
  return sizeBytes >= leastOwnBytes ? Buffer.allocUnsafeSlow(sizeBytes) : Buffer.allocUnsafe(sizeBytes)
}

function headOf(model: RawEvent, kind: RowsKind, keyImages: KeyImages | null): Buffer {
  const { buffer, header, bodyOffset } = model
  const { columnCount, rowsOffset, flags } = decodeRowsHead(model)
  const isVersionTwo = header.type === EventType.PartialUpdateRows || header.type >= EventType.WriteRows
  const bitmapBytes = (columnCount + 7) >> 3
  const bitmaps = rowsEventKind(header.type) === 'update' ? 2 : 1
  const countEnd = rowsOffset - bitmaps * bitmapBytes
  const countBytes = countEnd - (bodyOffset + 8 + (isVersionTwo ? buffer.readUInt16LE(bodyOffset + 8) : 0))
  const present = buffer.subarray(countEnd, countEnd + bitmapBytes)
  const head = Buffer.concat([
    buffer.subarray(0, bodyOffset + 8),
    isVersionTwo ? Buffer.of(2, 0) : Buffer.alloc(0),
    buffer.subarray(countEnd - countBytes, countEnd),
    kind === 'write' ? present : (keyImages?.present ?? present),
    kind === 'update' ? present : Buffer.alloc(0),
  ])
  head.writeUInt8((isVersionTwo ? versionTwoTypes : versionOneTypes)[kind], 4)
  const isComplete = kind === 'write' || keyImages === null
  head.writeUInt16LE(RowsFlag.StatementEnd | (isComplete ? flags & RowsFlag.CompleteRows : 0), flagsAt)
  return head
}
