/**
 * The copy while the stream runs: whoever reads the stream calls `step` at a transaction boundary, and nothing of the
 * stream is passed on until it returns. What a step adds stands in the stream at that boundary.
 *
 * Chunks by key: a gate opens snapshots that see everything up to the boundary (low) and reads the end of the log behind
 * them (high). Rows as they were somewhere between low and high enter at low; the events between are applied over them
 * by key. When the stream has passed every high, the target is a state of the source.
 *
 * Tables without a key: a lock of milliseconds fixes a place in the log and a snapshot that is exactly it. Events before
 * that place are dropped, the rows enter when the stream is there.
 *
 * Easy to get wrong: everything here happens between two transactions; a second step never begins before the first ended.
 */
import { compareFilePlaces } from '../../../binlog/position.ts'
import type { Clock } from '../../../core/clock.ts'
import type { Log } from '../../../core/log.ts'
import { type LogPlace, readLogEnd } from '../../../mysql/binlog-place.ts'
import { BlockMemory } from '../../../mysql/block-memory.ts'
import { readDefinitions } from '../../../mysql/schema-reader.ts'
import type { Session } from '../../../mysql/session.ts'
import type { TableName } from '../../../mysql/table-definition.ts'
import type { Statement } from '../../ddl/statement.ts'
import type { ObjectFilter } from '../../filter.ts'
import type { FrameWriter } from '../frame-writer.ts'
import { ChunkPlanner } from './chunk-planner.ts'
import { pieceBytes } from './chunk-reader.ts'
import type { CopyTables } from './copy-tables.ts'
import { GateOutput } from './gate-output.ts'
import { GateReaders, isStructureError } from './gate-readers.ts'
import { PartialRows } from './partial-rows.ts'
import { type GatePlace, openSnapshots } from './snapshot-gate.ts'
import { readViews } from './structure-reader.ts'
import { definitionText, type TableCopy } from './table-copy.ts'
import { type LockedTables, lockTables } from './table-lock.ts'
import { WholeTableRead } from './whole-table-read.ts'

export interface CopyParts {
  /** In plainState: definitions, the log's place. */
  readonly control: Session
  /** In copyingState: bounds of chunks. */
  readonly planning: Session
  /** In plainState with a short lock_wait_timeout. */
  readonly locking: Session
  /** In copyingState, repeatable read: one a chunk that is read at the same time. */
  readonly readers: readonly Session[]
  /** See ServerCapabilities; without it tables are locked until the snapshots are open. */
  readonly tellsCommits: boolean
  readonly chunkBytes: number
  /** A gate takes no further chunk after this much. */
  readonly gateBytes: number
  readonly filter: ObjectFilter
  readonly writer: FrameWriter
  readonly clock: Clock
  readonly log: Log
}

export interface StreamPlace extends GatePlace {
  /** Everything before this place of the log has been passed on. */
  readonly place: LogPlace
  /** Nothing more has arrived. */
  readonly isDrained: boolean
}

/** For `CopyParts.gateBytes`, when nobody says otherwise. */
export const defaultGateBytes = 16 * 1024 * 1024
const startOfLog: LogPlace = { file: '', offset: 0 }
/** A gate takes no further chunk after this long. */
const gateMs = 400
const plannedPerReader = 4
const restMs = 200
const mostLockedTables = 20
/** About what a gate reads. */
const mostKeptBlocks = 48

export class CopyRun {
  readonly #parts: CopyParts
  readonly #tables: CopyTables
  readonly #planner: ChunkPlanner
  readonly #memory = new BlockMemory(pieceBytes, mostKeptBlocks)
  /** Told of all table maps and rows in scope while the copy runs. */
  readonly partialRows: PartialRows
  #planned: Promise<void> = Promise.resolve()
  #high: LogPlace
  #whole: WholeTableRead | null = null
  /** The copy has been declared complete: statements concern it no longer. */
  isComplete = false
  /** Every snapshot sees at least this; null when that is still to be shown. */
  #committed: LogPlace | null

