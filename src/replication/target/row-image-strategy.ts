/**
 * Row changes as the source's own events, run by the server's BINLOG statement: triggers stay silent, every type arrives
 * as it is, and nothing is decoded here.
 *
 * Easy to get wrong: (1) filters may have taken a statement's last event with its end mark, so each run of events of one
 * table gets an end mark of its own; (2) a BINLOG statement must be the last of its packet; (3) the first one of a
 * session leaves gtid_next ANONYMOUS, see `begin`; (4) MySQL 9.6 and later log what cascades, but not for each statement
 * alike: a REPLACE of a parent keeps its children there, and its events would cascade here.
 */
import { BinlogStatements, encodeEventForBinlogStatement } from '../../binlog/binlog-statement.ts'
import { type RawEvent, rawEvent } from '../../binlog/raw-event.ts'
import { RowsFlag } from '../../binlog/rows-event.ts'
import type { Session } from '../../mysql/session.ts'
import { refuseTooLarge } from './checked-execute.ts'
import { LoadMemory } from './load-memory.ts'
import type { RowsChange } from './row-changes.ts'
import { describeFailure } from './row-failure.ts'
import { quoteTable } from './sql-text.ts'

/** Bytes of events in one statement. */
const eventBytes = 384 * 1024
/** Events in one statement. MariaDB looks at all of its tables again for each of them. */
const mostEvents = { mysql: Number.POSITIVE_INFINITY, mariadb: 16 }
const flagsOffset = 6

export class RowImageStrategy {
  readonly #session: Session
  readonly #limits: PartLimits
  readonly #maxPacketBytes: number
  readonly #statements = new BinlogStatements()
  /** Of statements: the server has read all of one that it has answered. */
  readonly #memory = new LoadMemory()

  /** @param maxPacketBytes the longest statement the target takes; base64 adds a third */
  constructor(session: Session, maxPacketBytes: number) {
    this.#session = session
    this.#maxPacketBytes = maxPacketBytes
    this.#limits = { bytes: Math.min(eventBytes, maxPacketBytes >> 1), events: mostEvents[session.vendor] }
  }

  /**
   * Gives the session the description that the following events are read with; outside a transaction, for MySQL does
   * not let gtid_next change inside one.
   *
   * @throws MissingPrivilegeError or SqlError when the server does not take row images from this user
   */
  async describeFormat(format: RawEvent): Promise<void> {
    const isMysql = this.#session.vendor === 'mysql'
    const setBack = "SET SESSION gtid_next = 'AUTOMATIC'"
    // Whoever may not set it back must not begin: the session could commit nothing any more.
    if (isMysql) await this.#session.execute(setBack)
    await this.#session.execute(`BINLOG '${encodeEventForBinlogStatement(format, [])}'`)
    if (isMysql) await this.#session.execute(setBack)
  }

  /** As ApplyStrategy.write. */
  async write(changes: readonly RowsChange[], isolates: boolean): Promise<void> {
    let underWay: Promise<void> = Promise.resolve()
    for (const part of statementParts(changes, isolates ? { bytes: 1, events: 1 } : this.#limits)) {
      const sql = this.#statements.statementOf(statementEvents(part), (sizeBytes) => this.#memory.lend(sizeBytes))
      const { schema, table } = part.at(-1)?.table.name ?? { schema: '', table: '' }
      refuseTooLarge(sql.length, this.#maxPacketBytes, quoteTable(schema, table), this.#session.where)
      // While the server works on one statement the next is built.
      await underWay
      underWay = this.#send(part, sql)
      underWay.catch(() => {})
    }
    await underWay
  }

  async #send(changes: readonly RowsChange[], sql: Buffer): Promise<void> {
    await this.#session.execute(sql).catch((error: unknown) => {
      const [first] = changes
      const { schema, table } = first?.table.name ?? { schema: '', table: '' }
      const isExact = changes.length === 1 && first?.isMerged !== true
      const blamed = isExact ? quoteTable(schema, table) : `${quoteTable(schema, table)} or near it`
      throw describeFailure(error, [{ table: blamed, key: () => 'row image' }], isExact)
    })
    this.#memory.takeBack(sql)
  }
}

interface PartLimits {
  readonly bytes: number
  readonly events: number
}

/** Changes for one statement each: as many as fit into the limits, a larger one alone. */
function* statementParts(changes: readonly RowsChange[], limits: PartLimits): Generator<readonly RowsChange[]> {
  let from = 0
  let bytes = 0
  for (const [index, { event, table }] of changes.entries()) {
    const ownBytes = event.buffer.length + (changes[index - 1]?.table === table ? 0 : table.mapEvent.buffer.length)
    if (index > from && (bytes + ownBytes > limits.bytes || index - from >= limits.events)) {
      yield changes.slice(from, index)
      from = index
      bytes = 0
    }
    bytes += ownBytes
  }
  if (from < changes.length) yield changes.slice(from)
}

/** Table maps and rows, each run of one table a statement of its own. */
function* statementEvents(changes: readonly RowsChange[]): Generator<RawEvent> {
  for (const [index, change] of changes.entries()) {
    const before = changes[index - 1]
    const next = changes[index + 1]
    const continues = before !== undefined && before.table === change.table && !isEnd(before)
    if (!continues) yield change.table.mapEvent
    const mustEnd = next === undefined || next.table !== change.table
    yield withFlags(change, wantedFlags(change, mustEnd))
  }
}

function isEnd(change: RowsChange): boolean {
  return (change.flags & RowsFlag.StatementEnd) !== 0
}

function wantedFlags({ flags }: RowsChange, mustEnd: boolean): number {
  const end = mustEnd ? RowsFlag.StatementEnd : 0
  return flags | end | ((flags & RowsFlag.CascadesAreLogged) === 0 ? 0 : RowsFlag.NoForeignKeyChecks)
}

function withFlags({ event, flags }: RowsChange, wanted: number): RawEvent {
  if (flags === wanted) return event
  const bytes = Buffer.from(event.buffer)
  bytes.writeUInt16LE(wanted, event.bodyOffset + flagsOffset)
  return rawEvent(bytes)
}
