/**
 * The key that the chunks of a table follow: the primary key, or another unique key whose columns are all not null.
 *
 * Easy to get wrong: the server compares key values for us, so every value must be expressible exactly as a literal that
 * compares as the index does. FLOAT, DOUBLE and SET are not; a table that has only such a key is copied whole. And of several
 * unique keys the server logs only its own choice with every row: rows that came in part are known by no other one.
 */
import type { ColumnDefinition, KeyDefinition, TableDefinition } from '../../../mysql/table-definition.ts'

export interface CopyKey {
  readonly indexName: string
  readonly columns: readonly ColumnDefinition[]
}

const unusableTypes = new Set([
  'float',
  'double',
  'set',
  'json',
  'vector',
  'geometry',
  'point',
  'linestring',
  'polygon',
  'multipoint',
  'multilinestring',
  'multipolygon',
  'geometrycollection',
  'geomcollection',
])

/**
 * @returns of the usable keys the one by which the server tells rows apart (the primary key where there is one), else the
 * one with the fewest columns; null when there is none
 */
export function pickCopyKey(table: TableDefinition): CopyKey | null {
  const rowKeyLength = table.columns.filter(({ isInRowKey }) => isInRowKey).length
  const isRowKey = ({ columns }: CopyKey) =>
    columns.length === rowKeyLength && columns.every(({ isInRowKey }) => isInRowKey)
  const rank = (key: CopyKey) => (isRowKey(key) ? 0 : key.columns.length)
  const usable = table.keys
    .map((key) => toCopyKey(key, table))
    .filter((key) => key !== null)
    .toSorted((a, b) => rank(a) - rank(b))
  return usable[0] ?? null
}

function toCopyKey(key: KeyDefinition, table: TableDefinition): CopyKey | null {
  if (!key.isUnique || !key.isVisible) return null
  const columns: ColumnDefinition[] = []
  for (const part of key.parts) {
    const column = table.columns.find(({ name }) => name === part.column)
    if (column === undefined || part.prefixLength !== null || part.isNullable) return null
    if (column.isNullable || column.isGenerated || unusableTypes.has(column.dataType)) return null
    columns.push(column)
  }
  return columns.length === 0 ? null : { indexName: key.name, columns }
}

/** Says whether two keys order rows alike, so that ranges of one are ranges of the other. */
export function isSameOrder(a: CopyKey | null, b: CopyKey | null): boolean {
  if (a === null || b === null) return a === b
  const signature = (key: CopyKey) =>
    JSON.stringify(key.columns.map(({ name, dataType, collation }) => [name, dataType, collation]))
  return signature(a) === signature(b)
}
