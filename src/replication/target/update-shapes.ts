/**
 * Which columns each of many updates of one table has to set. The same list stands for the same columns, so that it can be
 * a key of a Map; and rows whose changes are alike, as nearly all are, cost no list of their own.
 */
import type { RowsReader } from '../../binlog/rows-reader.ts'
import type { RowLiterals } from './row-literals.ts'
import { assignedColumns } from './row-statements.ts'
import type { TargetKey } from './table-catalog.ts'

/** Of a table with more columns the lists are told apart by their text. */
const mostMaskBits = 30

export class UpdateShapes {
  readonly #literals: RowLiterals
  readonly #key: TargetKey | null
  readonly #byMask = new Map<number, readonly number[]>()
  readonly #byText = new Map<string, readonly number[]>()

  /** @param key its columns stay as they are, also where all columns are named because none has changed */
  constructor(literals: RowLiterals, key: TargetKey | null) {
    this.#literals = literals
    this.#key = key
  }

  of({ before, after }: RowsReader): readonly number[] {
    const { columnCount } = after
    if (columnCount > mostMaskBits) return this.#listOf(before, after)
    let mask = 0
    for (let column = 0; column < columnCount; column += 1)
      if (!after.isPresent(column)) mask |= 1 << column
      else if (!before.isPresent(column) || this.#literals.isColumnChanged(before, after, column)) mask |= 1 << column
    // Columns that are absent are few and the same in all rows of an event: as a part of the mask they do no harm.
    let columns = this.#byMask.get(mask)
    if (columns === undefined) {
      columns = this.#listOf(before, after)
      this.#byMask.set(mask, columns)
    }
    return columns
  }

  #listOf(before: RowsReader['before'], after: RowsReader['after']): readonly number[] {
    const list = assignedColumns(this.#literals, before, after).filter(
      (index) => this.#key?.columns.includes(index) !== true,
    )
    const text = list.join()
    const known = this.#byText.get(text)
    if (known !== undefined) return known
    this.#byText.set(text, list)
    return list
  }
}
