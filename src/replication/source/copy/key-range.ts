/**
 * Conditions for the rows of a range of keys. All comparing is left to the server.
 *
 * Easy to get wrong: a text compares by its column's collation, so its literal carries the stored bytes, the character
 * set and the collation; anything decoded here could compare differently. And a comparison of row values
 * (`(a, b) > (1, 2)`) uses no index on older servers, so it is spelled out.
 */
import { quoteBytes, quoteText } from '../../../mysql/identifier.ts'
import type { ColumnDefinition } from '../../../mysql/table-definition.ts'
import type { KeyTuple } from '../../pipe/frame.ts'
import { cellKindOf, columnOf } from './cell-expressions.ts'
import type { CopyKey } from './copy-key.ts'

export interface KeyRange {
  /** Rows after this key; null: from the start. */
  readonly after: KeyTuple | null
  /** Up to and with this key; null: to the end. */
  readonly upTo: KeyTuple | null
}

export const wholeTable: KeyRange = { after: null, upTo: null }

/** A condition on the aliased table; `TRUE` for the whole table. */
export function rangeCondition(key: CopyKey, { after, upTo }: KeyRange): string {
  const conditions = []
  if (after !== null) conditions.push(above(key, after))
  if (upTo !== null) conditions.push(upToAndWith(key, upTo))
  return conditions.length === 0 ? 'TRUE' : conditions.join(' AND ')
}

/** A condition for exactly these keys. */
export function keysCondition(key: CopyKey, keys: readonly KeyTuple[]): string {
  return keys
    .map(
      (tuple) =>
        `(${parts(key, tuple)
          .map((part) => `${part.column} = ${part.literal}`)
          .join(' AND ')})`,
    )
    .join(' OR ')
}

interface Part {
  readonly column: string
  readonly literal: string
}

function parts(key: CopyKey, tuple: KeyTuple): readonly Part[] {
  return key.columns.map((column, index) => ({
    column: columnOf(column.name),
    literal: keyLiteral(column, Buffer.from(tuple[index] ?? '', 'base64')),
  }))
}

/** The first comparison is implied by the rest; it is there for the optimizer. */
function above(key: CopyKey, tuple: KeyTuple): string {
  const all = parts(key, tuple)
  const [first] = all
  const nested = all.toReversed().reduce((rest, { column, literal }) => {
    const greater = `${column} > ${literal}`
    return rest === '' ? greater : `(${greater} OR (${column} = ${literal} AND ${rest}))`
  }, '')
  return all.length === 1 || first === undefined ? nested : `${first.column} >= ${first.literal} AND ${nested}`
}

function upToAndWith(key: CopyKey, tuple: KeyTuple): string {
  const all = parts(key, tuple)
  const [first] = all
  const nested = all.toReversed().reduce((rest, { column, literal }) => {
    if (rest === '') return `${column} <= ${literal}`
    return `(${column} < ${literal} OR (${column} = ${literal} AND ${rest}))`
  }, '')
  return all.length === 1 || first === undefined ? nested : `${first.column} <= ${first.literal} AND ${nested}`
}

const plainNumber = /^-?\d+(?:\.\d+)?$/

/** A cell's bytes, as the copy reads them, as a literal that compares as the column does. */
export function keyLiteral({ dataType, characterSet, collation }: ColumnDefinition, cell: Buffer): string {
  const kind = cellKindOf(dataType)
  if (kind === 'number') {
    const text = cell.toString('latin1')
    return plainNumber.test(text) ? text : quoteText(text)
  }
  if (kind === 'text') return quoteText(cell.toString('latin1'))
  if (characterSet === null || characterSet === 'binary' || collation === null) return quoteBytes(cell)
  return `_${characterSet} ${quoteBytes(cell)} COLLATE ${collation}`
}
