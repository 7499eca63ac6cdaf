/**
 * Turns events into transactions, in parts: a pull-model state machine with no input or output of its own.
 *
 *     for (const part of reader.read(await stream.nextBatch())) ...
 *
 * A reader belongs to one stream: both begin at the same position. Between two transactions it is outside; after a
 * GTID event a head is pending; BEGIN (on MariaDB the GTID event itself) goes inside, and COMMIT, XID, ROLLBACK or XA
 * PREPARE out again. A statement outside is a transaction of its own.
 *
 * Easy to get wrong: a source that crashed may leave an unfinished transaction at the end of a file. Nothing of it was
 * committed; the next file's format description ends it, as it does for the servers' own replicas.
 */
import { BinlogIncidentError, BinlogSequenceError, UnknownEventError } from './errors.ts'
import { EventType, eventTypeName, rowsEventKind } from './event-type.ts'
import type { Position } from './position.ts'
import { type AnyGtid, PositionTracker } from './position-tracker.ts'
import { decodeQueryEvent, isBeginEvent, type QueryEvent } from './query-event.ts'
import { EventFlag, type RawEvent } from './raw-event.ts'
import { decodeIncident, decodeRowsQuery, decodeXaPrepareEvent } from './statement-events.ts'
import { parseXid, type StatementKind, statementKind } from './statement-kind.ts'
import { headOf, headWithoutGtid, type OpenHead } from './transaction-head.ts'
import type { CommitTime, TransactionPart } from './transaction-part.ts'
import { payloadEvents } from './transaction-payload.ts'

/** MariaDB's two-phase ALTER: only its commit changes anything. */
const alterCommit = 4
const alterPhases = 2 | 8

export class TransactionReader {
  readonly #tracker: PositionTracker
  #open: OpenHead | null = null
  #isInside = false
  /** A second part that the same event gives. */
  #next: TransactionPart | null = null

  /** @throws InvalidPositionError if `start` is malformed */
  constructor(start: Position) {
    this.#tracker = new PositionTracker(start)
  }

  /** The last place from which a new stream may go on. */
  get position(): Position {
    return this.#tracker.boundary
  }

  /** True between `begin` and the end of a transaction. */
  get isInTransaction(): boolean {
    return this.#isInside
  }

  /**
   * The parts that the events give, made as they are asked for: always run it to its end.
   *
   * @throws UnknownEventError, BinlogIncidentError, MalformedEventError, BinlogSequenceError; after that, open a new
   * stream and reader at `position`
   */
  *read(events: Iterable<RawEvent>): Generator<TransactionPart> {
    for (const event of events) {
      this.#tracker.advance(event)
      if (event.header.type === EventType.TransactionPayload) {
        for (const inner of payloadEvents(event)) yield* this.#parts(inner)
        continue
      }
      // Not by `#parts`: another generator for each event would cost more than the event.
      const part = this.#part(event)
      if (part !== null) yield part
      if (this.#next !== null) yield this.#takeNext(this.#next)
    }
  }

  *#parts(event: RawEvent): Generator<TransactionPart> {
    const part = this.#part(event)
    if (part !== null) yield part
    if (this.#next !== null) yield this.#takeNext(this.#next)
  }

  #takeNext(next: TransactionPart): TransactionPart {
    this.#next = null
    return next
  }

