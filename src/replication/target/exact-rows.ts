/**
 * Changes as SQL that must find exactly the rows the source changed: for a target that is a state of the source.
 *
 * Rows of one table that follow each other are merged: inserts into one INSERT, deletes by key into one DELETE.
 *
 * Easy to get wrong: a merged DELETE can't name one key twice, for between two deletes of a key there is an insert, and
 * that ends the merging. On tables without a key nothing is merged: of equal rows one must go, not all.
 */
import type { RowsReader } from '../../binlog/rows-reader.ts'
import { type RowsChange, skipsForeignKeys } from './row-changes.ts'
import type { RowLiterals } from './row-literals.ts'
import {
  addAssignments,
  addExactConditions,
  addKeyCondition,
  addRowValues,
  assignedColumns,
  insertHead,
} from './row-statements.ts'
import { SqlText } from './sql-text.ts'
import type { StatementBatch } from './statement-batch.ts'
import { rowKey, type TargetKey } from './table-catalog.ts'

/** More conditions in one statement than this and the range optimizer may give up and read the whole table. */
const deletesPerStatement = 200

interface OpenStatement {
  /** Rows can join while this stays the same. */
  readonly shape: string
  readonly literals: RowLiterals
  readonly key: string
  readonly checksForeignKeys: boolean
  rowCount: number
  enumZeros: number
}

export class ExactRows {
  readonly #batch: StatementBatch
  readonly #limitBytes: number
  readonly #sql = new SqlText(64 * 1024)
  #open: OpenStatement | null = null

  /** @param limitBytes a merged statement is ended once it is this long; 1: nothing is merged */
  constructor(batch: StatementBatch, limitBytes: number) {
    this.#batch = batch
    this.#limitBytes = limitBytes
  }

  /** @throws as StatementBatch.settle */
  async add(change: RowsChange, literals: RowLiterals): Promise<void> {
    const { reader } = literals
    const { kind } = reader.open(change.event)
    const checksForeignKeys = !skipsForeignKeys(change)
    while (reader.next()) {
      if (kind === 'write') await this.#insert(reader, literals, checksForeignKeys)
      else if (kind === 'delete') await this.#delete(reader, literals, checksForeignKeys)
      else await this.#update(reader, literals, checksForeignKeys)
    }
  }

  /** Hands an open statement to the batch. */
  async end(): Promise<void> {
    const open = this.#open
    if (open === null) return
    this.#open = null
    const sql = this.#sql.toBuffer()
    this.#sql.clear()
    await this.#batch.add({
      sql,
      expected: open.rowCount,
      enumZeros: open.enumZeros,
      checksForeignKeys: open.checksForeignKeys,
      table: open.literals.target.quoted,
      key: () => open.key,
    })
  }

  async #insert({ after }: RowsReader, literals: RowLiterals, checksForeignKeys: boolean): Promise<void> {
    const columns = literals.writable(after)
    const key = () =>
      literals.keyText(after, rowKey(literals.target, (index) => literals.isWhole(after, index))?.columns ?? columns)
    let open = await this.#continue('insert', columns, literals, checksForeignKeys, key)
    const head = insertHead('INSERT', literals, columns)
    this.#sql.add(open.rowCount === 0 ? head : ',')
    const start = this.#sql.length
    const enumZeros = addRowValues(this.#sql, literals, after, columns)
    if (open.rowCount > 0 && this.#sql.length > this.#limitBytes) {
      // A long row goes alone, for together they may be more than the server takes.
      const values = this.#sql.cutFrom(start)
      this.#sql.cutFrom(start - 1)
      await this.end()
      open = await this.#continue('insert', columns, literals, checksForeignKeys, key)
      this.#sql.add(head).addBytes(values)
    }
    open.enumZeros += enumZeros
    await this.#endRow(open, Number.POSITIVE_INFINITY)
  }

  async #delete({ before }: RowsReader, literals: RowLiterals, checksForeignKeys: boolean): Promise<void> {
    const key = rowKey(literals.target, (index) => literals.isWhole(before, index))
    const keyText = () => literals.keyText(before, key?.columns ?? literals.writable(before))
    if (key === null) {
      await this.end()
      const open = await this.#continue('delete-one', [], literals, checksForeignKeys, keyText)
      this.#sql.add(`DELETE FROM ${literals.target.quoted} WHERE `)
      addExactConditions(this.#sql, literals, before)
      this.#sql.add(' LIMIT 1')
      await this.#endRow(open, 1)
      return
    }
    const open = await this.#continue('delete', key.columns, literals, checksForeignKeys, keyText)
    this.#sql.add(open.rowCount === 0 ? `DELETE FROM ${literals.target.quoted} WHERE ` : ' OR ')
    addKeyCondition(this.#sql, literals, before, key)
    await this.#endRow(open, deletesPerStatement)
  }

  async #update({ before, after }: RowsReader, literals: RowLiterals, checksForeignKeys: boolean): Promise<void> {
    await this.end()
    const key = rowKey(literals.target, (index) => literals.isWhole(before, index))
    const open = await this.#continue('update', [], literals, checksForeignKeys, () =>
      literals.keyText(before, key?.columns ?? literals.writable(before)),
    )
    this.#sql.add(`UPDATE ${literals.target.quoted} SET `)
    open.enumZeros += addAssignments(this.#sql, literals, after, assignedColumns(literals, before, after))
    this.#sql.add(' WHERE ')
    this.#addCondition(literals, before, key)
    await this.#endRow(open, 1)
  }

  #addCondition(literals: RowLiterals, before: RowsReader['before'], key: TargetKey | null): void {
    if (key !== null) {
      addKeyCondition(this.#sql, literals, before, key)
      return
    }
    addExactConditions(this.#sql, literals, before)
    this.#sql.add(' LIMIT 1')
  }

  /** The statement that a row of this shape joins; another one is ended first. */
  async #continue(
    verb: string,
    columns: readonly number[],
    literals: RowLiterals,
    checksForeignKeys: boolean,
    key: () => string,
  ): Promise<OpenStatement> {
    const shape = `${verb} ${columns.join(',')} ${checksForeignKeys}`
    if (this.#open !== null && this.#open.shape === shape && this.#open.literals === literals) return this.#open
    await this.end()
    this.#open = { shape, literals, key: key(), checksForeignKeys, rowCount: 0, enumZeros: 0 }
    return this.#open
  }

  async #endRow(open: OpenStatement, rowLimit: number): Promise<void> {
    open.rowCount += 1
    if (this.#sql.length >= this.#limitBytes || open.rowCount >= rowLimit) await this.end()
  }
}
