/**
 * What is known and what is left of one table's copy.
 *
 * Easy to get wrong: chunks enter the stream at a position of the past, where the table may have had other columns. So a
 * definition counts only when it is known to hold at the stream's position: no DDL on the table between there and the
 * end of the log at the time it was read.
 */
import { compareFilePlaces } from '../../../binlog/position.ts'
import type { LogPlace } from '../../../mysql/binlog-place.ts'
import { isTransactionalEngine } from '../../../mysql/storage-engine.ts'
import type { TableDefinition, TableName } from '../../../mysql/table-definition.ts'
import type { CopyTable, KeyTuple } from '../../pipe/frame.ts'
import { type CopiedColumn, copiedColumns } from './cell-expressions.ts'
import { type CopyKey, isSameOrder, pickCopyKey } from './copy-key.ts'
import { type KeyRange, wholeTable } from './key-range.ts'

export type DefinitionState =
  | { readonly kind: 'known' }
  /** Must be read. */
  | { readonly kind: 'stale' }
  /** Read; null when the table was not there. Holds once the stream has come to `until` without DDL on the table. */
  | { readonly kind: 'checking'; readonly definition: TableDefinition | null; readonly until: LogPlace }

export interface TableCopyFacts extends TableName {
  readonly tableId: number
  readonly engine: string
  readonly estimatedRows: number
  readonly estimatedBytes: number
  readonly averageRowBytes: number
}

/** Until rows have been read. Statistics of a table that was just filled may say far too little, and make one huge chunk. */
const leastGuessedRowBytes = 200

export class TableCopy {
  tableId: number
  name: TableName
  readonly engine: string
  readonly estimatedRows: number
  readonly estimatedBytes: number
  averageRowBytes: number
  state: DefinitionState = { kind: 'stale' }
  definition: TableDefinition | null = null
  key: CopyKey | null = null
  columns: readonly CopiedColumn[] = []
  /** Not planned yet. */
  gaps: KeyRange[] = [wholeTable]
  /** Planned chunks that wait for a reader. */
  planned: KeyRange[] = []
  chunksUnderWay = 0
  /** The target knows the table as it is here. */
  isTold = false
  /** Chunks that entered at a place of the past, until the stream has come to the place up to which they may be newer. */
  #open: { readonly range: KeyRange; readonly until: LogPlace }[] = []
  /** Rows that the target lacked when this run began. */
  missing: readonly KeyTuple[] = []
  /** A table without a key is done when it was read whole. */
  isWholeDone = false
  rowsDone = 0
  bytesDone = 0
  /** Not tried again before this, by the monotonic clock. */
  restUntilMs = 0

  constructor(facts: TableCopyFacts) {
    this.tableId = facts.tableId
    this.name = { schema: facts.schema, name: facts.name }
    this.engine = facts.engine
    this.estimatedRows = facts.estimatedRows
    this.estimatedBytes = facts.estimatedBytes
    this.averageRowBytes = Math.max(facts.averageRowBytes, leastGuessedRowBytes)
  }

  get isKeyless(): boolean {
    return this.definition !== null && this.key === null
  }

  get isTransactional(): boolean {
    return isTransactionalEngine(this.engine)
  }

  get isDone(): boolean {
    if (this.isKeyless) return this.isWholeDone
    return this.gaps.length === 0 && this.planned.length === 0 && this.chunksUnderWay === 0
  }

  /**
   * Takes a definition that holds from now on.
   *
   * @returns whether the ranges so far still mean the same; else the caller must `restart`
   */
  define(definition: TableDefinition): boolean {
    const key = pickCopyKey(definition)
    const isFirst = this.definition === null
    const keepsOrder = isFirst ? this.#fitsRanges(key) : isSameOrder(this.key, key)
    this.definition = definition
    this.key = key
    this.columns = copiedColumns(definition.columns)
    this.state = { kind: 'known' }
    return keepsOrder
  }

  /** Forgets what was copied: another key, or other rows. */
  restart(tableId: number): void {
    this.tableId = tableId
    this.gaps = [wholeTable]
    this.planned = []
    this.#open = []
    this.missing = []
    this.isWholeDone = false
    this.rowsDone = 0
    this.bytesDone = 0
  }

  /** A chunk entered whose rows may be as late as `until`. */
  entered(range: KeyRange, until: LogPlace): void {
    this.#open.push({ range, until })
  }

  /** The stream has come to `place`. */
  passed(place: LogPlace): void {
    this.#open = this.#open.filter(({ until }) => compareFilePlaces(place, until) < 0)
  }

  /**
   * A DDL statement on the table is passed on. Chunks that may have been read behind it, but entered before it, are read
   * again.
   */
  touch(): void {
    this.state = { kind: 'stale' }
    this.planned.push(...this.#open.map(({ range }) => range))
    this.#open = []
  }

  /** Gives a planned chunk back. */
  putBack(range: KeyRange): void {
    this.planned.unshift(range)
  }

  toCopyTable(): CopyTable {
    return {
      tableId: this.tableId,
      schema: this.name.schema,
      table: this.name.name,
      columns: this.columns.map(({ column }) => column),
      keyColumns: this.key?.columns.map(({ name }) => name) ?? [],
      estimatedRows: this.estimatedRows,
      estimatedBytes: this.estimatedBytes,
    }
  }

  /** After a restart of the task: ranges of an earlier run must have as many values as the key has columns. */
  #fitsRanges(key: CopyKey | null): boolean {
    const tuples = this.gaps.flatMap(({ after, upTo }) => [after, upTo]).filter((tuple) => tuple !== null)
    return tuples.every((tuple) => tuple.length === key?.columns.length)
  }
}

/** A text that is equal when two definitions read and order rows alike. */
export function definitionText(definition: TableDefinition): string {
  const columns = definition.columns.map(({ name, columnType, characterSet, collation, isGenerated }) => [
    name,
    columnType,
    characterSet,
    collation,
    isGenerated,
  ])
  const key = pickCopyKey(definition)
  return JSON.stringify([columns, key?.indexName ?? null, key?.columns.map(({ name }) => name) ?? []])
}
