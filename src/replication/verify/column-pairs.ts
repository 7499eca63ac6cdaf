/**
 * Which columns of two tables are compared, and as what.
 *
 * Easy to get wrong: the two servers may be of different makers and ages, and the same value may lie in another type there:
 * what a column is compared as follows from both definitions.
 */
import type { ServerVersion } from '../../mysql/server-version.ts'
import type { ColumnDefinition, TableDefinition } from '../../mysql/table-definition.ts'

/**
 * How the two values of a pair of columns are made comparable.
 * `index` is the number of an ENUM's or SET's member; `json` compares what the text means, which no two servers print alike.
 */
export type PairKind = 'integer' | 'index' | 'decimal' | 'float' | 'plain' | 'text' | 'bytes' | 'json'

export interface ColumnPair {
  readonly kind: PairKind
  readonly source: ColumnDefinition
  readonly target: ColumnDefinition
  /** Texts that lie in different character sets are compared in UTF-8. */
  readonly isConverted: boolean
  /** Both servers tell -0 from 0. */
  readonly keepsZeroSign: boolean
}

export interface PairedColumns {
  readonly pairs: readonly ColumnPair[]
  /** Of the source; the target lacks them. */
  readonly missing: readonly string[]
  /** Only the target stores them. */
  readonly extra: readonly string[]
}

export interface Versions {
  readonly source: ServerVersion
  readonly target: ServerVersion
}

/** Generated columns are left out: they say nothing that the others do not. */
export function pairColumns(
  source: Pick<TableDefinition, 'columns'>,
  target: Pick<TableDefinition, 'columns'>,
  versions: Versions,
): PairedColumns {
  // Column names are compared without regard to case by every server.
  const byName = new Map(target.columns.map((column) => [column.name.toLowerCase(), column]))
  const stored = source.columns.filter((column) => !column.isGenerated)
  const names = new Set(source.columns.map(({ name }) => name.toLowerCase()))
  const pairs: ColumnPair[] = []
  const missing: string[] = []
  for (const column of stored) {
    const other = byName.get(column.name.toLowerCase())
    if (other === undefined) missing.push(column.name)
    else pairs.push(pairOf(column, other, versions))
  }
  const extra = target.columns.filter(({ name, isGenerated }) => !isGenerated && !names.has(name.toLowerCase()))
  return { pairs, missing, extra: extra.map(({ name }) => name) }
}

/** Servers of one version print a JSON value alike. */
function isSamePrinter(a: ServerVersion, b: ServerVersion): boolean {
  return a.vendor === b.vendor && a.major === b.major && a.minor === b.minor
}

function pairOf(source: ColumnDefinition, target: ColumnDefinition, versions: Versions): ColumnPair {
  const kind = pairKind(source, target, isSamePrinter(versions.source, versions.target))
  const isConverted = kind === 'text' && characterSetOf(source) !== characterSetOf(target)
  const keepsZeroSign = versions.source.vendor === 'mysql' && versions.target.vendor === 'mysql'
  return { kind, source, target, isConverted, keepsZeroSign }
}

function pairKind(source: ColumnDefinition, target: ColumnDefinition, isSamePrinter: boolean): PairKind {
  const [a, b] = [typeClass(source.dataType), typeClass(target.dataType)]
  if (a === b) {
    if (a === 'json') return isSamePrinter ? 'text' : 'json'
    if (a !== 'index') return a
    return source.columnType.toLowerCase() === target.columnType.toLowerCase() ? 'index' : 'text'
  }
  // MariaDB's JSON is a LONGTEXT.
  if (a === 'json' || b === 'json') return 'json'
  return 'text'
}

function typeClass(dataType: string): PairKind {
  if (integerTypes.has(dataType)) return 'integer'
  if (dataType === 'enum' || dataType === 'set') return 'index'
  if (dataType === 'decimal' || dataType === 'json') return dataType
  if (dataType === 'float' || dataType === 'double') return 'float'
  if (plainTypes.has(dataType)) return 'plain'
  return textTypes.has(dataType) ? 'text' : 'bytes'
}

const integerTypes = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'year', 'bit'])
const plainTypes = new Set(['date', 'time', 'datetime', 'timestamp'])
/** Those of MariaDB that print as ASCII are texts too: the other server has to keep them in a CHAR. */
const textTypes = new Set(['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'uuid', 'inet4', 'inet6'])

/** Null for what prints as ASCII. `utf8` was the name of what newer servers call `utf8mb3`. */
export function characterSetOf({ characterSet }: Pick<ColumnDefinition, 'characterSet'>): string | null {
  return characterSet === 'utf8' ? 'utf8mb3' : characterSet
}