  #part(event: RawEvent): TransactionPart | null {
    const { type } = event.header
    if (rowsEventKind(type) !== null) return this.#insidePart({ kind: 'rows', event }, type)
    switch (type) {
      case EventType.TableMap:
        return this.#insidePart({ kind: 'table-map', event }, type)
      case EventType.Gtid:
      case EventType.AnonymousGtid:
      case EventType.GtidTagged:
      case EventType.MariadbGtid:
        return this.#announce(headOf(event, this.#tracker.boundary), type)
      case EventType.Query:
      case EventType.MariadbQueryCompressed:
        return this.#query(event)
      case EventType.Xid:
        return this.#finish('commit', event, null)
      case EventType.XaPrepare:
        return this.#xaPrepare(event)
      case EventType.RowsQuery:
      case EventType.MariadbAnnotateRows:
        return { kind: 'annotation', sql: decodeRowsQuery(event) }
      case EventType.FormatDescription:
        return this.#format(event)
      default:
        return this.#otherPart(event)
    }
  }

  #otherPart(event: RawEvent): TransactionPart | null {
    const { type, flags } = event.header
    switch (type) {
      case EventType.Heartbeat:
      case EventType.HeartbeatV2:
      case EventType.Rotate:
        if (this.#isInside || this.#open !== null) return null
        return { kind: 'idle', position: this.#tracker.mark(null) }
      case EventType.Intvar:
      case EventType.Rand:
      case EventType.UserVar:
      case EventType.AppendBlock:
      case EventType.BeginLoadQuery:
      case EventType.ExecuteLoadQuery:
      case EventType.DeleteFile:
        return { kind: 'context', event }
      case EventType.Incident:
        throw new BinlogIncidentError(
          `the source reports at ${this.#tracker.place} that its log misses changes: ${decodeIncident(event).message}`,
        )
      case EventType.Stop:
      case EventType.Ignorable:
      case EventType.PreviousGtids:
      case EventType.TransactionContext:
      case EventType.ViewChange:
      case EventType.MariadbBinlogCheckpoint:
      case EventType.MariadbGtidList:
        return null
      default:
        if ((flags & EventFlag.Ignorable) !== 0) return null
        throw new UnknownEventError(
          `the event ${eventTypeName(type)} ending at ${this.#tracker.place} is not supported and may not be skipped`,
          { details: { type, place: this.#tracker.place } },
        )
    }
  }

  #announce(open: OpenHead, type: number): TransactionPart | null {
    if (this.#isInside || this.#open !== null) throw this.#outOfOrder(type)
    this.#open = open
    if (!open.isBegin) return null
    this.#isInside = true
    return { kind: 'begin', transaction: open.head, xid: open.xid }
  }

  #query(event: RawEvent): TransactionPart | null {
    if (isBeginEvent(event)) return this.#begin(event)
    const query = decodeQueryEvent(event)
    const kind = statementKind(query.sql)
    if (!this.#isInside) return this.#queryOutside(event, query, kind)
    switch (kind) {
      case 'commit':
        return this.#finish('commit', event, query)
      case 'rollback':
        return this.#finish('rollback', event, query)
      case 'savepoint':
        return { kind: 'savepoint', query }
      case 'rollback-to-savepoint':
        return { kind: 'rollback-to-savepoint', query }
      // MariaDB's GTID event was the BEGIN already; some versions repeat it for XA.
      case 'xa-start':
      case 'xa-end':
        return null
      default:
        return { kind: 'statement', query }
    }
  }

  /** MariaDB's GTID event was the BEGIN already. */
  #begin(event: RawEvent): TransactionPart | null {
    if (this.#isInside) return null
    const open = this.#open ?? headWithoutGtid(event, this.#tracker.boundary)
    this.#open = open
    this.#isInside = true
    return { kind: 'begin', transaction: open.head, xid: open.xid }
  }

  #queryOutside(event: RawEvent, query: QueryEvent, kind: StatementKind): TransactionPart | null {
    const open = this.#open ?? headWithoutGtid(event, this.#tracker.boundary)
    this.#open = open
    switch (kind) {
      case 'xa-start':
        this.#isInside = true
        return { kind: 'begin', transaction: open.head, xid: parseXid(query.sql) }
      case 'xa-commit':
      case 'xa-rollback':
        return { kind, transaction: open.head, xid: parseXid(query.sql), ...this.#leave(event, query) }
      case 'commit':
      case 'rollback':
        return this.#emptyTransaction(open, event, query)
      default: {
        const phases = query.session.mariadbGtidFlags3
        if ((phases & alterPhases) !== 0 && (phases & alterCommit) === 0)
          return this.#emptyTransaction(open, event, query)
        return { kind: 'ddl', transaction: open.head, query, ...this.#leave(event, query) }
      }
    }
  }

  #emptyTransaction(open: OpenHead, event: RawEvent, query: QueryEvent): TransactionPart {
    this.#isInside = true
    this.#next = this.#finish('commit', event, query)
    return { kind: 'begin', transaction: open.head, xid: null }
  }

  #finish(kind: 'commit' | 'rollback', event: RawEvent, query: QueryEvent | null): TransactionPart {
    if (!this.#isInside) throw this.#outOfOrder(event.header.type)
    return { kind, ...this.#leave(event, query) }
  }

  #xaPrepare(event: RawEvent): TransactionPart {
    if (!this.#isInside) throw this.#outOfOrder(event.header.type)
    const { xid, isOnePhase } = decodeXaPrepareEvent(event)
    return { kind: 'xa-prepare', xid, isOnePhase, ...this.#leave(event, null) }
  }

  /** Ends the transaction at this event. */
  #leave(event: RawEvent, query: QueryEvent | null): { position: Position; committed: CommitTime } {
    const open = this.#open
    const gtid: AnyGtid | null = open?.gtid ?? null
    this.#open = null
    this.#isInside = false
    return { position: this.#tracker.mark(gtid), committed: commitTime(open, event, query) }
  }

  /** A new file: what is unfinished now never ends. */
  #format(event: RawEvent): TransactionPart {
    const format: TransactionPart = { kind: 'format', event }
    if (!this.#isInside) {
      this.#open = null
      return format
    }
    const committed = commitTime(this.#open, event, null)
    this.#open = null
    this.#isInside = false
    this.#next = format
    return { kind: 'rollback', position: this.#tracker.boundary, committed }
  }

  #insidePart(part: TransactionPart, type: number): TransactionPart {
    if (!this.#isInside) throw this.#outOfOrder(type)
    return part
  }

  #outOfOrder(type: number): BinlogSequenceError {
    const state = this.#isInside ? 'inside' : 'outside'
    return new BinlogSequenceError(
      `the event ${eventTypeName(type)} ending at ${this.#tracker.place} came ${state} a transaction, where no server writes it`,
    )
  }
}

function commitTime(open: OpenHead | null, event: RawEvent, query: QueryEvent | null): CommitTime {
  const exact = open?.head.immediateCommitMicros ?? null
  if (exact !== null) return { micros: exact, isExact: true }
  const micros = BigInt(event.header.timestamp) * 1_000_000n + BigInt(query?.session.microseconds ?? 0)
  return { micros, isExact: false }
}
