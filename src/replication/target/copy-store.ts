/**
 * What of the copy is done, in the target: tables that were prepared, chunks whose rows are there.
 *
 * Easy to get wrong: a chunk's record is written in the transaction of its rows and carries the fence, so a run that was
 * overtaken can't add rows behind the back of the one that overtook it.
 */
import { createHash } from 'node:crypto'
import type { Session } from '../../mysql/session.ts'
import type { CopiedTable } from '../handshake.ts'
import type { ChunkPiece, CopyTable, KeyTuple } from '../pipe/frame.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import type { CopyDoubt, DoubtfulTable } from './copy-cascades.ts'
import { quoteText, utf8Text } from './sql-text.ts'

export interface ChunkRecord {
  readonly tableId: number
  readonly after: KeyTuple | null
  readonly upTo: KeyTuple | null
  readonly epoch: number
  readonly piecesDone: number
  readonly rowsDone: number
  readonly bytesDone: number
  readonly isDone: boolean
}

export interface TableRename {
  readonly from: { readonly schema: string; readonly name: string }
  readonly to: { readonly schema: string; readonly name: string }
}

export interface MissingRow {
  readonly rowId: string
  readonly tableId: number
  readonly key: KeyTuple
}

/**
 * More of them, or more bytes of keys, are not told to the source at once: an answer has to fit into a message. What is
 * still missing when the copy ends is told then.
 */
const mostMissingTold = 4_000
const mostMissingBytes = 256 * 1024

/** Names a chunk within its job. */
export function chunkId(piece: Pick<ChunkPiece, 'tableId' | 'after' | 'upTo'>): string {
  return createHash('sha1')
    .update(JSON.stringify([piece.tableId, piece.after, piece.upTo]))
    .digest('hex')
}

export class CopyStore {
  readonly #checkpoints: CheckpointStore

  constructor(checkpoints: CheckpointStore) {
    this.#checkpoints = checkpoints
  }

