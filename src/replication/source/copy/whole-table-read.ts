/**
 * A table without a usable key, read whole, exactly as it was at one place in the log.
 *
 * Easy to get wrong: START TRANSACTION would release the session's own LOCK TABLES, so the snapshot is another session's;
 * it touches the table before the lock is released, so that no DDL slips between.
 */
import { type LogPlace, readLogEnd } from '../../../mysql/binlog-place.ts'
import { LockConflictError } from '../../../mysql/errors.ts'
import { readDefinitions } from '../../../mysql/schema-reader.ts'
import type { Session } from '../../../mysql/session.ts'
import type { FrameWriter } from '../frame-writer.ts'
import { pinTable, readChunk } from './chunk-reader.ts'
import { wholeTable } from './key-range.ts'
import { definitionText, type TableCopy } from './table-copy.ts'
import { type LockedTables, lockTables } from './table-lock.ts'

export interface WholeReadSessions {
  readonly control: Session
  readonly locking: Session
  readonly reader: Session
}

export class WholeTableRead {
  readonly table: TableCopy
  /** The rows are those after everything before this place, and nothing else. */
  readonly place: LogPlace
  readonly #session: Session
  /** Held until the end where the engine has no snapshots. */
  readonly #lock: LockedTables | null

  private constructor(table: TableCopy, place: LogPlace, session: Session, lock: LockedTables | null) {
    this.table = table
    this.place = place
    this.#session = session
    this.#lock = lock
  }

  /** @returns null when the table can't be locked now, or is no longer what the stream's position says */
  static async begin(
    table: TableCopy,
    { control, locking, reader }: WholeReadSessions,
  ): Promise<WholeTableRead | null> {
    const lock = await lockTables(locking, [table])
    if (lock === null) return null
    const [definition] = await readDefinitions(control, [table.name])
    const isSame =
      definition !== undefined &&
      table.definition !== null &&
      definitionText(definition) === definitionText(table.definition)
    if (!isSame) {
      await lock.release()
      return null
    }
    const place = await readLogEnd(control)
    if (!table.isTransactional) return new WholeTableRead(table, place, locking, lock)
    await reader.execute('START TRANSACTION WITH CONSISTENT SNAPSHOT')
    try {
      await pinTable(reader, table)
    } catch (error) {
      if (!(error instanceof LockConflictError)) throw error
      // A statement waits for our lock, and the reader behind it.
      await reader.execute('COMMIT')
      await lock.release()
      return null
    }
    await lock.release()
    return new WholeTableRead(table, place, reader, null)
  }

  /** Writes all rows; the stream must stand at `place`. */
  async read(writer: FrameWriter): Promise<void> {
    await readChunk(this.#session, this.table, wholeTable, async (piece) => {
      writer.add({ kind: 'chunk', chunk: piece })
      await writer.whenRoom()
    })
    await this.giveUp()
    this.table.isWholeDone = true
  }

  /** Releases what is held. */
  async giveUp(): Promise<void> {
    if (this.#lock === null) await this.#session.execute('COMMIT')
    else await this.#lock.release()
  }
}
