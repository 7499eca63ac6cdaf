/**
 * Changes as SQL that must find exactly the rows the source changed: for a target that is a state of the source.
 *
 * Rows of one table that follow each other are merged: inserts into one INSERT, deletes by key into one DELETE, and
 * updates whose order does not matter into one UPDATE for each set of columns.
 *
 * Easy to get wrong: a merged DELETE can't name one key twice, for between two deletes of a key there is an insert, and
 * that ends the merging. On tables without a key nothing is merged: of equal rows one must go, not all.
 */
import type { RowsReader } from '../../binlog/rows-reader.ts'
import {
  hasAwkwardValue,
  type JoinedUpdate,
  JoinedUpdates,
  mayJoinBy,
  mayPassThrough,
  type ValuesForm,
} from './joined-updates.ts'
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
/** The same for a list of values of one column, which needs less of its memory. */
const listedDeletesPerStatement = 1_000

/** Fewer updates of one kind than this are quicker one by one; of a large event there are hardly so few. */
const fewestJoined = 3
const smallEventBytes = 16 * 1024

interface OpenStatement {
  /** Rows can join while all of these stay the same. */
  readonly verb: string
  readonly columns: readonly number[]
  readonly literals: RowLiterals
  readonly key: string
  readonly checksForeignKeys: boolean
  rowCount: number
  enumZeros: number
  /** Ends the statement. */
  tail: string
}

export class ExactRows {
  readonly #batch: StatementBatch
  readonly #limitBytes: number
  readonly #form: ValuesForm
  readonly #sql = new SqlText(64 * 1024)
  #open: OpenStatement | null = null

  /** @param limitBytes a merged statement is ended once it is this long; 1: nothing is merged */
  constructor(batch: StatementBatch, limitBytes: number, form: ValuesForm) {
    this.#batch = batch
    this.#limitBytes = limitBytes
    this.#form = form
  }

  /** @throws as StatementBatch.settle */
  async add(change: RowsChange, literals: RowLiterals): Promise<void> {
    const { reader } = literals
    const { kind } = reader.open(change.event)
    const checksForeignKeys = !skipsForeignKeys(change)
    if (kind === 'update' && change.isMerged === true && this.#limitBytes > 1) {
      await this.#updateMany(change, literals, checksForeignKeys)
      return
    }
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
    const sql = this.#sql.add(open.tail).toBuffer()
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
    if (open.rowCount === 0) this.#sql.add(insertHead('INSERT', literals, columns))
    else this.#sql.addByte(0x2c)
    const start = this.#sql.length
    const enumZeros = addRowValues(this.#sql, literals, after, columns)
    if (open.rowCount > 0 && this.#sql.length > this.#limitBytes) {
      // A long row goes alone, for together they may be more than the server takes.
      const values = this.#sql.cutFrom(start)
      this.#sql.cutFrom(start - 1)
      await this.end()
      open = await this.#continue('insert', columns, literals, checksForeignKeys, key)
      this.#sql.add(insertHead('INSERT', literals, columns)).addBytes(values)
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
    const [column, ...others] = key.columns
    if (column !== undefined && others.length === 0 && this.#limitBytes > 1) {
      const { quoted } = literals.column(column)
      if (open.rowCount === 0) this.#sql.add(`DELETE FROM ${literals.target.quoted} WHERE ${quoted} IN (`)
      else this.#sql.addByte(0x2c)
      literals.addKeyValue(this.#sql, before, column)
      open.tail = ')'
      await this.#endRow(open, listedDeletesPerStatement)
      return
    }
    this.#sql.add(open.rowCount === 0 ? `DELETE FROM ${literals.target.quoted} WHERE ` : ' OR ')
    addKeyCondition(this.#sql, literals, before, key)
    await this.#endRow(open, deletesPerStatement)
  }

  /** Updates of different rows that change no unique key: in any order. */
  async #updateMany(change: RowsChange, literals: RowLiterals, checksForeignKeys: boolean): Promise<void> {
    await this.end()
    const { reader } = literals
    const { before, after } = reader
    const key = rowKey(literals.target, () => true)
    const mayJoin = key !== null && mayJoinBy(key, literals)
    const counts = change.event.buffer.length < smallEventBytes ? shapeCounts(change, literals) : null
    const byColumns = new Map<string, JoinedUpdates | null>()
    reader.open(change.event)
    while (reader.next()) {
      const columns = columnsToSet(reader, literals, key)
      const shape = columns.join()
      let joined = byColumns.get(shape)
      if (joined === undefined) {
        const isFew = counts !== null && (counts.get(shape) ?? 0) < fewestJoined
        const passes = mayJoin && !isFew && columns.length > 0 && mayPassThrough(literals, columns)
        joined = passes ? new JoinedUpdates(this.#form, literals, key, columns, this.#limitBytes) : null
        byColumns.set(shape, joined)
      }
      const isSingle =
        joined === null ||
        hasAwkwardValue(literals, after, joined.columns) ||
        hasAwkwardValue(literals, before, key?.columns ?? [])
      if (isSingle) await this.#update(reader, literals, checksForeignKeys)
      else await this.#addJoined(joined?.add(before, after) ?? null, literals, checksForeignKeys)
    }
    for (const joined of byColumns.values()) await this.#addJoined(joined?.end() ?? null, literals, checksForeignKeys)
  }

  async #addJoined(update: JoinedUpdate | null, literals: RowLiterals, checksForeignKeys: boolean): Promise<void> {
    if (update === null) return
    const { sql, rowCount, keyText } = update
    const table = literals.target.quoted
    await this.#batch.add({ sql, expected: rowCount, enumZeros: 0, checksForeignKeys, table, key: () => keyText })
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
    const { verb: openVerb, columns: openColumns } = this.#open ?? {}
    const isSame =
      openVerb === verb &&
      this.#open?.literals === literals &&
      this.#open.checksForeignKeys === checksForeignKeys &&
      (openColumns === columns || openColumns?.join() === columns.join())
    if (this.#open !== null && isSame) return this.#open
    await this.end()
    this.#open = { verb, columns, literals, key: key(), checksForeignKeys, rowCount: 0, enumZeros: 0, tail: '' }
    return this.#open
  }

  async #endRow(open: OpenStatement, rowLimit: number): Promise<void> {
    open.rowCount += 1
    if (this.#sql.length >= this.#limitBytes || open.rowCount >= rowLimit) await this.end()
  }
}

/** The key stays as it is, also where all columns are named because none has changed. */
function columnsToSet({ before, after }: RowsReader, literals: RowLiterals, key: TargetKey | null): readonly number[] {
  return assignedColumns(literals, before, after).filter((index) => key?.columns.includes(index) !== true)
}

/** How many rows of an event change each set of columns. */
function shapeCounts({ event }: RowsChange, literals: RowLiterals): ReadonlyMap<string, number> {
  const { reader } = literals
  const key = rowKey(literals.target, () => true)
  const counts = new Map<string, number>()
  reader.open(event)
  while (reader.next()) {
    const shape = columnsToSet(reader, literals, key).join()
    counts.set(shape, (counts.get(shape) ?? 0) + 1)
  }
  return counts
}
