/**
 * Passes the source's stream on, part by part: what is in scope as it is, everything else as a moved position.
 */
import { formatPosition, type Position } from '../../binlog/position.ts'
import type { QueryEvent } from '../../binlog/query-event.ts'
import type { RawEvent } from '../../binlog/raw-event.ts'
import type { TransactionHead, TransactionPart, Xid } from '../../binlog/transaction-part.ts'
import { quoteTable } from '../../mysql/identifier.ts'
import type { ServerVersion } from '../../mysql/server-version.ts'
import type { TableName } from '../../mysql/table-definition.ts'
import { decodeSql } from '../ddl/decode-sql.ts'
import { dialectOf } from '../ddl/dialect-of.ts'
import { parseStatement } from '../ddl/parse-statement.ts'
import { plainQueryEvent, withStatement, withUtf8Statement } from '../ddl/query-rewrite.ts'
import type { Statement } from '../ddl/statement.ts'
import type { ObjectFilter } from '../filter.ts'
import { type DdlDecision, decideDdl } from './ddl-decision.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { PreparedCollector, PreparedTransactions } from './prepared-transactions.ts'
import type { TableChoice } from './statement-rows.ts'
import { TableNames } from './table-names.ts'
import { type BrokenTransactions, type PassParts, placeOf, TransactionPass } from './transaction-pass.ts'

export interface RowWatcher {
  tableMap(event: RawEvent): void
  rows(event: RawEvent): void
}

export interface StreamPassParts {
  readonly writer: FrameWriter
  readonly filter: ObjectFilter
  readonly isWanted: TableChoice
  readonly version: ServerVersion
  readonly broken: BrokenTransactions
  readonly prepared: PreparedTransactions
  /** Told of all rows while a copy runs; null when none does. */
  readonly partialRows: () => RowWatcher | null
  /** Told of every statement that is passed on, before it is. @returns tables to be emptied before it */
  readonly onDdl: (statement: Statement) => readonly TableName[]
}

type Ending = Extract<TransactionPart, { kind: 'commit' | 'rollback' | 'xa-prepare' }>
type XaEnding = Extract<TransactionPart, { kind: 'xa-commit' | 'xa-rollback' }>

export class StreamPass {
  readonly #parts: StreamPassParts
  readonly #passParts: PassParts
  #open: TransactionPass | null = null
  #preparing: { readonly head: TransactionHead; readonly collector: PreparedCollector } | null = null
  transactionsTotal = 0
  ddlTotal = 0

  constructor(parts: StreamPassParts) {
    this.#parts = parts
    this.#passParts = { ...parts, names: new TableNames() }
  }

  /** True between two transactions. */
  get isAtBoundary(): boolean {
    return this.#open === null && this.#preparing === null
  }

  /**
   * @returns what to wait for before the next part, if anything
   * @throws what decideDdl, the sink and the XA look-up throw; so does what it returns
   */
  pass(part: TransactionPart): Promise<void> | undefined {
    switch (part.kind) {
      case 'begin':
        this.#begin(part.transaction, part.xid)
        break
      case 'table-map':
        this.#open?.tableMap(part.event)
        this.#parts.partialRows()?.tableMap(part.event)
        this.#preparing?.collector.tableMap(part.event)
        break
      case 'rows':
        this.#preparing?.collector.rowsEvent(part.event)
        this.#parts.partialRows()?.rows(part.event)
        return this.#open?.rowsEvent(part.event)
      case 'savepoint':
      case 'rollback-to-savepoint':
        return this.#open?.statement(plainQueryEvent(part.query))
      case 'statement':
        this.#statementInside(part.query)
        break
      case 'commit':
      case 'rollback':
      case 'xa-prepare':
        return this.#end(part)
      case 'xa-commit':
      case 'xa-rollback':
        return this.#endPrepared(part)
      case 'ddl':
        return this.#ddl(part)
      case 'idle':
        this.#parts.writer.reach(part.position)
        break
      case 'format':
        this.#parts.writer.add({ kind: 'format', event: part.event.buffer })
        break
      case 'context':
      case 'annotation':
        break
    }
    return undefined
  }

