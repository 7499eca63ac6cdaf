/**
 * Writes chunks of the copy over several sessions at once. All pieces of one chunk go over the same session in order;
 * each piece commits together with its record.
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
import { type ChunkTable, chunkStatements } from './chunk-statement.ts'
import { type CopyStore, chunkId } from './copy-store.ts'
import { describeFailure } from './row-failure.ts'

const queueBytes = 32 * 1024 * 1024
const conflictPolicy = { firstMs: 20, maxMs: 1_000 }
const mostTries = 30

interface Work {
  readonly table: ChunkTable
  readonly piece: ChunkPiece
}

export interface ChunkPoolParts {
  readonly sessions: readonly Session[]
  readonly checkpoints: CheckpointStore
  readonly copies: CopyStore
  readonly epoch: number
  readonly statementBytes: number
  /** The longest the server takes. */
  readonly maxPacketBytes: number
  readonly clock: Clock
  readonly onWritten: (piece: ChunkPiece) => void
}

export class ChunkPool {
  readonly #parts: ChunkPoolParts
  /** For each session the end of what it was given. */
  readonly #tails: Promise<void>[]
  readonly #loads: number[]
  readonly #places = new Map<string, number>()
  #queuedBytes = 0
  #failure: { error: unknown } | null = null
  #wake: (() => void)[] = []

  constructor(parts: ChunkPoolParts) {
    this.#parts = parts
    this.#tails = parts.sessions.map(() => Promise.resolve())
    this.#loads = parts.sessions.map(() => 0)
  }

  /** Bytes that wait or are being written. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** Takes a piece; waits while there is too much to write. @throws what writing threw before */
  async submit(table: ChunkTable, piece: ChunkPiece): Promise<void> {
    while (this.#queuedBytes > queueBytes && this.#failure === null)
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    if (this.#failure !== null) throw this.#failure.error
    const place = this.#placeOf(piece)
    const sizeBytes = piece.rows.length + 1
    this.#queuedBytes += sizeBytes
    this.#loads[place] = (this.#loads[place] ?? 0) + sizeBytes
    const before = this.#tails[place] ?? Promise.resolve()
    this.#tails[place] = before.then(() => this.#work(place, { table, piece }, sizeBytes))
  }

  /** Waits until everything given is committed. @throws the first failure */
  async drain(): Promise<void> {
    if (this.#queuedBytes > 0) await Promise.all(this.#tails)
    if (this.#failure !== null) throw this.#failure.error
  }

  #placeOf(piece: ChunkPiece): number {
    const id = chunkId(piece)
    const known = this.#places.get(id)
    const place = known ?? this.#loads.indexOf(Math.min(...this.#loads))
    if (piece.isLast) this.#places.delete(id)
    else this.#places.set(id, place)
    return place
  }

  async #work(place: number, work: Work, sizeBytes: number): Promise<void> {
    try {
      const session = this.#parts.sessions[place]
      if (this.#failure === null && session !== undefined) await this.#write(session, work)
    } catch (error) {
      this.#failure ??= { error }
    } finally {
      this.#queuedBytes -= sizeBytes
      this.#loads[place] = (this.#loads[place] ?? 0) - sizeBytes
      const waiting = this.#wake
      this.#wake = []
      for (const wake of waiting) wake()
    }
  }

  async #write(session: Session, work: Work): Promise<void> {
    const { copies, epoch, clock, onWritten } = this.#parts
    const isKeyless = work.table.copy.keyColumns.length === 0
    if (isKeyless && (await copies.piecesDone(session, work.piece, epoch)) > work.piece.piece) return
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#writeOnce(session, work, isKeyless)
        break
      } catch (error) {
        if (!(error instanceof LockConflictError) || attempt === mostTries) throw error
        await session.execute('ROLLBACK')
        await clock.sleep(backoffMs(conflictPolicy, attempt, Math.random))
      }
    }
    onWritten(work.piece)
  }

  async #writeOnce(session: Session, { table, piece }: Work, isKeyless: boolean): Promise<void> {
    const { copies, epoch, checkpoints, statementBytes, maxPacketBytes } = this.#parts
    await session.execute('BEGIN')
    if (isKeyless && piece.piece === 0) await session.execute(`DELETE FROM ${table.target.quoted}`)
    for (const statement of chunkStatements(table, piece, statementBytes)) {
      refuseTooLarge(statement.sql.length, maxPacketBytes, table.target.quoted, session.where)
      await executeWriting(session, statement).catch((error: unknown) => {
        throw describeFailure(error, [{ table: table.target.quoted, key: () => 'a row of the copy' }])
      })
    }
    await session.execute(`${copies.pieceStatement(piece, epoch)};COMMIT`).catch((error: unknown) => {
      throw checkpoints.explainFence(error, session)
    })
  }
}
