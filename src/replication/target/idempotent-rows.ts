/**
 * Changes as SQL that may come twice, or for rows that are not there (yet): while the copy runs, and for tables whose
 * engine knows no transactions. Every order of copied rows and changes ends in the source's rows, because each change
 * after a chunk's low position comes, in order, with the whole row.
 *
 * - An insert replaces. An update with whole images deletes the old key and replaces; with partial images it changes
 *   what it finds (the source sends the whole row again). A delete that finds nothing is ignored.
 * - Tables without a key are not read again, so their changes come once and are applied exactly.
 *
 * Easy to get wrong: foreign keys. Parents may be copied after their children, so checks are off; but a delete or a new
 * key of a parent must reach the children that were copied already, for the log does not tell about them. Such a change
 * is made first with checks on, so that it cascades, and again without where the checks refuse it: what refuses it is a
 * row that is newer than the change.
 */
import type { RowsReader } from '../../binlog/rows-reader.ts'
import type { ExactRows } from './exact-rows.ts'
import { type RowsChange, skipsForeignKeys } from './row-changes.ts'
import { serverErrno } from './row-failure.ts'
import type { RowLiterals } from './row-literals.ts'
import { addAssignments, addKeyCondition, addRowValues, assignedColumns, insertHead } from './row-statements.ts'
import { SqlText } from './sql-text.ts'
import type { RowStatement, StatementBatch } from './statement-batch.ts'
import { rowKey, type TargetKey } from './table-catalog.ts'

/** Row is referenced; no referenced row. */
const foreignKeyErrors = new Set([1216, 1217, 1451, 1452])

export class IdempotentRows {
  readonly #batch: StatementBatch
  readonly #exact: ExactRows

  /** @param exact for tables without a key; writes to the same batch */
  constructor(batch: StatementBatch, exact: ExactRows) {
    this.#batch = batch
    this.#exact = exact
  }

  /** @throws as StatementBatch.flush */
  async add(change: RowsChange, literals: RowLiterals): Promise<void> {
    if (rowKey(literals.target, () => true) === null) {
      await this.#exact.add(change, literals)
      return
    }
    await this.#exact.end()
    const { reader } = change.table
    const { kind } = reader.open(change.event)
    const cascades = literals.target.hasCascadingChildren && !skipsForeignKeys(change)
    while (reader.next()) {
      if (kind === 'write') await this.#replace(reader, literals)
      else if (kind === 'delete') await this.#delete(reader, literals, cascades)
      else await this.#update(reader, literals, cascades)
    }
  }

  async #replace({ after }: RowsReader, literals: RowLiterals): Promise<void> {
    const columns = literals.writable(after)
    const sql = new SqlText(512).add(insertHead('REPLACE', literals, columns))
    const enumZeros = addRowValues(sql, literals, after, columns)
    await this.#batch.add(this.#statement(literals, sql, enumZeros, () => literals.keyText(after, columns)))
  }

  async #delete({ before }: RowsReader, literals: RowLiterals, cascades: boolean): Promise<void> {
    const key = rowKey(literals.target, (index) => literals.isWhole(before, index))
    if (key === null) return
    const sql = new SqlText(256).add(`DELETE FROM ${literals.target.quoted} WHERE `)
    addKeyCondition(sql, literals, before, key)
    const statement = this.#statement(literals, sql, 0, () => literals.keyText(before, key.columns))
    if (cascades) await this.#runCascading(statement)
    else await this.#batch.add(statement)
  }

  async #update({ before, after }: RowsReader, literals: RowLiterals, cascades: boolean): Promise<void> {
    const key = rowKey(literals.target, (index) => literals.isWhole(before, index))
    if (key === null) return
    const isWhole = literals.isComplete(after)
    const hasNewKey = literals.target.uniqueKeys.some((unique) => literals.isChanged(before, after, unique.columns))
    if (!isWhole || (cascades && hasNewKey)) await this.#change({ before, after }, literals, key, cascades && hasNewKey)
    if (!isWhole) return
    if (literals.isChanged(before, after, key.columns)) await this.#delete({ before } as RowsReader, literals, false)
    await this.#replace({ after } as RowsReader, literals)
  }

  async #change(
    { before, after }: Pick<RowsReader, 'before' | 'after'>,
    literals: RowLiterals,
    key: TargetKey,
    cascades: boolean,
  ): Promise<void> {
    const sql = new SqlText(512).add(`UPDATE ${literals.target.quoted} SET `)
    const enumZeros = addAssignments(sql, literals, after, assignedColumns(literals, before, after))
    sql.add(' WHERE ')
    addKeyCondition(sql, literals, before, key)
    const statement = this.#statement(literals, sql, enumZeros, () => literals.keyText(before, key.columns))
    if (cascades) await this.#runCascading(statement)
    else await this.#batch.add(statement)
  }

  async #runCascading(statement: RowStatement): Promise<void> {
    await this.#batch.flush()
    try {
      await this.#batch.add({ ...statement, checksForeignKeys: true })
      await this.#batch.checkForeignKeys(false)
    } catch (error) {
      if (!foreignKeyErrors.has(serverErrno(error) ?? 0)) throw error
      await this.#batch.checkForeignKeys(false)
      await this.#batch.add(statement)
    }
  }

  #statement(literals: RowLiterals, sql: SqlText, enumZeros: number, key: () => string): RowStatement {
    const keyText = key()
    return {
      sql: sql.toBuffer(),
      expected: null,
      enumZeros,
      checksForeignKeys: false,
      table: literals.target.quoted,
      key: () => keyText,
    }
  }
}
