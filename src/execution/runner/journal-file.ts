/**
 * An append-only file of records with one writer, which writes what has gathered in one go and flushes it once.
 *
 * Easy to get wrong: an append that failed leaves nothing behind. The file is cut back to its last good length, so
 * what the caller was told has failed is not found later.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../../core/log.ts'
import { decodeJournal, decodeLine, encodeLine, type JournalEntry } from './journal-line.ts'

interface PendingWrite {
  readonly bytes: Buffer
  readonly isDurable: boolean
  readonly resolve: (offset: number) => void
  readonly reject: (error: unknown) => void
}

export interface JournalFileOptions {
  /** From one write to the next, so that what comes one by one is flushed together. By default none. */
  readonly gatherMs?: number
}

export class JournalFile {
  readonly #handle: FileHandle
  readonly #gatherMs: number
  #sizeBytes: number
  #pending: PendingWrite[] = []
  #writing: Promise<void> | null = null
  #isClosed = false
  #wroteAtMs = Number.NEGATIVE_INFINITY

  private constructor(handle: FileHandle, sizeBytes: number, { gatherMs = 0 }: JournalFileOptions) {
    this.#handle = handle
    this.#sizeBytes = sizeBytes
    this.#gatherMs = gatherMs
  }

  /** Opens or creates a journal, cutting off a torn end. */
  static async open(
    path: string,
    log: Log,
    options: JournalFileOptions = {},
  ): Promise<{ file: JournalFile; entries: readonly JournalEntry[] }> {
    const handle = await open(path, 'a+', 0o600)
    await handle.close()
    const writable = await open(path, 'r+')
    const bytes = await writable.readFile()
    const { entries, goodBytes, badLines } = decodeJournal(bytes)
    if (badLines > 0) log.error({ path, badLines }, 'journal has damaged lines, which are left out')
    if (goodBytes < bytes.length) {
      log.warn(
        { path, tornBytes: bytes.length - goodBytes },
        'journal ended in the middle of a record, which is cut off',
      )
      await writable.truncate(goodBytes)
    }
    return { file: new JournalFile(writable, goodBytes, options), entries }
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /**
   * Appends records with one write; durable ones are on disk when this resolves.
   *
   * @returns where the first of them starts
   * @throws the system's error; then none of the records is in the file
   */
  append(values: readonly unknown[], isDurable: boolean): Promise<number> {
    return this.appendBytes(Buffer.concat(values.map(encodeLine)), isDurable)
  }

  /** As `append`, with lines that are encoded already. */
  appendBytes(bytes: Buffer, isDurable: boolean): Promise<number> {
    if (this.#isClosed) return Promise.reject(new Error('journal is closed'))
    return new Promise((resolve, reject) => {
      this.#pending.push({ bytes, isDurable, resolve, reject })
      this.#writing ??= this.#writePending()
    })
  }

  /** The record that `append` put there. */
  async read(offset: number, lengthBytes: number): Promise<unknown> {
    const bytes = Buffer.alloc(lengthBytes)
    await this.#handle.read(bytes, 0, lengthBytes, offset)
    return decodeLine(bytes.subarray(0, -1))
  }

  /** Waits for what was appended, then for the disk. */
  async flush(): Promise<void> {
    await this.#writing
    await this.#handle.datasync()
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#writing
    await this.#handle.close()
  }

  async #writePending(): Promise<void> {
    // One turn of the loop, so that what is appended together is written together.
    await Promise.resolve()
    while (this.#pending.length > 0) {
      const earlyMs = this.#wroteAtMs + this.#gatherMs - performance.now()
      if (earlyMs > 0 && !this.#isClosed) await sleep(earlyMs)
      this.#wroteAtMs = performance.now()
      const batch = this.#pending
      this.#pending = []
      await this.#writeBatch(batch)
    }
    this.#writing = null
  }

  async #writeBatch(batch: readonly PendingWrite[]): Promise<void> {
    const bytes = Buffer.concat(batch.map((write) => write.bytes))
    try {
      await this.#writeFully(bytes)
      if (batch.some((write) => write.isDurable)) await this.#handle.datasync()
    } catch (error) {
      await this.#handle.truncate(this.#sizeBytes).catch(() => {})
      for (const write of batch) write.reject(error)
      return
    }
    for (const write of batch) {
      write.resolve(this.#sizeBytes)
      this.#sizeBytes += write.bytes.length
    }
  }

  async #writeFully(bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const left = bytes.length - done
      const { bytesWritten } = await this.#handle.write(bytes, done, left, this.#sizeBytes + done)
      done += bytesWritten
    }
  }
}

/** Makes the creation, renaming or removal of a file in this file's folder last. */
export async function flushFolderOf(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
