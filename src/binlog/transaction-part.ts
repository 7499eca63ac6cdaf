/**
 * What the transaction reader makes of events: transactions in parts, so that one larger than memory can pass.
 *
 * Easy to get wrong: only `commit`, `ddl`, `xa-prepare`, `xa-commit`, `xa-rollback`, `rollback` and `idle` carry a
 * position, and only these positions may be kept to resume from. All names here are bytes decoded as UTF-8, the form in
 * which both vendors write identifiers.
 */
import type { Position } from './position.ts'
import type { QueryEvent } from './query-event.ts'
import type { RawEvent } from './raw-event.ts'

export interface TransactionHead {
  /** `uuid:5`, `uuid:tag:5`, `0-1-5`; null where the server writes none. */
  readonly gtid: string | null
  /** The server on which the transaction was first written. */
  readonly serverId: number
  /** Everything up to here came before this transaction. */
  readonly before: Position
  /** Microseconds since the epoch at which the first server committed it; MySQL 8.0 and later. */
  readonly originalCommitMicros: bigint | null
  /** The same for the server that sends it. */
  readonly immediateCommitMicros: bigint | null
  /** MySQL 5.7 and later: the logical clock; two transactions with one `lastCommitted` had no conflict. */
  readonly lastCommitted: bigint | null
  readonly sequenceNumber: bigint | null
  /** Bytes of the whole transaction in the log, where the server says. */
  readonly lengthBytes: number | null
  /** MariaDB: flags of its GTID event (FL_DDL 32, FL_TRANSACTIONAL 4, ...); null on MySQL. */
  readonly mariadbFlags: number | null
}

/** When a transaction was committed on the sending server. */
export interface CommitTime {
  readonly micros: bigint
  /** False where the server tells only the second, or only when the statement began. */
  readonly isExact: boolean
}

/** A prepared XA transaction's name, as XA statements take it. */
export interface Xid {
  readonly formatId: number
  readonly gtrid: Buffer
  readonly bqual: Buffer
}

export type TransactionPart =
  | { readonly kind: 'begin'; readonly transaction: TransactionHead; readonly xid: Xid | null }
  /** Describes the table of the rows that follow; holds until the end of the statement. */
  | { readonly kind: 'table-map'; readonly event: RawEvent }
  /** Row images, as they are: decode with a RowsReader. */
  | { readonly kind: 'rows'; readonly event: RawEvent }
  /**
   * A statement inside a transaction: DML in statement format (its context came before as `context`), or the
   * CREATE TABLE of a CREATE TABLE ... SELECT, whose rows follow.
   */
  | { readonly kind: 'statement'; readonly query: QueryEvent }
  /** INSERT_ID, RAND and user variables, LOAD DATA blocks: belong to the next `statement`. */
  | { readonly kind: 'context'; readonly event: RawEvent }
  /** The text of the statement whose rows follow, for people (ROWS_QUERY, annotate). */
  | { readonly kind: 'annotation'; readonly sql: Buffer }
  | { readonly kind: 'savepoint'; readonly query: QueryEvent }
  | { readonly kind: 'rollback-to-savepoint'; readonly query: QueryEvent }
  | { readonly kind: 'commit'; readonly position: Position; readonly committed: CommitTime }
  /** Nothing of the transaction holds, except what non-transactional tables took. */
  | { readonly kind: 'rollback'; readonly position: Position; readonly committed: CommitTime }
  /** A statement that is a transaction of its own: DDL, GRANT, TRUNCATE and the like. No begin and no commit around it. */
  | {
      readonly kind: 'ddl'
      readonly transaction: TransactionHead
      readonly query: QueryEvent
      readonly position: Position
      readonly committed: CommitTime
    }
  /** Ends what `begin` with an xid opened: prepared (or, if `isOnePhase`, committed). */
  | {
      readonly kind: 'xa-prepare'
      readonly xid: Xid
      readonly isOnePhase: boolean
      readonly position: Position
      readonly committed: CommitTime
    }
  | {
      readonly kind: 'xa-commit' | 'xa-rollback'
      readonly transaction: TransactionHead
      readonly xid: Xid
      readonly position: Position
      readonly committed: CommitTime
    }
  /** The server has nothing more for now (heartbeat), or moved to a new file: everything before `position` was given. */
  | { readonly kind: 'idle'; readonly position: Position }
  /** A new format description: needed to pass raw events on. */
  | { readonly kind: 'format'; readonly event: RawEvent }
