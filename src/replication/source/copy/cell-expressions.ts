/**
 * How each column is read so that its value can be written again without losing a bit.
 *
 * Easy to get wrong: a FLOAT prints with six digits, so it is read as a DOUBLE, by multiplication, since adding zero would
 * turn -0 into 0. ENUM and SET are read as numbers by CAST; `+ 0` goes through a DOUBLE and loses members of a SET of 64.
 */
import { quoteName } from '../../../mysql/identifier.ts'
import type { ColumnDefinition } from '../../../mysql/table-definition.ts'
import type { CellKind, CopyColumn } from '../../pipe/frame.ts'

/** The alias of the table in all statements of the copy. */
export const rowAlias = '`millrace row`'

export interface CopiedColumn {
  readonly column: CopyColumn
  /** To select it under character_set_results = NULL. */
  readonly expression: string
}

const integerTypes = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'year'])
const castTypes = new Set(['bit', 'enum', 'set'])
const floatTypes = new Set(['float', 'double'])
const textTypes = new Set(['date', 'time', 'datetime', 'timestamp', 'uuid', 'inet4', 'inet6'])
const geometryTypes = new Set([
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

/** The columns to copy, in the table's order; generated ones come by themselves. */
export function copiedColumns(columns: readonly ColumnDefinition[]): readonly CopiedColumn[] {
  return columns
    .filter((column) => !column.isGenerated)
    .map((definition) => ({
      column: {
        name: definition.name,
        cellKind: cellKindOf(definition.dataType),
        characterSet: definition.characterSet,
      },
      expression: cellExpression(definition),
    }))
}

export function cellKindOf(dataType: string): CellKind {
  if (integerTypes.has(dataType) || castTypes.has(dataType)) return 'number'
  // As text in quotes: a bare `-0` would be the integer 0.
  if (textTypes.has(dataType) || floatTypes.has(dataType)) return 'text'
  if (dataType === 'json') return 'json'
  return geometryTypes.has(dataType) ? 'geometry' : 'bytes'
}

/** The column of the aliased table. */
export function columnOf(name: string): string {
  return `${rowAlias}.${quoteName(name)}`
}

export function cellExpression({ name, dataType }: ColumnDefinition): string {
  const column = columnOf(name)
  if (floatTypes.has(dataType)) return `${column} * 1e0`
  return castTypes.has(dataType) ? `CAST(${column} AS UNSIGNED)` : column
}