  /**
   * @param high the end of the log when the run began: chunks of earlier runs may hold anything before it
   * @param isStartCommitted true when the start position came from this server's own snapshot
   */
  constructor(parts: CopyParts, tables: CopyTables, high: LogPlace, isStartCommitted: boolean) {
    this.#parts = parts
    this.#tables = tables
    const { planning: session, chunkBytes, readers, tellsCommits } = parts
    // A gate that must lock its tables is kept out by whoever writes to one of them for long.
    this.#planner = new ChunkPlanner({ session, chunkBytes, tablesAtOnce: tellsCommits ? readers.length : 1 })
    this.partialRows = new PartialRows((schema, name) => tables.get(schema, name))
    for (const table of tables.all) this.partialRows.add(table, table.missing)
    this.#high = high
    this.#committed = isStartCommitted ? startOfLog : null
    this.#announce()
  }

  get tables(): readonly TableCopy[] {
    return this.#tables.all
  }

  /** True for a table whose events are dropped until its rows have entered the stream. */
  isWaiting(schema: string, name: string): boolean {
    const table = this.#tables.get(schema, name)
    return table?.isKeyless === true && !table.isWholeDone
  }

  /** A statement that is about to be passed on. @returns tables to be emptied before it */
  onDdl(statement: Statement): readonly TableName[] {
    const emptied = this.#tables.onDdl(statement)
    // Their earlier chunks must be void before the statement's own position can be recorded.
    if (emptied.length > 0) this.#tell()
    for (const table of emptied) table.touch()
    return emptied.map((table) => table.name)
  }

  /** True when everything before `place` has been passed on and the rows of a locked table must enter now. */
  isDue(place: LogPlace): boolean {
    return this.#whole !== null && compareFilePlaces(place, this.#whole.place) >= 0
  }

  /** True when a transaction, of which `place` is inside or the end, may come only after the rows of a locked table. */
  isBehind(place: LogPlace): boolean {
    return this.#whole !== null && compareFilePlaces(place, this.#whole.place) > 0
  }