  get #job(): string {
    return this.#checkpoints.jobText
  }

  /** Tables of the copy by id. */
  async tables(session: Session): Promise<CopyTable[]> {
    const rows = await session.query(
      `SELECT schema_name, table_name, description FROM millrace.copy_table
       WHERE job_id = ${this.#job} AND description IS NOT NULL`,
    )
    return rows.map((row) => ({
      ...(JSON.parse(row['description'] ?? '{}') as CopyTable),
      // The description has the name of before a RENAME.
      schema: row['schema_name'] ?? '',
      table: row['table_name'] ?? '',
    }))
  }

  /** True when this job made the table, or took it over, in an earlier run. */
  async isPrepared(session: Session, schema: string, table: string): Promise<boolean> {
    const rows = await session.query(
      `SELECT is_prepared FROM millrace.copy_table WHERE job_id = ${this.#job}
         AND schema_name = ${utf8Text(schema)} AND table_name = ${utf8Text(table)} AND is_prepared = 1`,
    )
    return rows.length > 0
  }

  async recordPrepared(session: Session, schema: string, table: string): Promise<void> {
    await session.execute(
      `INSERT INTO millrace.copy_table (job_id, schema_name, table_name, is_prepared)
       VALUES (${this.#job}, ${utf8Text(schema)}, ${utf8Text(table)}, 1) ON DUPLICATE KEY UPDATE is_prepared = 1`,
    )
  }

  /** Records the tables of a copy item: all there are now, for names and ids change with DDL. */
  async recordTables(session: Session, tables: readonly CopyTable[]): Promise<void> {
    await session.execute(
      `BEGIN; UPDATE millrace.copy_table SET table_id = NULL, description = NULL WHERE job_id = ${this.#job}`,
    )
    for (const table of tables)
      await session.execute(
        `INSERT INTO millrace.copy_table (job_id, schema_name, table_name, table_id, is_prepared, description)
         VALUES (${this.#job}, ${utf8Text(table.schema)}, ${utf8Text(table.table)}, ${table.tableId}, 0,
           ${utf8Text(JSON.stringify(table))})
         ON DUPLICATE KEY UPDATE table_id = VALUES(table_id), description = VALUES(description)`,
      )
    await session.execute('COMMIT')
  }

  /** Gives what is recorded of tables to their new names, one after another. */
  renameStatements(renames: readonly TableRename[]): string {
    const where = ({ schema, name }: TableRename['from']) =>
      `job_id = ${this.#job} AND schema_name = ${utf8Text(schema)} AND table_name = ${utf8Text(name)}`
    return renames
      .map(
        ({ from, to }) => `DELETE FROM millrace.copy_table WHERE ${where(to)};
          UPDATE millrace.copy_table SET schema_name = ${utf8Text(to.schema)}, table_name = ${utf8Text(to.name)}
          WHERE ${where(from)}`,
      )
      .join(';')
  }

  /** Notes that a table's rows may be wrong when the copy ends; `again` outweighs `orphans`. */
  doubtStatement(schema: string, table: string, doubt: CopyDoubt): Buffer {
    const unless = doubt === 'again' ? '' : " AND doubt = ''"
    return Buffer.from(
      `UPDATE millrace.copy_table SET doubt = '${doubt}' WHERE job_id = ${this.#job}
         AND schema_name = ${utf8Text(schema)} AND table_name = ${utf8Text(table)}${unless}`,
    )
  }

  /** Tables about which there is a doubt. */
  async doubtful(session: Session): Promise<DoubtfulTable[]> {
    const rows = await session.query(
      `SELECT schema_name, table_name, doubt FROM millrace.copy_table
       WHERE job_id = ${this.#job} AND doubt <> '' AND description IS NOT NULL`,
    )
    return rows.map((row) => ({
      schema: row['schema_name'] ?? '',
      table: row['table_name'] ?? '',
      doubt: row['doubt'] as CopyDoubt,
    }))
  }

  /** Forgets what was copied of these tables, and the doubts about them. */
  copyAgainStatement(tables: readonly DoubtfulTable[]): string {
    const names = tables.map(({ schema, table }) => `(${utf8Text(schema)}, ${utf8Text(table)})`).join(',')
    const where = `t.job_id = ${this.#job} AND (t.schema_name, t.table_name) IN (${names})`
    return `DELETE c FROM millrace.copied_chunk AS c JOIN millrace.copy_table AS t
        ON t.job_id = c.job_id AND t.table_id = c.table_id WHERE ${where};
      UPDATE millrace.copy_table AS t SET t.doubt = '' WHERE ${where}`
  }

  async chunks(session: Session): Promise<ChunkRecord[]> {
    const rows = await session.query(
      `SELECT table_id, after_key, up_to_key, epoch, pieces_done, rows_done, bytes_done, is_done
       FROM millrace.copied_chunk WHERE job_id = ${this.#job}`,
    )
    return rows.map((row) => ({
      tableId: Number(row['table_id']),
      after: readKey(row['after_key']),
      upTo: readKey(row['up_to_key']),
      epoch: Number(row['epoch']),
      piecesDone: Number(row['pieces_done']),
      rowsDone: Number(row['rows_done']),
      bytesDone: Number(row['bytes_done']),
      isDone: row['is_done'] === '1',
    }))
  }

  /** How many pieces of a chunk this epoch has written. */
  async piecesDone(session: Session, piece: ChunkPiece, epoch: number): Promise<number> {
    const [row] = await session.query(
      `SELECT pieces_done FROM millrace.copied_chunk
       WHERE job_id = ${this.#job} AND chunk_id = '${chunkId(piece)}' AND epoch = ${epoch}`,
    )
    return Number(row?.['pieces_done'] ?? 0)
  }

  /** The statement that records pieces of one chunk that follow each other; fails when this run is fenced. */
  piecesStatement(first: ChunkPiece, last: ChunkPiece, done: { rows: number; bytes: number }, epoch: number): string {
    const isFirst = first.piece === 0
    const { rows, bytes } = done
    return `INSERT INTO millrace.copied_chunk (job_id, chunk_id, table_id, after_key, up_to_key, epoch, pieces_done,
        rows_done, bytes_done, is_done, claim)
      VALUES (${this.#job}, '${chunkId(last)}', ${last.tableId}, ${keyText(last.after)}, ${keyText(last.upTo)},
        ${epoch}, ${last.piece + 1}, ${rows}, ${bytes}, ${last.isLast ? 1 : 0}, ${this.#checkpoints.fenceExpression()})
      ON DUPLICATE KEY UPDATE epoch = VALUES(epoch), pieces_done = VALUES(pieces_done),
        rows_done = ${isFirst ? rows : `rows_done + ${rows}`}, bytes_done = ${isFirst ? bytes : `bytes_done + ${bytes}`},
        is_done = VALUES(is_done), claim = VALUES(claim)`
  }

  /** Forgets the whole copy: it is over, or it begins anew. */
  forgetStatement(): string {
    return `DELETE FROM millrace.copied_chunk WHERE job_id = ${this.#job};
      DELETE FROM millrace.deferred_key WHERE job_id = ${this.#job};
      DELETE FROM millrace.copy_row WHERE job_id = ${this.#job};
      DELETE FROM millrace.copy_table WHERE job_id = ${this.#job}`
  }

  /** Rows of which only parts came, in the order of their ids; see missing-rows.ts. @param after an id to begin behind */
  async missingRows(session: Session, most: number, after = ''): Promise<MissingRow[]> {
    const rows = await session.query(
      `SELECT row_id, table_id, row_key FROM millrace.copy_row
       WHERE job_id = ${this.#job} AND row_id > ${quoteText(after)} ORDER BY row_id LIMIT ${most}`,
    )
    return rows.map((row) => ({
      rowId: row['row_id'] ?? '',
      tableId: Number(row['table_id']),
      key: readKey(row['row_key']) ?? [],
    }))
  }

  /** What the source task is told. */
  async copiedTables(session: Session): Promise<CopiedTable[]> {
    const [tables, chunks] = [await this.tables(session), await this.chunks(session)]
    const missing = withinBytes(await this.missingRows(session, mostMissingTold), mostMissingBytes)
    return tables.map((table) => {
      const own = chunks.filter((chunk) => chunk.tableId === table.tableId && chunk.isDone)
      return {
        tableId: table.tableId,
        schema: table.schema,
        table: table.table,
        isDone: coversEverything(own),
        chunks: fromStart(own),
        rowsDone: own.reduce((sum, chunk) => sum + chunk.rowsDone, 0),
        missing: missing.filter(({ tableId }) => tableId === table.tableId).map(({ key }) => key),
      }
    })
  }
}

