/**
 * Changes as SQL that must find exactly the rows the source changed: for a target that is a state of the source.
 *
 * Rows of one table that follow each other are merged: inserts into one INSERT, deletes by key into one DELETE, and
 * updates whose order does not matter into one UPDATE for each set of columns.
 *
 * Easy to get wrong: a merged DELETE can't name one key twice, for between two deletes of a key there is an insert, and
 * that ends the merging. On tables without a key nothing is merged: of equal rows one must go, not all.
 */
import type { RowImage } from '../../binlog/row-image.ts'
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
import { UpdateShapes } from './update-shapes.ts'

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
  /** For joined updates, used again. */
  readonly #spareTexts: SqlText[] = []
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
      const waiting = this.#addRow(kind, reader, literals, checksForeignKeys)
      if (waiting !== undefined) await waiting
    }
  }

  /** @returns what to wait for before the next row, if anything */
  #addRow(
    kind: 'write' | 'update' | 'delete',
    reader: RowsReader,
    literals: RowLiterals,
    checksForeignKeys: boolean,
  ): Promise<void> | undefined {
    if (kind === 'update') return this.#update(reader, literals, checksForeignKeys)
    const isWrite = kind === 'write'
    return isWrite
      ? this.#insert(reader, literals, checksForeignKeys)
      : this.#delete(reader, literals, checksForeignKeys)
  }

  /** Hands an open statement to the batch. */
  async end(): Promise<void> {
    const open = this.#open
    if (open === null) return
    this.#open = null
    try {
      await this.#batch.add({
        sql: this.#sql.add(open.tail).view(),
        expected: open.rowCount,
        enumZeros: open.enumZeros,
        checksForeignKeys: open.checksForeignKeys,
        table: open.literals.target.quoted,
        key: () => open.key,
      })
    } finally {
      this.#sql.clear()
    }
  }

  #insert({ after }: RowsReader, literals: RowLiterals, checksForeignKeys: boolean): Promise<void> | undefined {
    const columns = literals.writable(after)
    const open = this.#joinable('insert', columns, literals, checksForeignKeys)
    if (open === null) return this.#beginInsert(after, literals, columns, checksForeignKeys, null)
    this.#sql.addByte(0x2c)
    const start = this.#sql.length
    const enumZeros = addRowValues(this.#sql, literals, after, columns)
    if (this.#sql.length > this.#limitBytes) {
      // A long row goes alone, for together they may be more than the server takes.
      const values = this.#sql.cutFrom(start)
      this.#sql.cutFrom(start - 1)
      return this.#beginInsert(after, literals, columns, checksForeignKeys, { values, enumZeros })
    }
    open.enumZeros += enumZeros
    return this.#rowEnds(open, Number.POSITIVE_INFINITY)
  }

  /** @param written the row's values, when they are made already */
  async #beginInsert(
    after: RowImage,
    literals: RowLiterals,
    columns: readonly number[],
    checksForeignKeys: boolean,
    written: { readonly values: Buffer; readonly enumZeros: number } | null,
  ): Promise<void> {
    await this.end()
    const key = rowKey(literals.target, (index) => literals.isWhole(after, index))?.columns ?? columns
    const open = this.#begin('insert', columns, literals, checksForeignKeys, literals.keyText(after, key))
    this.#sql.add(insertHead('INSERT', literals, columns))
    if (written === null) open.enumZeros += addRowValues(this.#sql, literals, after, columns)
    else {
      this.#sql.addBytes(written.values)
      open.enumZeros += written.enumZeros
    }
    await this.#rowEnds(open, Number.POSITIVE_INFINITY)
  }

  #delete({ before }: RowsReader, literals: RowLiterals, checksForeignKeys: boolean): Promise<void> | undefined {
    const key = rowKey(literals.target, (index) => literals.isWhole(before, index))
    if (key === null) return this.#deleteByValues(before, literals, checksForeignKeys)
    const open = this.#joinable('delete', key.columns, literals, checksForeignKeys)
    if (open === null) return this.#beginDelete(before, literals, key, checksForeignKeys)
    return this.#addDelete(open, before, literals, key)
  }

  async #beginDelete(
    before: RowImage,
    literals: RowLiterals,
    key: TargetKey,
    checksForeignKeys: boolean,
  ): Promise<void> {
    await this.end()
    const keyText = literals.keyText(before, key.columns)
    await this.#addDelete(
      this.#begin('delete', key.columns, literals, checksForeignKeys, keyText),
      before,
      literals,
      key,
    )
  }

  #addDelete(open: OpenStatement, before: RowImage, literals: RowLiterals, key: TargetKey): Promise<void> | undefined {
    const [column] = key.columns
    const isFirst = open.rowCount === 0
    if (column !== undefined && key.columns.length === 1 && this.#limitBytes > 1) {
      if (isFirst) this.#sql.add(`DELETE FROM ${literals.target.quoted} WHERE ${literals.column(column).quoted} IN (`)
      else this.#sql.addByte(0x2c)
      literals.addKeyValue(this.#sql, before, column)
      open.tail = ')'
      return this.#rowEnds(open, listedDeletesPerStatement)
    }
    this.#sql.add(isFirst ? `DELETE FROM ${literals.target.quoted} WHERE ` : ' OR ')
    addKeyCondition(this.#sql, literals, before, key)
    return this.#rowEnds(open, deletesPerStatement)
  }

  async #deleteByValues(before: RowImage, literals: RowLiterals, checksForeignKeys: boolean): Promise<void> {
    await this.end()
    const keyText = literals.keyText(before, literals.writable(before))
    const open = this.#begin('delete-one', [], literals, checksForeignKeys, keyText)
    this.#sql.add(`DELETE FROM ${literals.target.quoted} WHERE `)
    addExactConditions(this.#sql, literals, before)
    this.#sql.add(' LIMIT 1')
    await this.#rowEnds(open, 1)
  }

  /** Updates of different rows that change no unique key: in any order. */
  async #updateMany(change: RowsChange, literals: RowLiterals, checksForeignKeys: boolean): Promise<void> {
    await this.end()
    const { reader } = literals
    const { before, after } = reader
    const key = rowKey(literals.target, () => true)
    const mayJoin = key !== null && mayJoinBy(key, literals)
    const counts = change.event.buffer.length < smallEventBytes ? shapeCounts(change, literals) : null
    const shapes = new UpdateShapes(literals, key)
    const byColumns = new Map<readonly number[], JoinedUpdates | null>()
    const texts: SqlText[] = []
    reader.open(change.event)
    while (reader.next()) {
      const columns = shapes.of(reader)
      let joined = byColumns.get(columns)
      if (joined === undefined) {
        const isFew = counts !== null && (counts.get(columns.join()) ?? 0) < fewestJoined
        const passes = mayJoin && !isFew && columns.length > 0 && mayPassThrough(literals, columns)
        joined = passes ? this.#newJoined(literals, key, columns, texts) : null
        byColumns.set(columns, joined)
      }
      const isSingle =
        joined === null ||
        hasAwkwardValue(literals, after, joined.columns) ||
        hasAwkwardValue(literals, before, key?.columns ?? [])
      const full = isSingle ? null : (joined?.add(before, after) ?? null)
      if (isSingle) await this.#update(reader, literals, checksForeignKeys)
      else if (full !== null) await this.#addJoined(full, literals, checksForeignKeys)
    }
    for (const joined of byColumns.values()) await this.#addJoined(joined?.end() ?? null, literals, checksForeignKeys)
    this.#spareTexts.push(...texts)
  }

  #newJoined(literals: RowLiterals, key: TargetKey, columns: readonly number[], texts: SqlText[]): JoinedUpdates {
    const text = this.#spareTexts.pop() ?? new SqlText(16 * 1024)
    texts.push(text)
    return new JoinedUpdates(this.#form, literals, key, columns, this.#limitBytes, text)
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
    const keyText = literals.keyText(before, key?.columns ?? literals.writable(before))
    const open = this.#begin('update', [], literals, checksForeignKeys, keyText)
    this.#sql.add(`UPDATE ${literals.target.quoted} SET `)
    open.enumZeros += addAssignments(this.#sql, literals, after, assignedColumns(literals, before, after))
    this.#sql.add(' WHERE ')
    this.#addCondition(literals, before, key)
    await this.#rowEnds(open, 1)
  }

  #addCondition(literals: RowLiterals, before: RowsReader['before'], key: TargetKey | null): void {
    if (key !== null) {
      addKeyCondition(this.#sql, literals, before, key)
      return
    }
    addExactConditions(this.#sql, literals, before)
    this.#sql.add(' LIMIT 1')
  }

  /** The open statement, when a row of this shape may join it. */
  #joinable(
    verb: string,
    columns: readonly number[],
    literals: RowLiterals,
    checksForeignKeys: boolean,
  ): OpenStatement | null {
    const open = this.#open
    if (open === null || open.verb !== verb || open.literals !== literals) return null
    if (open.checksForeignKeys !== checksForeignKeys) return null
    return open.columns === columns || open.columns.join() === columns.join() ? open : null
  }

  #begin(
    verb: string,
    columns: readonly number[],
    literals: RowLiterals,
    checksForeignKeys: boolean,
    key: string,
  ): OpenStatement {
    this.#open = { verb, columns, literals, key, checksForeignKeys, rowCount: 0, enumZeros: 0, tail: '' }
    return this.#open
  }

  /** @returns what to wait for when the statement ends with this row */
  #rowEnds(open: OpenStatement, rowLimit: number): Promise<void> | undefined {
    open.rowCount += 1
    return this.#sql.length >= this.#limitBytes || open.rowCount >= rowLimit ? this.end() : undefined
  }
}

/** How many rows of an event change each set of columns. */
function shapeCounts({ event }: RowsChange, literals: RowLiterals): ReadonlyMap<string, number> {
  const { reader } = literals
  const key = rowKey(literals.target, () => true)
  const shapes = new UpdateShapes(literals, key)
  const counts = new Map<string, number>()
  reader.open(event)
  while (reader.next()) {
    const shape = shapes.of(reader).join()
    counts.set(shape, (counts.get(shape) ?? 0) + 1)
  }
  return counts
}
