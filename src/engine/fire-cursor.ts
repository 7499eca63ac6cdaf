/** How far firing has come: one record. Implements `FireCursorStore` of schedule/ports.ts. */
import type { Bucket } from '../model/bucket.ts'
import type { Connection } from './connection.ts'
import { openBucket } from './kv-bucket.ts'

const key = 'fires'

interface Cursor {
  readonly throughSecond: number
}

export async function openFireCursor(connection: Connection): Promise<FireCursor> {
  return new FireCursor(await openBucket<Cursor>(connection, { name: 'cursors', storage: 'file' }))
}

export class FireCursor {
  readonly #bucket: Bucket<Cursor>

  constructor(bucket: Bucket<Cursor>) {
    this.#bucket = bucket
  }

  async get(): Promise<Cursor | null> {
    return (await this.#bucket.get(key))?.value ?? null
  }

  async put(cursor: Cursor): Promise<void> {
    await this.#bucket.put(key, cursor)
  }
}