/** Tables without a key are copied whole; small ones with a key may be, and it does no harm to them. */
export function isWholeTable(chunk: ChunkPiece): boolean {
  return chunk.after === null && chunk.upTo === null
}

/** True when the ranges lead from the start of the table to its end. */
export function coversEverything(chunks: readonly Pick<ChunkRecord, 'after' | 'upTo'>[]): boolean {
  if (!chunks.some((chunk) => chunk.upTo === null)) return false
  const next = new Map(chunks.map((chunk) => [JSON.stringify(chunk.after), chunk.upTo]))
  let at: KeyTuple | null = null
  for (let steps = 0; steps <= chunks.length; steps += 1) {
    const upTo: KeyTuple | null | undefined = next.get(JSON.stringify(at))
    if (upTo === undefined) return false
    if (upTo === null) return true
    at = upTo
  }
  return false
}

/** One range for all that lead from the start of the table without a gap: a large table has a great many. */
function fromStart(chunks: readonly ChunkRecord[]): CopiedTable['chunks'] {
  const next = new Map(chunks.map((chunk) => [JSON.stringify(chunk.after), chunk.upTo]))
  let upTo: KeyTuple | null | undefined = null
  for (let steps = 0; steps <= chunks.length; steps += 1) {
    const further: KeyTuple | null | undefined = next.get(JSON.stringify(upTo))
    if (further === undefined) break
    upTo = further
    if (upTo === null) return [{ after: null, upTo }]
  }
  return upTo === null ? [] : [{ after: null, upTo }]
}

function withinBytes(rows: readonly MissingRow[], most: number): readonly MissingRow[] {
  let bytes = 0
  return rows.filter(({ key }) => {
    bytes += JSON.stringify(key).length
    return bytes <= most
  })
}

function keyText(key: KeyTuple | null): string {
  return key === null ? 'NULL' : utf8Text(JSON.stringify(key))
}

function readKey(text: string | null | undefined): KeyTuple | null {
  return text == null ? null : (JSON.parse(text) as KeyTuple)
}