  #begin(head: TransactionHead, xid: Xid | null): void {
    if (xid === null) this.#open = new TransactionPass(this.#passParts, head)
    else this.#preparing = { head, collector: this.#parts.prepared.collect() }
  }

  #end(part: Ending): Promise<void> | undefined {
    this.transactionsTotal += 1
    const preparing = this.#preparing
    if (preparing !== null) return this.#endPreparing(preparing, part)
    if (part.kind === 'rollback') this.#open?.rollback(part.position, part.committed)
    else this.#open?.commit(part.position, part.committed)
    this.#open = null
    return this.#parts.writer.room()
  }

  async #endPreparing(
    { head, collector }: { head: TransactionHead; collector: PreparedCollector },
    part: Ending,
  ): Promise<void> {
    const isCommit = part.kind === 'commit' || (part.kind === 'xa-prepare' && part.isOnePhase)
    if (part.kind === 'xa-prepare' && !part.isOnePhase) this.#parts.prepared.prepared(part.xid, collector)
    this.#writeRows(head, isCommit ? await this.#rowsOf(collector, part) : [], part)
    this.#preparing = null
    await this.#parts.writer.whenRoom()
  }

  async #rowsOf(collector: PreparedCollector, part: Ending): Promise<readonly Buffer[]> {
    if (collector.rows !== null || part.kind !== 'xa-prepare') return collector.rows ?? []
    const { file, offset } = placeOf(part.position)
    return this.#parts.prepared.lookUp(part.xid, { file, offset: offset + 1 })
  }

  async #endPrepared(part: XaEnding): Promise<void> {
    this.transactionsTotal += 1
    const { prepared, writer } = this.#parts
    if (part.kind === 'xa-rollback') prepared.rolledBack(part.xid)
    const rows = part.kind === 'xa-commit' ? await prepared.committed(part.xid, placeOf(part.position)) : []
    this.#writeRows(part.transaction, rows, part)
    await writer.whenRoom()
  }

  #writeRows(head: TransactionHead, rows: readonly Buffer[], { position, committed }: Ending | XaEnding): void {
    const { writer } = this.#parts
    const place = placeOf(position)
    if (rows.length === 0) writer.skip({ kind: 'skip', gtid: head.gtid, place, committed })
    else {
      writer.add({ kind: 'begin', gtid: head.gtid, serverId: head.serverId })
      for (const event of rows) writer.add({ kind: 'event', event })
      writer.add({ kind: 'commit', place, committed })
    }
    writer.reach(position)
  }

  async #ddl(part: Extract<TransactionPart, { kind: 'ddl' }>): Promise<void> {
    const { writer } = this.#parts
    const { query, transaction, position, committed } = part
    const { statement, decision } = this.#decide(query, position)
    const place = placeOf(position)
    if (decision.kind === 'skip') writer.skip({ kind: 'skip', gtid: transaction.gtid, place, committed })
    else {
      for (const { schema, name } of this.#parts.onDdl(statement)) {
        const event = withUtf8Statement(query, `TRUNCATE TABLE ${quoteTable(schema, name)}`)
        writer.add({ kind: 'ddl', event, gtid: null, place: placeOf(writer.position), committed })
      }
      this.ddlTotal += 1
      writer.add({ kind: 'ddl', event: eventOf(decision, query), gtid: transaction.gtid, place, committed })
    }
    this.transactionsTotal += 1
    writer.reach(position)
    await writer.whenRoom()
  }

  /** Inside a transaction: the CREATE TABLE of a CREATE TABLE ... SELECT, or rows changed by a statement. */
  #statementInside(query: QueryEvent): void {
    const open = this.#open
    if (open === null) return
    const { statement, decision, text } = this.#decide(query, open.head.before)
    if (decision.kind === 'skip') return
    this.#parts.onDdl(statement)
    this.ddlTotal += 1
    const event =
      statement.kind === 'create-table' ? repeatableCreate(statement, query, text) : eventOf(decision, query)
    const committed = { micros: BigInt(query.timestampSeconds) * 1_000_000n, isExact: false }
    open.beforeBegin({ kind: 'ddl', event, gtid: null, place: placeOf(open.head.before), committed })
  }

  #decide(query: QueryEvent, position: Position): { statement: Statement; decision: DdlDecision; text: string } {
    const text = decodeSql(query.sql, query.session.characterSetClient)
    const statement = parseStatement(text, query.schema, dialectOf(query, this.#parts.version))
    const at = { defaultSchema: query.schema, place: formatPosition(position) }
    return { statement, decision: decideDdl(statement, this.#parts.filter, at), text }
  }
}

function eventOf(decision: DdlDecision, query: QueryEvent): Buffer {
  if (decision.kind === 'rewrite') return withUtf8Statement(query, decision.sql)
  if (decision.kind === 'reword') {
    const { from, to } = decision
    const begins = query.sql.toString('latin1', 0, from.length).toUpperCase() === from
    const isThere = /^CREATE\s+OR\s+REPLACE\b/i.test(query.sql.toString('latin1', 0, 64))
    if (begins && !isThere)
      return withStatement(query, Buffer.concat([Buffer.from(to), query.sql.subarray(from.length)]))
  }
  return plainQueryEvent(query)
}

/**
 * Its rows follow in a transaction of their own, so a crash between the two runs it twice: then the table must not mind.
 */
function repeatableCreate(
  { ifNotExistsAt, startTransactionAt }: Extract<Statement, { kind: 'create-table' }>,
  query: QueryEvent,
  text: string,
): Buffer {
  const whole = startTransactionAt === null ? text : text.slice(0, startTransactionAt)
  if (ifNotExistsAt === null) return withUtf8Statement(query, whole)
  return withUtf8Statement(query, `${whole.slice(0, ifNotExistsAt)} IF NOT EXISTS${whole.slice(ifNotExistsAt)}`)
}
