/**
 * Fewer and larger row events with the same effect as many small ones, for changes that are committed together.
 *
 * A server spends as much on an event as on a row or two of it, and a row that changes five times is written once.
 *
 * Easy to get wrong: what is merged leaves its place in the order, so only tables whose rows depend on nothing else are
 * merged: no foreign key, no row without a key. What can't be merged (images that lack columns, JSON differences,
 * another definition of the table) comes behind all that was merged of its table before.
 */
import { EventType } from '../../binlog/event-type.ts'
import { joinEvents, mayBeJoined } from './joined-events.ts'
import { KeyImages } from './key-images.ts'
import { MergedEvents } from './merged-events.ts'
import { MergedTable, type MergeShape } from './merged-table.ts'
import {
  type Change,
  countRows,
  hasAllColumns,
  isSameDefinition,
  type RowsChange,
  type SourceTable,
} from './row-changes.ts'
import { rowKey, type TableCatalog, type TargetTable } from './table-catalog.ts'

/** A table of which changes are being merged. */
interface Merging {
  readonly source: SourceTable
  readonly rows: MergedTable
  readonly keyImages: KeyImages | null
  readonly changes: RowsChange[]
}

export interface MergedChanges {
  readonly changes: readonly Change[]
  /** Rows that the source changed, each time counted. */
  readonly rowCount: number
}

/** Changes as they are, counted. @throws MalformedEventError */
export function unmerged(changes: readonly Change[]): MergedChanges {
  return {
    changes,
    rowCount: changes.reduce((sum, change) => sum + (change.kind === 'rows' ? countRows(change) : 0), 0),
  }
}

/**
 * The same in fewer changes. Statements between rows stay where they are.
 * @param shortens images before a change may hold the columns of keys only
 * @throws ApplyError when a table is not at the target; MalformedEventError
 */
export async function mergeChanges(
  changes: readonly Change[],
  catalog: TableCatalog,
  shortens: boolean,
): Promise<MergedChanges> {
  if (changes.length < 2) return unmerged(changes)
  const shapes = await shapesOf(changes, catalog, shortens)
  const joined = mayBeJoined(changes) ? join(changes, shapes) : null
  if (joined !== null) return joined
  const merge = new Merge(shapes)
  for (const change of changes) merge.add(change)
  return merge.end()
}

/** Null: they have to be looked at one by one. */
function join(
  changes: readonly RowsChange[],
  shapes: ReadonlyMap<SourceTable, MergeShape | null>,
): MergedChanges | null {
  const table = changes.at(-1)?.table
  const shape = table === undefined ? undefined : shapes.get(table)
  if (table === undefined || shape === undefined || shape === null) return null
  const joined = joinEvents(changes, shape, keyImagesOf(table, shape))
  return joined === null ? null : { changes: changesOf(joined.events, table), rowCount: joined.rowCount }
}

function changesOf({ events }: MergedEvents, table: SourceTable): RowsChange[] {
  return events.map((event) => ({
    kind: 'rows',
    table,
    event,
    flags: event.buffer.readUInt16LE(event.bodyOffset + 6),
    isMerged: true,
  }))
}

/** Null: the table's changes are not merged. */
async function shapesOf(
  changes: readonly Change[],
  catalog: TableCatalog,
  shortens: boolean,
): Promise<ReadonlyMap<SourceTable, MergeShape | null>> {
  const shapes = new Map<SourceTable, MergeShape | null>()
  for (const change of changes) {
    if (change.kind !== 'rows' || shapes.has(change.table)) continue
    const { schema, table } = change.table.name
    shapes.set(change.table, mergeShape(change.table, await catalog.get(schema, table), shortens))
  }
  return shapes
}

class Merge {
  readonly #shapes: ReadonlyMap<SourceTable, MergeShape | null>
  readonly #merging = new Map<string, Merging>()
  readonly #out: Change[] = []
  #rowCount = 0

  constructor(shapes: ReadonlyMap<SourceTable, MergeShape | null>) {
    this.#shapes = shapes
  }

  add(change: Change): void {
    if (change.kind === 'statement') {
      this.#endAll()
      this.#out.push(change)
      return
    }
    const shape = this.#shapes.get(change.table) ?? null
    if (shape === null) this.#passOn(change)
    else this.#addRows(change, shape)
  }

  end(): MergedChanges {
    this.#endAll()
    return { changes: this.#out, rowCount: this.#rowCount }
  }

  #passOn(change: RowsChange): void {
    this.#rowCount += countRows(change)
    this.#out.push(change)
  }