  /** Lets the rows enter that `isDue` told of. */
  async enter(): Promise<void> {
    const whole = this.#whole
    this.#whole = null
    if (whole === null) return
    // A statement on the table came between: what was locked may be another table of that name.
    if (whole.table.state.kind === 'known') await whole.read(this.#parts.writer)
    else await whole.giveUp()
    this.#raiseHigh(whole.place)
  }

  /** Copies some more; `complete`: the copy has been declared so and needs no more steps. */
  async step(at: StreamPlace): Promise<'complete' | 'copied-some' | 'nothing-to-copy'> {
    if (this.#whole !== null) return 'nothing-to-copy'
    for (const table of this.#tables.all) table.passed(at.place)
    await this.#learnDefinitions(at.place)
    this.#announce()
    await this.#planned
    await this.#planner.plan(this.#readable(), 1)
    const hasChunks = this.#readable().some((table) => table.planned.length > 0)
    if (hasChunks || !this.partialRows.isEmpty) await this.#gate(at)
    else if (at.isDrained) await this.#beginWhole()
    if (this.#canComplete(at.place)) {
      await this.#declare()
      this.isComplete = true
      return 'complete'
    }
    this.#planAhead()
    return hasChunks ? 'copied-some' : 'nothing-to-copy'
  }

  #planAhead(): void {
    this.#planned = this.#planner
      .plan(this.#readable(), this.#parts.readers.length * plannedPerReader)
      .catch((error: unknown) => {
        if (!isStructureError(error)) throw error
        this.#restAll()
      })
    // It is awaited by the next step, which may come after the failure.
    this.#planned.catch(() => {})
  }

  /** Tables of which chunks can be planned and read now. */
  #readable(): readonly TableCopy[] {
    const now = this.#parts.clock.monotonicMs()
    return this.#tables.all.filter(
      (table) =>
        table.isTold && table.state.kind === 'known' && table.key !== null && !table.isDone && table.restUntilMs <= now,
    )
  }

  async #learnDefinitions(place: LogPlace): Promise<void> {
    const stale = this.#tables.all.filter((table) => table.state.kind === 'stale')
    if (stale.length > 0) {
      const names = stale.map((table) => table.name)
      const found = await readDefinitions(this.#parts.control, names)
      const until = await readLogEnd(this.#parts.control)
      for (const table of stale) {
        const { schema, name } = table.name
        const definition = found.find((one) => one.schema === schema && one.name === name) ?? null
        table.state = { kind: 'checking', definition, until }
      }
    }
    for (const table of this.#tables.all) this.#settle(table, place)
  }

  #settle(table: TableCopy, place: LogPlace): void {
    const { state } = table
    if (state.kind !== 'checking' || compareFilePlaces(place, state.until) < 0) return
    if (state.definition === null) {
      this.#tables.remove(table)
      this.partialRows.forget(table)
      return
    }
    const isAsBefore =
      table.definition !== null && definitionText(table.definition) === definitionText(state.definition)
    if (!table.define(state.definition)) {
      this.#tables.restart(table)
      this.partialRows.forget(table)
    }
    if (!isAsBefore) this.#tables.changed(table)
  }

  /** Tells the target of the tables when something changed, once all definitions are known to hold here. */
  #announce(): void {
    if (this.#tables.isChanged && this.#tables.all.every((table) => table.state.kind === 'known')) this.#tell()
  }

  #tell(): void {
    this.#tables.isChanged = false
    for (const table of this.#tables.all) table.isTold = true
    this.#parts.writer.add({ kind: 'copy', tables: this.#tables.all.map((table) => table.toCopyTable()) })
  }

  async #gate(at: StreamPlace): Promise<void> {
    const { readers, control, locking, tellsCommits, gateBytes, clock, writer } = this.#parts
    const again = this.partialRows.take()
    const planned = this.#readable().filter((table) => table.planned.length > 0)
    const tables = [...new Set([...again.keys(), ...(tellsCommits ? planned : planned.slice(0, mostLockedTables))])]
    const lock = tellsCommits ? null : await this.#tryLock(locking, tables)
    if (!tellsCommits && lock === null) {
      this.partialRows.putBack(again)
      return
    }
    const waiting = tables.reduce((sum, table) => sum + table.planned.length, 0)
    const open = readers.slice(0, Math.max(1, Math.min(readers.length, waiting)))
    const lastCommit = at.lastCommit ?? this.#committed
    await openSnapshots(open, control, { position: at.position, lastCommit }, clock)
    this.#committed = startOfLog
    await lock?.release()
    const output = new GateOutput(writer, this.#memory)
    const untilMs = clock.monotonicMs() + gateMs
    const gate = new GateReaders({
      control,
      output,
      isOver: () => clock.monotonicMs() > untilMs || output.bytesTotal > gateBytes,
      onChanged: (table) => {
        table.restUntilMs = clock.monotonicMs() + restMs
      },
    })
    const [first] = open
    if (first !== undefined) this.partialRows.putBack(await gate.readAgain(first, again))
    const read = await gate.readChunks(open, tables)
    await Promise.all(open.map((session) => session.execute('COMMIT')))
    // Rows are those of the snapshots, but a table is found by its name only when it is read: another one may have it by then.
    const until = await readLogEnd(control)
    for (const { table, range } of read) table.entered(range, until)
    this.#raiseHigh(until)
    await output.write()
  }

  async #tryLock(session: Session, tables: readonly TableCopy[]): Promise<LockedTables | null> {
    const lock = await lockTables(session, tables)
    if (lock === null) this.#restAll()
    return lock
  }

  #restAll(): void {
    const untilMs = this.#parts.clock.monotonicMs() + restMs
    for (const table of this.#tables.all) table.restUntilMs = Math.max(table.restUntilMs, untilMs)
  }

  async #beginWhole(): Promise<void> {
    const { clock, control, locking, readers, log } = this.#parts
    const now = clock.monotonicMs()
    const table = this.#tables.all.find(
      (one) => one.isTold && one.isKeyless && !one.isWholeDone && one.state.kind === 'known' && one.restUntilMs <= now,
    )
    const [reader] = readers
    if (table === undefined || reader === undefined) return
    this.#whole = await WholeTableRead.begin(table, { control, locking, reader })
    if (this.#whole !== null) return
    table.restUntilMs = now + 1_000
    log.info(
      { schema: table.name.schema, table: table.name.name },
      'copy waits for a moment to lock a table without a key',
    )
  }

  #canComplete(place: LogPlace): boolean {
    return (
      this.#whole === null &&
      !this.#tables.isChanged &&
      this.partialRows.isEmpty &&
      this.#tables.all.every((table) => table.isDone && table.state.kind === 'known') &&
      compareFilePlaces(place, this.#high) >= 0
    )
  }

  async #declare(): Promise<void> {
    const { writer, control, filter } = this.#parts
    for (const view of await readViews(control, filter)) writer.add({ kind: 'structure', object: view })
    writer.add({ kind: 'copied' })
    await writer.flush()
  }

  #raiseHigh(place: LogPlace): void {
    if (compareFilePlaces(place, this.#high) > 0) this.#high = place
  }
}
