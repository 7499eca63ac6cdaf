/**
 * Writes chunks of the copy over several sessions at once. All pieces of one chunk go over the same session in order;
 * pieces commit together with their records, several at once when they have come faster than they could be written.
 *
 * Easy to get wrong: a table without a key can't be written twice. Its first piece empties the table, and a piece that
 * this epoch has already recorded is left out.
 */

import { backoffMs } from '../../core/backoff.ts'
import type { Clock } from '../../core/clock.ts'
import { LockConflictError } from '../../mysql/errors.ts'
import type { Session } from '../../mysql/session.ts'
import type { ChunkPiece } from '../pipe/frame.ts'
import { executeWriting, refuseTooLarge } from './checked-execute.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { isLoadable, loadPieces } from './chunk-load.ts'
import { type ChunkBatch, ChunkQueue } from './chunk-queue.ts'
import { type ChunkTable, chunkStatements } from './chunk-statement.ts'
import { type CopyStore, chunkId } from './copy-store.ts'
import { LoadMemory } from './load-memory.ts'
import { describeFailure } from './row-failure.ts'

const queueBytes = 16 * 1024 * 1024
const conflictPolicy = { firstMs: 20, maxMs: 1_000 }
const mostTries = 30

export interface ChunkPoolParts {
  readonly sessions: readonly Session[]
  readonly checkpoints: CheckpointStore
  readonly copies: CopyStore
  readonly epoch: number
  readonly statementBytes: number
  /** The longest the server takes. */
  readonly maxPacketBytes: number
  /** False where a loaded file would be logged as one. */
  readonly mayLoad: boolean
  readonly clock: Clock
  readonly onWritten: (piece: ChunkPiece) => void
  /** Its rows are committed, and nobody looks at them any more. */
  readonly onSpent: (piece: ChunkPiece) => void
}

export class ChunkPool {
  readonly #parts: ChunkPoolParts
  readonly #queue: ChunkQueue
  /** For each session its work, while it has some. */
  readonly #working: (Promise<void> | null)[]
  readonly #memories = new WeakMap<Session, LoadMemory>()
  #mayLoad: boolean
  #failure: { error: unknown } | null = null
  #wake: (() => void)[] = []

  constructor(parts: ChunkPoolParts) {
    this.#parts = parts
    this.#queue = new ChunkQueue(parts.sessions.length)
    this.#working = parts.sessions.map(() => null)
    this.#mayLoad = parts.mayLoad
  }

  /** Bytes that wait or are being written. */
  get queuedBytes(): number {
    return this.#queue.sizeBytes
  }

  /** Takes a piece; waits while there is too much to write. @throws what writing threw before */
  async submit(table: ChunkTable, piece: ChunkPiece): Promise<void> {
    while (this.#queue.sizeBytes > queueBytes && this.#failure === null)
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    if (this.#failure !== null) throw this.#failure.error
    const place = this.#queue.add({ table, piece })
    this.#working[place] ??= this.#work(place)
  }

  /** Waits until everything given is committed. @throws the first failure */
  async drain(): Promise<void> {
    await Promise.all(this.#working)
    if (this.#failure !== null) throw this.#failure.error
  }

  async #work(place: number): Promise<void> {
    // What is given in the same turn is taken together.
    await Promise.resolve()
    const session = this.#parts.sessions[place]
    for (let batch = this.#queue.take(place); batch !== null; batch = this.#queue.take(place)) {
      let isWritten = false
      try {
        if (session !== undefined) await this.#write(session, batch)
        isWritten = true
      } catch (error) {
        this.#failure ??= { error }
      }
      this.#queue.done(place, batch)
      if (isWritten) for (const piece of batch.pieces) this.#parts.onSpent(piece)
      if (this.#failure !== null) this.#queue.clear()
      this.#wakeAll()
    }
    this.#working[place] = null
  }

  #wakeAll(): void {
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }

  async #write(session: Session, batch: ChunkBatch): Promise<void> {
    const { copies, epoch, clock, onWritten } = this.#parts
    const { table, pieces } = batch
    const [first] = pieces
    const isKeyless = table.copy.keyColumns.length === 0
    if (isKeyless && first !== undefined && (await copies.piecesDone(session, first, epoch)) > first.piece) return
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#writeOnce(session, batch, isKeyless && first?.piece === 0)
        break
      } catch (error) {
        if (!(error instanceof LockConflictError) || attempt === mostTries) throw error
        await session.execute('ROLLBACK')
        await clock.sleep(backoffMs(conflictPolicy, attempt, Math.random))
      }
    }
    for (const piece of pieces) onWritten(piece)
  }

  async #writeOnce(session: Session, { table, pieces }: ChunkBatch, empties: boolean): Promise<void> {
    const { checkpoints } = this.#parts
    const begin = empties ? `BEGIN;DELETE FROM ${table.target.quoted}` : 'BEGIN'
    await session.execute(begin)
    const outcome = await this.#load(session, table, pieces)
    if (outcome === 'undone') await session.execute(`ROLLBACK;${begin}`)
    if (outcome !== 'loaded') for (const piece of pieces) await this.#writeStatements(session, table, piece)
    await session.execute(`${this.#records(pieces)};COMMIT`).catch((error: unknown) => {
      throw checkpoints.explainFence(error, session)
    })
  }

  /** @returns `undone` when the rows must be written otherwise, after a rollback */
  async #load(
    session: Session,
    table: ChunkTable,
    pieces: readonly ChunkPiece[],
  ): Promise<'loaded' | 'undone' | 'not-tried'> {
    if (!this.#mayLoad || !isLoadable(table)) return 'not-tried'
    const memory = this.#memories.get(session) ?? new LoadMemory()
    this.#memories.set(session, memory)
    const loading = loadPieces(session, table, pieces, this.#parts.maxPacketBytes, memory)
    const outcome = await loading.catch((error: unknown) => {
      throw describeCopyFailure(error, table)
    })
    if (outcome !== 'refused') return outcome
    this.#mayLoad = false
    return 'undone'
  }

  async #writeStatements(session: Session, table: ChunkTable, piece: ChunkPiece): Promise<void> {
    const { statementBytes, maxPacketBytes } = this.#parts
    for (const statement of chunkStatements(table, piece, statementBytes)) {
      refuseTooLarge(statement.sql.length, maxPacketBytes, table.target.quoted, session.where)
      await executeWriting(session, statement).catch((error: unknown) => {
        throw describeCopyFailure(error, table)
      })
    }
  }

  /** Statements that record the pieces, one for each chunk. */
  #records(pieces: readonly ChunkPiece[]): string {
    const chunks = new Map<string, ChunkPiece[]>()
    for (const piece of pieces) {
      const id = chunkId(piece)
      const known = chunks.get(id)
      if (known === undefined) chunks.set(id, [piece])
      else known.push(piece)
    }
    return [...chunks.values()].map((own) => this.#record(own)).join(';')
  }

  #record(pieces: readonly ChunkPiece[]): string {
    const [first, last] = [pieces[0], pieces.at(-1)]
    if (first === undefined || last === undefined) throw new RangeError('a chunk without pieces')
    const rows = pieces.reduce((sum, piece) => sum + piece.rowCount, 0)
    const bytes = pieces.reduce((sum, piece) => sum + piece.rows.length, 0)
    return this.#parts.copies.piecesStatement(first, last, { rows, bytes }, this.#parts.epoch)
  }
}

function describeCopyFailure(error: unknown, table: ChunkTable): unknown {
  return describeFailure(error, [{ table: table.target.quoted, key: () => 'a row of the copy' }])
}
