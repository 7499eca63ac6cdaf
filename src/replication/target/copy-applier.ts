/** The items of a copy: its tables, its structures, its chunks, its end. */
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { ReplicationJob } from '../../model/replication-job.ts'
import { MalformedFrameError } from '../pipe/errors.ts'
import type { ChunkPiece, CopyTable, StructureObject } from '../pipe/frame.ts'
import { executeWriting } from './checked-execute.ts'
import type { CheckpointStage } from './checkpoint.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { ChunkPool } from './chunk-pool.ts'
import { type ChunkTable, chunkStatements, missingKeysStatement } from './chunk-statement.ts'
import { type DoubtfulTable, orphanStatement } from './copy-cascades.ts'
import type { CopyStore } from './copy-store.ts'
import { DeferredKeys } from './deferred-keys.ts'
import { ApplyError, TargetTableDiffersError } from './errors.ts'
import type { MissingRows } from './missing-rows.ts'
import type { Progress } from './progress.ts'
import type { RunStrategies } from './run-strategies.ts'
import { refuseTriggers } from './sql-strategy.ts'
import { quoteTable } from './sql-text.ts'
import { makeObject } from './structure.ts'
import type { TableCatalog } from './table-catalog.ts'
import type { TargetConnections } from './target-connections.ts'

export interface CopyParts {
  readonly connections: TargetConnections
  readonly checkpoints: CheckpointStore
  readonly copies: CopyStore
  readonly missing: MissingRows
  readonly catalog: TableCatalog
  readonly progress: Progress
  readonly job: ReplicationJob
  readonly clock: Clock
  readonly log: Log
  readonly onNote: (note: string) => void
  /** Nobody looks any more at the frame of which these rows are. */
  readonly onSpent: (rows: Uint8Array) => void
}

export class CopyApplier {
  readonly #parts: CopyParts
  #tables: Map<number, CopyTable> | null = null
  #pool: ChunkPool | null = null
  readonly #keys: DeferredKeys
  readonly #alone = new WeakSet<ChunkPiece>()

