/**
 * Pieces that wait for one of the sessions that write chunks: each session has its own queue, and all pieces of one chunk
 * are in the same, in their order.
 *
 * Easy to get wrong: what is taken together is committed together, so two sessions hold more row locks for longer. Where
 * rows of different chunks can be in each other's way, by a second unique key, one piece is taken at a time.
 */
import type { ChunkPiece } from '../pipe/frame.ts'
import type { ChunkTable } from './chunk-statement.ts'
import { chunkId } from './copy-store.ts'

/**
 * A session goes on with its table unless it has so many bytes more to write than another one: two that add to one end of a
 * table wait for each other's pages.
 */
const sameTableBytes = 8 * 1024 * 1024
/** Bytes of rows that are committed together, when more wait. */
const togetherBytes = 2 * 1024 * 1024

export interface ChunkWork {
  readonly table: ChunkTable
  readonly piece: ChunkPiece
}

/** Pieces of one table. */
export interface ChunkBatch {
  readonly table: ChunkTable
  readonly pieces: readonly ChunkPiece[]
}

export class ChunkQueue {
  readonly #waiting: ChunkWork[][]
  /** Bytes given to each session and not yet written. */
  readonly #loads: number[]
  /** The table that each session was given rows of last. */
  readonly #tables: (number | null)[]
  /** Chunks of which further pieces are to come. */
  readonly #places = new Map<string, number>()

  constructor(sessionCount: number) {
    this.#waiting = Array.from({ length: sessionCount }, () => [])
    this.#loads = this.#waiting.map(() => 0)
    this.#tables = this.#waiting.map(() => null)
  }

  /** Bytes that wait or are being written. */
  get sizeBytes(): number {
    return this.#loads.reduce((sum, bytes) => sum + bytes, 0)
  }

  /** @returns the session that will write it */
  add(work: ChunkWork): number {
    const id = chunkId(work.piece)
    const place = this.#places.get(id) ?? this.#placeFor(work.piece.tableId)
    this.#tables[place] = work.piece.tableId
    if (work.piece.isLast) this.#places.delete(id)
    else this.#places.set(id, place)
    this.#waiting[place]?.push(work)
    this.#loads[place] = (this.#loads[place] ?? 0) + loadOf(work.piece)
    return place
  }

  #placeFor(tableId: number): number {
    const least = Math.min(...this.#loads)
    const own = this.#tables.findIndex(
      (table, place) => table === tableId && (this.#loads[place] ?? 0) <= least + sameTableBytes,
    )
    return own === -1 ? this.#loads.indexOf(least) : own
  }

  /** What the session writes next; null when nothing waits for it. */
  take(place: number): ChunkBatch | null {
    const waiting = this.#waiting[place] ?? []
    const first = waiting[0]
    if (first === undefined) return null
    const { table } = first
    const canJoin = table.copy.keyColumns.length > 0 && table.target.uniqueKeys.length <= 1
    let count = 1
    let bytes = loadOf(first.piece)
    for (let next = waiting[count]; canJoin && next !== undefined && isSame(next.table, table); next = waiting[count]) {
      bytes += loadOf(next.piece)
      if (bytes > togetherBytes) break
      count += 1
    }
    return { table, pieces: waiting.splice(0, count).map(({ piece }) => piece) }
  }

  /** The session has written it, or has given it up. */
  done(place: number, { pieces }: ChunkBatch): void {
    this.#loads[place] = (this.#loads[place] ?? 0) - pieces.reduce((sum, piece) => sum + loadOf(piece), 0)
  }

  /** Forgets what waits. */
  clear(): void {
    for (const [place, waiting] of this.#waiting.entries())
      for (const { piece } of waiting.splice(0)) this.#loads[place] = (this.#loads[place] ?? 0) - loadOf(piece)
  }
}

function isSame(a: ChunkTable, b: ChunkTable): boolean {
  return a.copy === b.copy && a.target === b.target
}

/** At least 1, so that a piece without rows counts as waiting too. */
function loadOf(piece: ChunkPiece): number {
  return piece.rows.length + 1
}
