/**
 * How far firing has come: one record. Implements `FireCursorStore` of schedule/ports.ts.
 *
 * Easy to get wrong: an old leader may try to save long after another has gone on. So a save names the revision that was
 * read, and goes over no record of a higher term.
 */
import { ConflictError, LeadershipLostError } from '../core/errors.ts'
import type { Bucket, Versioned } from '../model/bucket.ts'
import type { Connection } from './connection.ts'
import { openBucket } from './kv-bucket.ts'

const key = 'fires'

interface Cursor {
  readonly throughSecond: number
  readonly term: number
}

export async function openFireCursor(connection: Connection): Promise<FireCursor> {
  return new FireCursor(await openBucket<Cursor>(connection, { name: 'cursors', storage: 'file' }))
}

export class FireCursor {
  readonly #bucket: Bucket<Cursor>
  #known: Versioned<Cursor> | null = null

  constructor(bucket: Bucket<Cursor>) {
    this.#bucket = bucket
  }

  async get(): Promise<Cursor | null> {
    this.#known = await this.#bucket.get(key)
    return this.#known?.value ?? null
  }

  /** @throws LeadershipLostError when a higher term has saved */
  async put(cursor: Cursor): Promise<void> {
    for (;;) {
      const known = this.#known
      if (known !== null && known.value.term > cursor.term) throw new LeadershipLostError(cursor.term, known.value.term)
      try {
        const revision = await (known === null
          ? this.#bucket.create(key, cursor)
          : this.#bucket.update(key, cursor, known.revision))
        this.#known = { key, value: cursor, revision }
        return
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        await this.get()
      }
    }
  }
}
