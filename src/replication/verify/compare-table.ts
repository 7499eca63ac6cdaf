/**
 * Compares one table of two servers: cheap digests of its parts first, and rows only of parts whose digests differ.
 *
 * Easy to get wrong: a range of keys is the same rows on both servers only where both keep the key in the same order.
 * Texts of another collation are not; then, and without a key, parts are buckets of a hash, found in one scan.
 */
import type { Session } from '../../mysql/session.ts'
import type { TableDefinition, TableName } from '../../mysql/table-definition.ts'
import { type CopyKey, pickCopyKey } from '../source/copy/copy-key.ts'
import { type KeyRange, wholeTable } from '../source/copy/key-range.ts'
import { type ColumnPair, characterSetOf, pairColumns } from './column-pairs.ts'
import { addDigests, type Digest, emptyDigest, isSameDigest, type TableComparison } from './comparison.ts'
import type { LiveTarget } from './live-target.ts'
import { type SettledPart, settleParts } from './settle-part.ts'
import { type Part, type PartReaders, TableReader, wholePart } from './table-reader.ts'

export interface TableSides {
  readonly source: { readonly session: Session; readonly definition: TableDefinition }
  readonly target: { readonly session: Session; readonly definition: TableDefinition }
  /** As the source's statistics have it; for the size of parts. */
  readonly averageRowBytes: number
  readonly estimatedRows: number
}

export interface CompareTableOptions {
  /** Null: nothing changes on either server any more. */
  readonly live: LiveTarget | null
  readonly mostRowsTold: number
  readonly partBytes: number
  /** Told after each part, with the rows of the source so far. */
  onRows?(rowsDone: number): void
  readonly signal: AbortSignal
}

const fewestRows = 100
const mostRows = 20_000
/** Of rows that are read into memory at once. */
const partsAtOnce = 4
const bucketsWhenBig = 5_000_000

export async function compareTable(sides: TableSides, options: CompareTableOptions): Promise<TableComparison> {
  const { source, target } = sides
  const versions = { source: source.session.version, target: target.session.version }
  const { pairs, missing, extra } = pairColumns(source.definition, target.definition, versions)
  const notes = extra.length === 0 ? [] : [`only the target has ${namesText(extra)}; nothing was compared with it`]
  if (missing.length > 0 || pairs.length === 0) {
    const why = missing.length > 0 ? `the target lacks ${namesText(missing)}` : 'no column is stored on both servers'
    return { ...nothingFound(source.definition), verdict: 'different', notes: [why, ...notes] }
  }
  const keys = { source: pickCopyKey(source.definition), target: pickCopyKey(target.definition) }
  const keyPairs = pairsOfKey(keys.source, pairs)
  const isOrdered = keyPairs !== null && isSameOrder(keys, pairs)
  const readerOf = (side: 'source' | 'target') =>
    new TableReader({
      ...{ side, session: sides[side].session, table: sides[side].definition, pairs, keyPairs },
      key: isOrdered ? keys[side] : null,
    })
  const found = new Findings(options)
  const readers = { source: readerOf('source'), target: readerOf('target') }
  if (isOrdered) await compareRanges(readers, sides, found)
  else await compareBuckets(readers, sides, found)
  const keyColumns = keyPairs?.map((pair) => pair.source.name) ?? []
  if (keyPairs === null && found.hasDifferences)
    notes.push('the table has no key by which its rows could be told apart')
  return { ...nothingFound(source.definition), ...found.result(), keyColumns, notes }
}

/** What is known of a table before anything of it was compared. */
export function nothingFound({ schema, name }: TableName): TableComparison {
  return {
    ...{ table: { schema, name }, verdict: 'equal', source: null, target: null, keyColumns: [] },
    ...{ missing: 0, extra: 0, changed: 0, unsettled: 0, firstDiffering: [], notes: [] },
  }
}

async function compareRanges(readers: PartReaders, sides: TableSides, found: Findings): Promise<void> {
  const { partBytes, signal } = found.options
  const rowsPerPart = Math.min(
    mostRows,
    Math.max(fewestRows, Math.round(partBytes / Math.max(1, sides.averageRowBytes))),
  )
  let suspects: Part[] = []
  for (let range: KeyRange | null = wholeTable; range !== null; ) {
    signal.throwIfAborted()
    const bound = await readers.source.keyAfter(range, rowsPerPart)
    const part: Part = { kind: 'range', range: { after: range.after, upTo: bound } }
    if (!(await found.takeDigests(part, readers))) suspects.push(part)
    if (suspects.length === partsAtOnce) {
      await found.settle(suspects, readers)
      suspects = []
    }
    range = bound === null ? null : { after: bound, upTo: null }
  }
  await found.settle(suspects, readers)
}