  constructor(parts: CopyParts) {
    this.#parts = parts
    const { connections, catalog, checkpoints, log } = parts
    this.#keys = new DeferredKeys({
      plain: connections.plain,
      builders: () => connections.keySessions(),
      catalog,
      checkpoints,
      log,
    })
  }

  /** Bytes of chunks not yet committed. */
  get queuedBytes(): number {
    return this.#pool?.queuedBytes ?? 0
  }

  /** What earlier runs have done, for the report. */
  async loadProgress(): Promise<void> {
    const { copies, progress, connections } = this.#parts
    const [tables, chunks] = [await copies.tables(connections.plain), await copies.chunks(connections.plain)]
    progress.setCopy(tables, chunks, connections.checkpoint.epoch)
  }

  /** See structure.ts. */
  async makeObject(object: StructureObject, stage: CheckpointStage, strategies: RunStrategies): Promise<void> {
    const { connections, copies, catalog, job, log, onNote } = this.#parts
    const structure = {
      session: connections.plain,
      catalog,
      copies,
      translation: { version: connections.facts.version, collations: connections.collations.names },
      source: strategies.source,
      dropsTables: job.target.dropTableIfExists,
      skipsCreation: job.target.skipCreateTable,
      withoutTriggers: strategies.appliesSql,
      log,
      onNote,
    }
    await makeObject(structure, object, stage)
  }

  /** The copy begins or goes on with these tables. @throws TargetTableDiffersError before the first row */
  async begin(tables: readonly CopyTable[], stage: CheckpointStage): Promise<void> {
    const { connections, copies, catalog, job, onNote } = this.#parts
    catalog.clear()
    for (const table of tables) {
      const target = await catalog.get(table.schema, table.table)
      const missing = table.columns.filter(({ name }) => !target.columns.some((column) => column.name === name))
      if (missing.length > 0)
        throw new TargetTableDiffersError(
          `table ${target.quoted} on the target ${connections.plain.where} lacks ${missing.map(({ name }) => name).join(', ')}; make it as it is at the source`,
        )
      refuseTriggers(target, connections.plain.where)
      if (!target.isTransactional)
        onNote(
          `table ${target.quoted} has engine ${target.engine}, which knows no transactions: after a crash its last changes are applied again, by key`,
        )
    }
    await copies.recordTables(connections.plain, tables)
    // What somebody else made is left as it is.
    if (stage === 'fresh' && !job.target.skipCreateTable) await this.#keys.takeAway(tables)
    this.#parts.missing.forgetTables()
    this.#tables = null
    await this.loadProgress()
  }

  /**
   * Takes a piece to write it beside others; it is committed when `drain` resolves.
   *
   * @param isAlone nothing else is in its frame
   */
  async chunk(piece: ChunkPiece, epoch: number, isAlone: boolean): Promise<void> {
    if (isAlone) this.#alone.add(piece)
    const table = await this.#tableOf(piece)
    const pool = await this.#openPool(epoch)
    await pool.submit(table, piece)
  }

  /** Waits for all chunks given. @throws what writing them threw */
  async drain(): Promise<void> {
    await this.#pool?.drain()
  }

  /** A statement of the source is about to run: it must find every key. */
  async beforeDdl(): Promise<void> {
    await this.#keys.bringBack()
  }

  /**
   * All rows have come: removes rows that lost their parent, or finds that something must be copied once more.
   *
   * @returns why the copy is not over, or null; the caller commits the transaction that is open on the main session
   */
  async finish(): Promise<string | null> {
    const { connections, copies, catalog, missing } = this.#parts
    const { main, plain } = connections
    const doubtful = await copies.doubtful(plain)
    const again = doubtful.filter(({ doubt }) => doubt === 'again')
    // Before a transaction holds the tables.
    if (again.length === 0) await this.#keys.bringBack()
    // A DELETE from a join asks for a default database, even when all its tables are named in full (error 1046).
    await main.execute('USE millrace; BEGIN')
    if (again.length > 0) {
      for (const { schema, table } of again) await main.execute(`DELETE FROM ${quoteTable(schema, table)}`)
      await main.execute(copies.copyAgainStatement(again))
      const names = again.map(({ schema, table }) => `${schema}.${table}`).join(', ')
      return `keys that ${names} refer to changed during the copy; their rows are copied again`
    }
    catalog.clear()
    const lacking = await missing.settle(main)
    if (lacking > 0) return `of ${lacking} rows only parts came during the copy; they are read again`
    await this.#removeOrphans(doubtful)
    await main.execute(copies.forgetStatement())
    return null
  }

  /** A row that goes may leave others without a parent, so until none is left. */
  async #removeOrphans(doubtful: readonly DoubtfulTable[]): Promise<void> {
    const { connections, catalog } = this.#parts
    const statements: string[] = []
    for (const { schema, table } of doubtful) {
      const target = await catalog.find(schema, table)
      for (const key of target?.parents ?? []) {
        const sql = orphanStatement(key)
        if (sql !== null && (await catalog.find(key.parentSchema, key.parentTable)) !== null) statements.push(sql)
      }
    }
    for (let affected = statements.length; affected > 0; ) {
      affected = 0
      for (const sql of statements) affected += (await connections.main.execute(sql)).affectedRows
    }
  }

  /** Rows that were read again: written at once, in a transaction of their own that carries the fence. */
  async reread(piece: ChunkPiece): Promise<void> {
    const { connections, checkpoints } = this.#parts
    const table = await this.#tableOf(piece)
    const { main } = connections
    await main.execute('BEGIN')
    const missing = missingKeysStatement(table, piece)
    if (missing !== null) await main.execute(missing)
    for (const statement of chunkStatements(table, piece, connections.statementBytes))
      await executeWriting(main, statement)
    const found = this.#parts.missing.foundStatement(piece.tableId, piece.keys)
    if (found !== null) await main.execute(found)
    await checkpoints.change(main, {}, 'COMMIT')
    this.#parts.progress.chunkWritten(piece)
  }

  async #openPool(epoch: number): Promise<ChunkPool> {
    if (this.#pool !== null) return this.#pool
    const { connections, checkpoints, copies, clock, progress, onSpent } = this.#parts
    this.#pool = new ChunkPool({
      sessions: await connections.chunkSessions(),
      checkpoints,
      copies,
      epoch,
      statementBytes: connections.statementBytes,
      maxPacketBytes: connections.facts.maxAllowedPacket,
      mayLoad: !connections.facts.logsStatements,
      clock,
      onWritten: (piece) => progress.chunkWritten(piece),
      onSpent: (piece) => {
        if (this.#alone.delete(piece)) onSpent(piece.rows)
      },
    })
    return this.#pool
  }

  async #tableOf(piece: ChunkPiece): Promise<ChunkTable> {
    const { connections, copies, catalog } = this.#parts
    if (this.#tables === null) {
      const tables = await copies.tables(connections.plain)
      this.#tables = new Map(tables.map((table) => [table.tableId, table]))
    }
    const copy = this.#tables.get(piece.tableId)
    if (copy === undefined)
      throw new MalformedFrameError(`a chunk names table ${piece.tableId}, which the copy does not`)
    const target = await catalog.find(copy.schema, copy.table)
    if (target === null)
      throw new ApplyError(
        `table ${quoteTable(copy.schema, copy.table)} is gone from the target ${connections.plain.where} while it is copied; pause the job, restore the table, resume`,
      )
    return { copy, target }
  }
}
