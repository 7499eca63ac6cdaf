/**
 * What a group of transactions touches, so that groups that touch different things can be applied at the same time.
 *
 * A row is known by the values of its primary key and all its unique keys, before and after. Where two values may be one
 * key although their bytes differ (collations, prefixes, floating point, expressions), or where touching one row touches
 * others (foreign keys, tables without a key), the whole table stands for the row.
 *
 * Easy to get wrong: an image that lacks a key's columns says nothing about the key. Such a group waits for all others,
 * and all others for it.
 */
import type { RowImage } from '../../binlog/row-image.ts'
import { type RowKey, rowKeyOf } from './merged-key.ts'
import type { RowsChange } from './row-changes.ts'
import type { TableCatalog, TargetColumn, TargetTable } from './table-catalog.ts'

export interface Tokens {
  /** Values of keys, by table and key. A table that is touched as a whole has the one value `wholeTable`. */
  readonly touched: ReadonlyMap<string, ReadonlySet<RowKey>>
  /** Conflicts with every other group. */
  readonly isAlone: boolean
}

/** Types whose values are equal exactly when their bytes in a row image are. */
const exactTypes = new Set([
  'tinyint',
  'smallint',
  'mediumint',
  'int',
  'bigint',
  'decimal',
  'date',
  'time',
  'datetime',
  'timestamp',
  'year',
  'bit',
  'enum',
  'set',
  'binary',
  'varbinary',
  'uuid',
  'inet4',
  'inet6',
])

const wholeTable = ''

/** Of more changes than this the keys are not worth their memory. */
const mostBytes = 16 * 1024 * 1024
/** Of the keys of all parts of a group, as long as it is under way. */
export const mostKeyBytes = 8 * 1024 * 1024
/** What a set takes for each of them, beside a text's own. */
const bytesPerKey = 48

/** What the parts of a group touch together. */
export class GatheredTokens implements Tokens {
  #touched: ReadonlyMap<string, ReadonlySet<RowKey>> = new Map()
  /** The same when it is ours to change: a first part's is its own, and most groups have no other. */
  #own: Map<string, Set<RowKey>> | null = null
  #partCount = 0
  #keyBytes = 0
  #isAlone = false

  get touched(): ReadonlyMap<string, ReadonlySet<RowKey>> {
    return this.#touched
  }

  /** Of all parts, each part's own. */
  get keyBytes(): number {
    return this.#keyBytes
  }

  get isAlone(): boolean {
    return this.#isAlone
  }

  add(more: Tokens): void {
    this.#keyBytes += keyBytesOf(more)
    this.#partCount += 1
    this.#isAlone ||= more.isAlone || this.#keyBytes > mostKeyBytes
    if (this.#isAlone) {
      this.#touched = new Map()
      this.#own = null
      this.#keyBytes = 0
    } else if (this.#partCount === 1) this.#touched = more.touched
    else {
      this.#own ??= new Map([...this.#touched].map(([name, values]) => [name, new Set(values)]))
      for (const [name, values] of more.touched) {
        const known = setFor(this.#own, name)
        for (const value of values) known.add(value)
      }
      this.#touched = this.#own
    }
  }
}

/** About the memory of all keys: those of one kind are taken to be alike. */
export function keyBytesOf({ touched }: Tokens): number {
  let bytes = 0
  for (const values of touched.values()) {
    const [first] = values
    bytes += values.size * (bytesPerKey + (typeof first === 'string' ? first.length : 0))
  }
  return bytes
}

/** @throws ApplyError when a table is not at the target */
export async function tokensOf(changes: readonly RowsChange[], catalog: TableCatalog): Promise<Tokens> {
  const touched = new Map<string, Set<RowKey>>()
  let count = 0
  for (const change of changes) {
    const { schema, table } = change.table.name
    const target = await catalog.get(schema, table)
    if (isKnownByRows(target, change)) {
      const sets = target.uniqueKeys.map((_, index) => setFor(touched, `${target.schema}\0${target.name}\0${index}`))
      if (!addRows(sets, target, change)) return { touched, isAlone: true }
    } else for (const name of touchedTables(target)) setFor(touched, name).add(wholeTable)
    count += change.event.buffer.length
    if (count > mostBytes) return { touched, isAlone: true }
  }
  return { touched, isAlone: false }
}

function setFor(touched: Map<string, Set<RowKey>>, name: string): Set<RowKey> {
  const known = touched.get(name)
  if (known !== undefined) return known
  const made = new Set<RowKey>()
  touched.set(name, made)
  return made
}

/** True when the groups may not be applied at the same time. */
export function conflicts(a: Tokens, b: Tokens): boolean {
  if (a.isAlone || b.isAlone) return true
  for (const [name, values] of a.touched) {
    const others = b.touched.get(name)
    if (others !== undefined && meet(values, others)) return true
  }
  return false
}

function meet(a: ReadonlySet<RowKey>, b: ReadonlySet<RowKey>): boolean {
  const [few, many] = a.size < b.size ? [a, b] : [b, a]
  for (const value of few) if (many.has(value)) return true
  return false
}

function isKnownByRows(target: TargetTable, change: RowsChange): boolean {
  if (target.parents.length > 0 || target.children.length > 0 || !target.isTransactional) return false
  if (target.columns.length !== change.table.reader.table.columns.length) return false
  if (!target.uniqueKeys.some((key) => !key.hasNullable)) return false
  return target.uniqueKeys.every(
    (key) => !key.hasExpression && !key.hasPrefix && key.columns.every((index) => isExact(target.columns[index])),
  )
}

function isExact(column: TargetColumn | undefined): boolean {
  return column !== undefined && exactTypes.has(column.dataType)
}

/** The table, and those that its foreign keys reach: their rows are locked, or changed, with it. */
function touchedTables(target: TargetTable): string[] {
  const related = [
    ...target.parents.map((key) => `${key.parentSchema}\0${key.parentTable}`),
    ...target.children.map((key) => `${key.childSchema}\0${key.childTable}`),
  ]
  return [`${target.schema}\0${target.name}`, ...related]
}

/** @returns false when an image lacks a key's columns */
function addRows(sets: readonly Set<RowKey>[], target: TargetTable, { table, event }: RowsChange): boolean {
  const { reader } = table
  const { kind } = reader.open(event)
  const { columns } = reader.table
  const numberBytes = target.uniqueKeys.map(({ columns: [first, ...more] }) =>
    more.length > 0 ? 0 : Math.max(0, columns[first ?? 0]?.lengthCode ?? 0),
  )
  while (reader.next()) {
    for (let index = 0; index < sets.length; index += 1) {
      const key = target.uniqueKeys[index]?.columns ?? []
      const values = sets[index] as Set<RowKey>
      if (kind !== 'write' && !addKey(values, key, numberBytes[index] ?? 0, reader.before, null)) return false
      const other = kind === 'update' ? reader.before : null
      if (kind !== 'delete' && !addKey(values, key, numberBytes[index] ?? 0, reader.after, other)) return false
    }
  }
  return true
}

/** @param other the image that holds what did not change @returns false when the key is not told */
function addKey(
  values: Set<RowKey>,
  key: readonly number[],
  numberBytes: number,
  image: RowImage,
  other: RowImage | null,
): boolean {
  if (key.every((column) => image.isPresent(column))) {
    const value = rowKeyOf(image, key, numberBytes)
    // NULL is unequal to everything.
    if (value !== null) values.add(value)
    return true
  }
  // A key of which the image tells nothing did not change; of which it tells a part, who knows.
  return other !== null && key.every((column) => !image.isPresent(column) && other.isPresent(column))
}
