/**
 * Reads chunks while a gate is open, with several sessions at once.
 *
 * Easy to get wrong: what is read must have the columns that the target has where the stream stands. A session's first
 * look at a table keeps DDL away from it until the session commits; only then is its definition compared. And DDL that
 * waits for one session keeps the others away: they leave the table alone, so that the gate can end.
 */
import { errnoOf, LockConflictError } from '../../../mysql/errors.ts'
import { readDefinitions } from '../../../mysql/schema-reader.ts'
import type { Session } from '../../../mysql/session.ts'
import type { KeyTuple } from '../../pipe/frame.ts'
import { pieceBytes, pinTable, readChunk, readKeys } from './chunk-reader.ts'
import type { GateOutput } from './gate-output.ts'
import type { KeyRange } from './key-range.ts'
import { definitionText, type TableCopy } from './table-copy.ts'

export interface ChunkOfTable {
  readonly table: TableCopy
  readonly range: KeyRange
}

export interface GateReaderParts {
  /** For definitions; not one of the sessions that read. */
  readonly control: Session
  readonly output: GateOutput
  /** The gate has been open for long enough. */
  readonly isOver: () => boolean
  /** The table is no longer what the stream's position says: the statement that changed it is to come. */
  readonly onChanged: (table: TableCopy) => void
}

/** No such table, no such schema, unknown column or key, definition changed. */
const structureErrors = new Set([1146, 1049, 1054, 1176, 1412, 1051])
const mostKeysAtOnce = 200

/** True for errors that come of DDL which the stream has not brought yet. */
export function isStructureError(error: unknown): boolean {
  return structureErrors.has(errnoOf(error) ?? 0)
}

export class GateReaders {
  readonly #parts: GateReaderParts
  readonly #checks = new Map<TableCopy, Promise<boolean>>()

  constructor(parts: GateReaderParts) {
    this.#parts = parts
  }

  /** Reads chunks of the tables in turn, so that the sessions work on different ones. @returns what was read */
  async readChunks(sessions: readonly Session[], tables: readonly TableCopy[]): Promise<readonly ChunkOfTable[]> {
    const queue = new ChunkQueue(tables, this.#parts.isOver)
    const read = await Promise.all(sessions.map((session) => this.#readSome(session, queue)))
    return read.flat()
  }

  /** Reads single rows again. @returns those that could not be read now */
  async readAgain(
    session: Session,
    again: ReadonlyMap<TableCopy, readonly KeyTuple[]>,
  ): Promise<ReadonlyMap<TableCopy, readonly KeyTuple[]>> {
    const left = new Map<TableCopy, readonly KeyTuple[]>()
    for (const [table, keys] of again) {
      const canRead = table.isTold && table.state.kind === 'known' && (await this.#isSame(session, table))
      const atOnce = Math.max(1, Math.min(mostKeysAtOnce, Math.floor(pieceBytes / table.averageRowBytes)))
      if (!canRead) left.set(table, keys)
      else
        for (let first = 0; first < keys.length; first += atOnce)
          await readKeys(session, table, keys.slice(first, first + atOnce), (piece) => this.#take(piece))
    }
    return left
  }

  #take(piece: Parameters<GateOutput['take']>[0]): Promise<void> {
    return this.#parts.output.take(piece)
  }

  async #readSome(session: Session, queue: ChunkQueue): Promise<readonly ChunkOfTable[]> {
    const read: ChunkOfTable[] = []
    for (let next = queue.take(); next !== null; next = queue.take()) {
      const { table, range } = next
      table.chunksUnderWay += 1
      if (await this.#readOne(session, table, range)) read.push(next)
      else {
        table.putBack(range)
        queue.leaveOut(table)
        this.#parts.onChanged(table)
      }
      table.chunksUnderWay -= 1
    }
    return read
  }

  /** @returns false when the table has changed */
  async #readOne(session: Session, table: TableCopy, range: KeyRange): Promise<boolean> {
    try {
      if (!(await this.#isSame(session, table))) return false
      await readChunk(session, table, range, (piece) => this.#take(piece), this.#parts.output.memory)
      return true
    } catch (error) {
      if (isStructureError(error)) return false
      throw error
    }
  }

  /** True when the table can be had and is what the stream's position says; it stays so until the session commits. */
  async #isSame(session: Session, table: TableCopy): Promise<boolean> {
    try {
      await pinTable(session, table)
    } catch (error) {
      if (isStructureError(error) || error instanceof LockConflictError) return false
      throw error
    }
    const check = this.#checks.get(table) ?? this.#compare(table)
    this.#checks.set(table, check)
    return check
  }

  async #compare(table: TableCopy): Promise<boolean> {
    const [now] = await readDefinitions(this.#parts.control, [table.name])
    if (now === undefined || table.definition === null) return false
    return definitionText(now) === definitionText(table.definition)
  }
}

class ChunkQueue {
  readonly #tables: readonly TableCopy[]
  readonly #isOver: () => boolean
  readonly #leftOut = new Set<TableCopy>()
  #next = 0
  #isFirst = true

  constructor(tables: readonly TableCopy[], isOver: () => boolean) {
    this.#tables = tables
    this.#isOver = isOver
  }

  leaveOut(table: TableCopy): void {
    this.#leftOut.add(table)
  }

  take(): ChunkOfTable | null {
    if (!this.#isFirst && this.#isOver()) return null
    this.#isFirst = false
    for (let tried = 0; tried < this.#tables.length; tried += 1) {
      const table = this.#tables[this.#next % this.#tables.length]
      this.#next += 1
      if (table === undefined || this.#leftOut.has(table)) continue
      const range = table.planned.shift()
      if (range !== undefined) return { table, range }
    }
    return null
  }
}
