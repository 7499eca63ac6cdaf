/**
 * Rows events of one kind and one table that follow each other, put together row by row as they came: what one statement
 * over many rows leaves in a log. There is nothing to merge among them, so no row is remembered or moved.
 *
 * Easy to get wrong: whoever is given joined updates may write them in any order. So their keys must be known to differ,
 * which is cheap to see of numbers that rise, and none may change a column of a unique key.
 */
import type { RowsReader } from '../../binlog/rows-reader.ts'
import type { KeyImages } from './key-images.ts'
import { MergedEvents } from './merged-events.ts'
import { type RowKey, rowKeyOf } from './merged-key.ts'
import type { MergeShape, RowsKind } from './merged-table.ts'
import { type Change, hasAllColumns, type RowsChange } from './row-changes.ts'

/** On average; a source makes events of about 8 KB of a statement over many rows. */
const largeEventBytes = 4 * 1024

export interface JoinedEvents {
  readonly events: MergedEvents
  readonly rowCount: number
}

/** True for changes that are worth a try: large events of one table and kind. */
export function mayBeJoined(changes: readonly Change[]): changes is readonly RowsChange[] {
  const [first] = changes
  if (first?.kind !== 'rows') return false
  const { type, serverId } = first.event.header
  let sizeBytes = 0
  for (const change of changes) {
    if (change.kind !== 'rows' || change.table !== first.table) return false
    const { header, buffer } = change.event
    if (header.type !== type || header.serverId !== serverId) return false
    sizeBytes += buffer.length
  }
  return sizeBytes >= changes.length * largeEventBytes
}

/**
 * @param keyImages see MergedEvents
 * @returns null when they have to be merged, or left as they are @throws MalformedEventError
 */
export function joinEvents(
  changes: readonly RowsChange[],
  shape: MergeShape,
  keyImages: KeyImages | null,
): JoinedEvents | null {
  const last = changes.at(-1)
  if (last === undefined) return null
  const { reader } = last.table
  const events = new MergedEvents(last.event, keyImages, expectedBytes(changes, keyImages))
  let lastKey: RowKey = -1
  let rowCount = 0
  for (const { event } of changes) {
    const head = reader.open(event)
    if (head.isPartial || !hasAllColumns(head, reader.table.columns.length)) return null
    const { kind } = head
    const image = kind === 'delete' ? reader.before : reader.after
    const shortens = keyImages !== null && kind !== 'write'
    for (; reader.next(); rowCount += 1) {
      if (kind === 'update') {
        const key = keyOfUpdate(reader, shape)
        if (key === null || key <= lastKey) return null
        lastKey = key
      }
      if (shortens) addRow(events, kind, reader, keyImages)
    }
    if (!shortens) addRows(events, kind, image.buffer, head.rowsOffset, image.end)
  }
  events.end()
  return { events, rowCount }
}

/** How long the events will be: memory that is not filled would wait with them. Rows are taken to be alike. */
function expectedBytes(changes: readonly RowsChange[], keyImages: KeyImages | null): number {
  const sizeBytes = changes.reduce((sum, { event }) => sum + event.buffer.length, 0)
  const [first] = changes
  if (first === undefined || keyImages === null) return sizeBytes
  const { reader } = first.table
  const head = reader.open(first.event)
  const { kind } = head
  if (kind === 'write' || !hasAllColumns(head, reader.table.columns.length) || !reader.next()) return sizeBytes
  keyImages.take(reader.before)
  const beforeBytes = reader.before.end - reader.before.start
  const afterBytes = kind === 'update' ? reader.after.end - reader.after.start : 0
  return Math.ceil((sizeBytes * (keyImages.end - keyImages.start + afterBytes)) / (beforeBytes + afterBytes))
}

function addRows(events: MergedEvents, kind: RowsKind, buffer: Buffer, start: number, end: number): void {
  if (end > start) events.row(kind, buffer.subarray(start, end), null)
}

function addRow(events: MergedEvents, kind: RowsKind, { before, after }: RowsReader, keyImages: KeyImages): void {
  keyImages.take(before)
  const { buffer, start, end } = keyImages
  const rest = kind === 'update' ? after.buffer.subarray(after.start, after.end) : null
  events.row(kind, buffer.subarray(start, end), rest)
}

/** Null: no number, or the row's place in a unique key changes. */
function keyOfUpdate({ before, after }: RowsReader, shape: MergeShape): number | null {
  const { keyColumns, keyNumberBytes, uniqueColumns } = shape
  if (keyNumberBytes === 0) return null
  const key = rowKeyOf(before, keyColumns, keyNumberBytes)
  if (typeof key !== 'number' || rowKeyOf(after, keyColumns, keyNumberBytes) !== key) return null
  for (const column of uniqueColumns) if (!before.hasEqual(after, column)) return null
  return key
}
