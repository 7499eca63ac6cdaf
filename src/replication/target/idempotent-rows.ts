/**
 * Changes as SQL that may come twice, or for rows that are not there (yet): while the copy runs, and for tables whose
 * engine knows no transactions. Every order of copied rows and changes ends in the source's rows, because each change
 * after a chunk's low position comes, in order, with the whole row.
 *
 * - An insert replaces. An update with whole images deletes the old key and replaces; with partial images it changes
 *   what it finds (the source sends the whole row again). A delete that finds nothing is ignored.
 * - Tables without a key are not read again, so their changes come once and are applied exactly.
 *
 * Easy to get wrong: foreign keys. Parents may be copied after their children, so checks are off, and what cascades is
 * done here; see copy-cascades.ts.
 */

import type { RowImage } from '../../binlog/row-image.ts'
import type { RowsReader } from '../../binlog/rows-reader.ts'
import type { CopyTable } from '../pipe/frame.ts'
import {
  type ChildStatement,
  type CopyDoubt,
  childrenOfDeleted,
  childrenOfMoved,
  movedKeys,
  tablesBelow,
} from './copy-cascades.ts'
import type { ExactRows } from './exact-rows.ts'
import { keyAfter, type MissingRows } from './missing-rows.ts'
import { type RowsChange, skipsForeignKeys } from './row-changes.ts'
import { serverErrno } from './row-failure.ts'
import type { RowLiterals } from './row-literals.ts'
import { addAssignments, addKeyCondition, addRowValues, assignedColumns, insertHead } from './row-statements.ts'
import { SqlText } from './sql-text.ts'
import type { RowStatement, StatementBatch } from './statement-batch.ts'
import { rowKey, type TableCatalog, type TargetKey, type TargetTable } from './table-catalog.ts'

/** Row is referenced; no referenced row. */
const foreignKeyErrors = new Set([1216, 1217, 1451, 1452])
const duplicateEntry = 1062

export interface IdempotentParts {
  readonly batch: StatementBatch
  /** For tables without a key; writes to the same batch. */
  readonly exact: ExactRows
  readonly catalog: TableCatalog
  /** The statement that notes a doubt about a table of the copy; null when it is noted already. */
  readonly noteDoubt: (table: TargetTable, doubt: CopyDoubt) => Buffer | null
  readonly missing: Pick<MissingRows, 'copied' | 'recordStatement'>
}

export class IdempotentRows {
  readonly #parts: IdempotentParts

  constructor(parts: IdempotentParts) {
    this.#parts = parts
  }

  /** @throws as StatementBatch.settle */
  async add(change: RowsChange, literals: RowLiterals): Promise<void> {
    if (rowKey(literals.target, () => true) === null) {
      await this.#parts.exact.add(change, literals)
      return
    }
    await this.#parts.exact.end()
    const { reader } = literals
    const { kind } = reader.open(change.event)
    const cascades = literals.target.children.length > 0 && !skipsForeignKeys(change)
    while (reader.next()) {
      if (kind === 'write') await this.#replace(reader.after, literals)
      else if (kind === 'delete') await this.#deleteRow(reader.before, literals, cascades)
      else await this.#update(reader, literals, cascades)
    }
  }