async function compareBuckets(readers: PartReaders, sides: TableSides, found: Findings): Promise<void> {
  const digits = sides.estimatedRows > bucketsWhenBig ? 3 : 2
  const [source, target] = await Promise.all([
    readers.source.digests(wholePart, digits),
    readers.target.digests(wholePart, digits),
  ])
  let prefixes: string[] = []
  let rows = 0
  for (const prefix of [...new Set([...source.keys(), ...target.keys()])].toSorted()) {
    const [wanted, seen] = [source.get(prefix) ?? emptyDigest, target.get(prefix) ?? emptyDigest]
    if (isSameDigest(wanted, seen)) found.take(wanted, seen)
    else {
      prefixes.push(prefix)
      rows += Math.max(wanted.rows, seen.rows)
    }
    if (rows <= mostRows * partsAtOnce) continue
    await found.settle([{ kind: 'buckets', prefixes }], readers)
    prefixes = []
    rows = 0
  }
  if (prefixes.length > 0) await found.settle([{ kind: 'buckets', prefixes }], readers)
}

/** Adds up what the parts say. */
class Findings {
  readonly options: CompareTableOptions
  #source = emptyDigest
  #target = emptyDigest
  readonly #settled: SettledPart[] = []

  constructor(options: CompareTableOptions) {
    this.options = options
  }

  get hasDifferences(): boolean {
    return this.#settled.some((part) => part.rows.length > 0)
  }

  /** @returns false when the digests differ: then nothing was taken */
  async takeDigests(part: Part, readers: PartReaders): Promise<boolean> {
    const [source, target] = await Promise.all([readers.source.digest(part), readers.target.digest(part)])
    if (!isSameDigest(source, target)) return false
    this.take(source, target)
    return true
  }

  take(source: Digest, target: Digest): void {
    this.#source = addDigests(this.#source, source)
    this.#target = addDigests(this.#target, target)
    this.options.onRows?.(this.#source.rows)
  }

  async settle(parts: readonly Part[], readers: PartReaders): Promise<void> {
    if (parts.length === 0) return
    const { live, signal, mostRowsTold } = this.options
    for (const settled of await settleParts(parts, readers, live, signal)) {
      this.take(settled.source, settled.target)
      this.#settled.push({ ...settled, rows: settled.rows.slice(0, mostRowsTold) })
    }
  }

  result(): Omit<TableComparison, 'table' | 'keyColumns' | 'notes'> {
    const sum = (of: (part: SettledPart) => number) => this.#settled.reduce((total, part) => total + of(part), 0)
    const counts = {
      missing: sum((part) => part.missing),
      extra: sum((part) => part.extra),
      changed: sum((part) => part.changed),
      unsettled: sum((part) => part.unsettled),
    }
    const firstDiffering = this.#settled.flatMap((part) => part.rows).slice(0, this.options.mostRowsTold)
    const isDifferent = counts.missing + counts.extra + counts.changed > 0
    const verdict = isDifferent ? 'different' : counts.unsettled > 0 ? 'unsettled' : 'equal'
    return { verdict, source: this.#source, target: this.#target, ...counts, firstDiffering }
  }
}

function pairsOfKey(key: CopyKey | null, pairs: readonly ColumnPair[]): readonly ColumnPair[] | null {
  const found = key?.columns.map(({ name }) => pairs.find((pair) => pair.source.name === name)) ?? []
  const known = found.filter((pair) => pair !== undefined)
  return known.length === 0 || known.length < found.length ? null : known
}

/** Both servers keep the key's values in the same order, and by the same columns. */
function isSameOrder(
  { source, target }: { readonly source: CopyKey | null; readonly target: CopyKey | null },
  pairs: readonly ColumnPair[],
): boolean {
  if (source === null || target === null || source.columns.length !== target.columns.length) return false
  return source.columns.every((column, index) => {
    const other = target.columns[index]
    const pair = pairs.find((one) => one.source.name === column.name)
    if (other === undefined || pair === undefined || pair.target.name !== other.name) return false
    if (pair.kind === 'text') return collationOf(column) === collationOf(other) && column.dataType === other.dataType
    return column.dataType === other.dataType && pair.kind !== 'json'
  })
}

function collationOf(column: { readonly collation: string | null; readonly characterSet: string | null }): string {
  return `${characterSetOf(column)} ${(column.collation ?? '').replace(/^utf8_/, 'utf8mb3_')}`
}

function namesText(names: readonly string[]): string {
  return `column${names.length === 1 ? '' : 's'} ${names.map((name) => `\`${name}\``).join(', ')}`
}