  #addRows(change: RowsChange, shape: MergeShape): void {
    const merging = this.#mergingFor(change, shape)
    const rowCount = takeRows(merging.rows, change)
    if (rowCount !== null) {
      this.#rowCount += rowCount
      merging.changes.push(change)
      return
    }
    // All of it in the order in which it came: what does not fit together is for the server to judge.
    this.#merging.delete(change.table.fullName)
    this.#out.push(...merging.changes)
    this.#passOn(change)
  }

  #mergingFor(change: RowsChange, shape: MergeShape): Merging {
    const { fullName } = change.table
    const known = this.#merging.get(fullName)
    if (known !== undefined && mayJoin(known, change)) return known
    this.#endTable(fullName)
    const keyImages = keyImagesOf(change.table, shape)
    const merging = { source: change.table, rows: new MergedTable(shape, keyImages), keyImages, changes: [] }
    this.#merging.set(fullName, merging)
    return merging
  }

  #endAll(): void {
    for (const name of [...this.#merging.keys()]) this.#endTable(name)
  }

  #endTable(name: string): void {
    const merging = this.#merging.get(name)
    if (merging === undefined) return
    this.#merging.delete(name)
    const [first] = merging.changes
    const last = merging.changes.at(-1)
    if (first === undefined || last === undefined) return
    if (first === last) {
      this.#out.push(first)
      return
    }
    const events = new MergedEvents(last.event, merging.keyImages)
    merging.rows.emit(events)
    events.end()
    this.#out.push(...changesOf(events, last.table))
  }
}

/** True when images of both mean the same, and both were written by the same server. */
function mayJoin({ source, changes }: Merging, { table, event }: RowsChange): boolean {
  const [first] = changes
  if (first?.event.header.serverId !== event.header.serverId) return false
  return table === source || isSameDefinition(table, source)
}

/** @returns how many rows it has; null when not all of them could be taken */
function takeRows(rows: MergedTable, { table, event }: RowsChange): number | null {
  const { reader } = table
  const head = reader.open(event)
  if (!hasAllColumns(head, reader.table.columns.length)) return null
  const mayBePartial = event.header.type === EventType.PartialUpdateRows
  let count = 0
  for (; reader.next(); count += 1) {
    if (mayBePartial && reader.after.partial.includes(1)) return null
    if (!rows.add(head.kind, reader)) return null
  }
  return count
}

function keyImagesOf({ reader }: SourceTable, { beforeColumns }: MergeShape): KeyImages | null {
  const lengthCodes = reader.table.columns.map(({ lengthCode }) => lengthCode)
  return beforeColumns === null ? null : new KeyImages(beforeColumns, lengthCodes)
}

function mergeShape(source: SourceTable, target: TargetTable, shortens: boolean): MergeShape | null {
  const { columns } = source.reader.table
  if (columns.length !== target.columns.length || !target.isTransactional || target.keepsHistory) return null
  if (target.parents.length > 0 || target.children.length > 0) return null
  if (target.uniqueKeys.some((key) => key.hasExpression)) return null
  const key = rowKey(target, () => true)
  if (key === null) return null
  const others = target.uniqueKeys.filter((other) => other !== key)
  const counted = target.columns.findIndex((column) => column.isCounted)
  const [first, ...more] = key.columns
  const uniqueColumns = new Set(others.flatMap((other) => other.columns))
  const columnsOfKeys = [...new Set([...key.columns, ...uniqueColumns])].sort((a, b) => a - b)
  // Servers find a row by other keys as well, but not all by the same ones. And of an image without the columns that a
  // generated one is made of, MySQL 8.0 made that anew, from defaults.
  const isShortened =
    shortens &&
    key.isPrimary &&
    !target.uniqueKeys.some(({ hasPrefix }) => hasPrefix) &&
    !target.columns.some(({ isGenerated }) => isGenerated)
  return {
    keyColumns: key.columns,
    keyNumberBytes: more.length > 0 ? 0 : Math.max(0, columns[first ?? 0]?.lengthCode ?? 0),
    uniqueColumns: [...uniqueColumns],
    countedColumn: counted < 0 ? null : counted,
    isCountedUnsigned: target.columns[counted]?.isUnsigned === true,
    beforeColumns: isShortened && columnsOfKeys.length < columns.length ? columnsOfKeys : null,
  }
}