  async #replace(after: RowImage, literals: RowLiterals): Promise<void> {
    const columns = literals.writable(after)
    const sql = new SqlText(512).add(insertHead('REPLACE', literals, columns))
    const enumZeros = addRowValues(sql, literals, after, columns)
    await this.#parts.batch.add(this.#statement(literals, sql, enumZeros, literals.keyText(after, columns)))
  }

  async #deleteRow(before: RowImage, literals: RowLiterals, cascades: boolean): Promise<void> {
    if (cascades) {
      const keys = literals.target.children.filter((key) => key.onDelete !== 'refuse')
      for (const child of childrenOfDeleted(literals, before)) await this.#runOnChild(child)
      await this.#doubt(await tablesBelow(this.#parts.catalog, keys, false), 'orphans')
    }
    const key = rowKey(literals.target, (index) => literals.isWhole(before, index))
    if (key === null) return
    const sql = new SqlText(256).add(`DELETE FROM ${literals.target.quoted} WHERE `)
    addKeyCondition(sql, literals, before, key)
    await this.#parts.batch.add(this.#statement(literals, sql, 0, literals.keyText(before, key.columns)))
  }

  async #update({ before, after }: RowsReader, literals: RowLiterals, cascades: boolean): Promise<void> {
    const moved = cascades ? movedKeys(literals, before, after) : []
    if (moved.length > 0) {
      for (const child of childrenOfMoved(literals, before, after)) await this.#runOnChild(child)
      await this.#doubt(await tablesBelow(this.#parts.catalog, moved, true), 'again')
    }
    const key = rowKey(literals.target, (index) => literals.isWhole(before, index))
    if (key === null) return
    if (!literals.isComplete(after)) {
      const copy = await this.#parts.missing.copied(literals.target)
      if (copy === null) await this.#change(before, after, literals, key)
      else await this.#changeCopied(before, after, literals, key, copy)
      return
    }
    if (literals.isChanged(before, after, key.columns)) await this.#deleteRow(before, literals, false)
    await this.#replace(after, literals)
  }

  /**
   * A change of parts of a row that the copy brings, or has brought in a newer state. Differences of a document mean
   * nothing there, and a value may be in the way that a newer row has: such a row is taken away, to be read again.
   */
  async #changeCopied(
    before: RowImage,
    after: RowImage,
    literals: RowLiterals,
    key: TargetKey,
    copy: CopyTable,
  ): Promise<void> {
    const { missing, batch } = this.#parts
    const hasDifferences = after.partial.includes(1)
    if (!hasDifferences && !mayClash(before, after, literals)) await this.#change(before, after, literals, key)
    else if (hasDifferences || !(await this.#tryChange(before, after, literals, key)))
      await this.#deleteRow(before, literals, false)
    const newKey = keyAfter(literals, copy, before, after)
    if (newKey === null) await this.#doubt([literals.target], 'again')
    else
      await batch.add(
        this.#note(literals.target.quoted, missing.recordStatement({ copy, target: literals.target }, newKey)),
      )
  }

  /** @returns false when another row has one of its unique values */
  async #tryChange(before: RowImage, after: RowImage, literals: RowLiterals, key: TargetKey): Promise<boolean> {
    await this.#parts.batch.settle()
    try {
      await this.#change(before, after, literals, key)
      await this.#parts.batch.settle()
      return true
    } catch (error) {
      if (serverErrno(error) !== duplicateEntry) throw error
      return false
    }
  }

  async #change(before: RowImage, after: RowImage, literals: RowLiterals, key: TargetKey): Promise<void> {
    const sql = new SqlText(512).add(`UPDATE ${literals.target.quoted} SET `)
    const enumZeros = addAssignments(sql, literals, after, assignedColumns(literals, before, after))
    sql.add(' WHERE ')
    addKeyCondition(sql, literals, before, key)
    await this.#parts.batch.add(this.#statement(literals, sql, enumZeros, literals.keyText(before, key.columns)))
  }

  /** A delete goes on to the child's children by the server's own cascade; where that is refused, without. */
  async #runOnChild({ sql, table, cascades }: ChildStatement): Promise<void> {
    const { batch } = this.#parts
    const statement: RowStatement = {
      sql,
      expected: null,
      enumZeros: 0,
      checksForeignKeys: false,
      table,
      key: () => 'children of a changed row',
    }
    if (!cascades) {
      await batch.add(statement)
      return
    }
    await batch.settle()
    try {
      await batch.add({ ...statement, checksForeignKeys: true })
      await batch.checkForeignKeys(false)
    } catch (error) {
      if (!foreignKeyErrors.has(serverErrno(error) ?? 0)) throw error
      await batch.checkForeignKeys(false)
      await batch.add(statement)
    }
  }

  async #doubt(tables: readonly TargetTable[], doubt: CopyDoubt): Promise<void> {
    for (const table of tables) {
      const sql = this.#parts.noteDoubt(table, doubt)
      if (sql === null) continue
      await this.#parts.batch.add(this.#note(table.quoted, sql))
    }
  }

  #note(table: string, sql: Buffer): RowStatement {
    return { sql, expected: null, enumZeros: 0, checksForeignKeys: false, table, key: () => 'a note about it' }
  }

  #statement(literals: RowLiterals, sql: SqlText, enumZeros: number, key: string): RowStatement {
    return {
      sql: sql.toBuffer(),
      expected: null,
      enumZeros,
      checksForeignKeys: false,
      table: literals.target.quoted,
      key: () => key,
    }
  }
}

/** True when the change may give a unique key a value that another row has. */
function mayClash(before: RowImage, after: RowImage, literals: RowLiterals): boolean {
  const isGiven = (column: number) =>
    literals.column(column).isGenerated ||
    (after.isPresent(column) && (!before.isPresent(column) || literals.isChanged(before, after, [column])))
  return literals.target.uniqueKeys.some((key) => key.hasExpression || key.columns.some(isGiven))
}
