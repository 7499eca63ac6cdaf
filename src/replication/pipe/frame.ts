/**
 * What travels from the source task to the target task.
 *
 * A frame is a sequence of items, bounded in bytes. The source task decides the order of everything; the target task
 * applies items in that order and never reorders what one key depends on.
 *
 * Easy to get wrong: `commit` and `ddl` carry only their own GTID; the position after them is the frame's `before` plus
 * every GTID since. A transaction larger than a frame goes on in the next one: only `commit` ends it.
 */

import type { Position } from '../../binlog/position.ts'
import type { CommitTime } from '../../binlog/transaction-part.ts'

export interface Frame {
  /** Which run of the source task wrote it. The target ignores older epochs. */
  readonly epoch: number
  /** 0, 1, 2, ... within the epoch; a missing number is a gap, and the target asks for a rewind. */
  readonly number: number
  /** What the source had sent when this frame began; at a transaction boundary or inside `openTransaction`. */
  readonly before: Position
  /** The same when it ended. */
  readonly after: Position
  readonly items: readonly FrameItem[]
}

export type FrameItem =
  /** The first item of frame 0 of an epoch: says where this run of the source begins and what the source is. */
  | { readonly kind: 'epoch'; readonly source: SourceServer }
  /** A FORMAT_DESCRIPTION_EVENT: what the raw events after it are read with. */
  | { readonly kind: 'format'; readonly event: Buffer }
  | { readonly kind: 'begin'; readonly gtid: string | null; readonly serverId: number }
  /** A TABLE_MAP or row event, raw, without checksum. Compressed payloads are unpacked before. */
  | { readonly kind: 'event'; readonly event: Buffer }
  /** SAVEPOINT, ROLLBACK TO: a QUERY_EVENT inside a transaction, raw. */
  | { readonly kind: 'statement'; readonly event: Buffer }
  | { readonly kind: 'commit'; readonly place: BinlogPlace; readonly committed: CommitTime }
  /** A transaction of which nothing is in scope: the position moves on. */
  | { readonly kind: 'skip'; readonly gtid: string | null; readonly place: BinlogPlace; readonly committed: CommitTime }
  /** A statement that is a transaction of its own, as a raw QUERY_EVENT with its session state. */
  | {
      readonly kind: 'ddl'
      readonly event: Buffer
      readonly gtid: string | null
      readonly place: BinlogPlace
      readonly committed: CommitTime
    }
  /** The copy begins, or goes on: all tables that it covers. */
  | { readonly kind: 'copy'; readonly tables: readonly CopyTable[] }
  /** CREATE statement of something, to run before the rows come (`before-rows`) or when all have (`after-rows`). */
  | { readonly kind: 'structure'; readonly object: StructureObject }
  | { readonly kind: 'chunk'; readonly chunk: ChunkPiece }
  /** The stream has passed the last chunk's high position: from here on the target is a state of the source. */
  | { readonly kind: 'copied' }
  /** Nothing happened for a while: the source is alive and all before this frame's `after` was sent. */
  | { readonly kind: 'heartbeat'; readonly sourceMicros: bigint }

/** Where an event ends in the sending server's binlog; for people and for comparing within one server. */
export interface BinlogPlace {
  readonly file: string
  readonly offset: number
}

export interface SourceServer {
  readonly vendor: 'mysql' | 'mariadb'
  readonly version: string
  readonly serverId: number
  /** `server_uuid`, or empty on MariaDB. */
  readonly serverUuid: string
  readonly lowerCaseTableNames: number
  readonly characterSetServer: string
  readonly collationServer: string
}

export interface CopyTable {
  /** Small integer that chunks name. Stable over resumes of one copy. */
  readonly tableId: number
  readonly schema: string
  readonly table: string
  /** Columns of the rows in chunks, in order; generated columns are not among them. */
  readonly columns: readonly CopyColumn[]
  /** Names of the columns of the key that chunks follow; empty: the table is copied whole. */
  readonly keyColumns: readonly string[]
  /** The server's estimate. */
  readonly estimatedRows: number
  readonly estimatedBytes: number
}

/**
 * How a cell's bytes are to be written at the target.
 * - `number`: text of a number (BIT, ENUM, SET, YEAR as integers).
 * - `bytes`: the bytes that are stored, whatever the character set.
 * - `text`: date, time, UUID and addresses in text; FLOAT and DOUBLE in the digits of a double, so that no bit is lost:
 *   to be written in quotes, for a bare `-0` would be the integer 0.
 * - `json`: JSON text in utf8mb4, or what exact-json.ts describes where the text alone would lose something.
 * - `geometry`: the internal form, SRID and WKB.
 */
export type CellKind = 'number' | 'bytes' | 'text' | 'json' | 'geometry'

export interface CopyColumn {
  readonly name: string
  readonly cellKind: CellKind
  /** Character set of the column, null for those without one. */
  readonly characterSet: string | null
}

export interface StructureObject {
  readonly kind: 'schema' | 'table' | 'view' | 'trigger' | 'routine' | 'event'
  readonly schema: string
  readonly name: string
  readonly createSql: string
  /** Session state in which the object was made. */
  readonly sqlMode: string
  readonly when: 'before-rows' | 'after-rows'
}

/** Key values of one row, each the cell's bytes as base64 text, in the order of `keyColumns`. */
export type KeyTuple = readonly string[]

export interface ChunkPiece {
  readonly tableId: number
  /** Rows with key > `after` (null: from the start) and <= `upTo` (null: to the end). Both null on tables without a key. */
  readonly after: KeyTuple | null
  readonly upTo: KeyTuple | null
  /** 0 for the first piece of a chunk. The first piece of a table without a key empties the target table. */
  readonly piece: number
  /** The chunk is complete with this piece: record it as done. */
  readonly isLast: boolean
  /**
   * True: rows that were read again because only parts of them came in the stream: keys in `keys` that have no row here
   * are deleted at the target. `after` and `upTo` mean nothing then.
   */
  readonly isReread: boolean
  readonly keys: readonly KeyTuple[]
  readonly rowCount: number
  /** Row packets of the text protocol, one after another: cells as length-encoded strings, NULL as 0xfb. */
  readonly rows: Buffer
}
