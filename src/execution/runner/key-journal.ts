/**
 * The node's memory of what it was ordered to start: what makes a start unique.
 *
 * Easy to get wrong: a record `starting` is written before a command is spawned, so that after the runner was killed
 * (not the machine: it is not flushed) an order without one is known never to have been started.
 *
 * Bounded: a key is forgotten a day after its result was delivered, or an hour after once there are very many.
 */
import { rename, rm } from 'node:fs/promises'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { flushFolderOf, JournalFile } from './journal-file.ts'
import { encodeLine } from './journal-line.ts'
import { type AcceptedOrder, journalRecords, KeyState, type SpawnFacts } from './key-state.ts'

/** No smaller journal is rewritten. */
const compactAboveBytes = 4_194_304

export class KeyJournal {
  readonly #path: string
  readonly #log: Log
  readonly #now: () => number
  readonly #state: KeyState
  #file: JournalFile
  #compactAtBytes: number
  #compacting: Promise<void> | null = null
  /** Appends under way: a compaction waits for them, later ones wait for it. */
  readonly #appending = new Set<Promise<unknown>>()

  private constructor(path: string, file: JournalFile, state: KeyState, now: () => number, log: Log) {
    this.#path = path
    this.#file = file
    this.#state = state
    this.#now = now
    this.#log = log
    this.#compactAtBytes = Math.max(compactAboveBytes, 2 * file.sizeBytes)
  }

  /** @param bootId of this boot; `isSameBoot` tells whether the journal was last used under it */
  static async open(path: string, bootId: string, now: () => number, log: Log) {
    const { file, entries } = await JournalFile.open(path, log)
    const state = new KeyState()
    for (const entry of entries) state.apply(entry.value)
    const isSameBoot = state.bootId === bootId
    const opened = { kind: 'open', bootId, at: now() } as const
    try {
      await file.append([opened], true)
      await flushFolderOf(path)
      state.apply(opened)
    } catch (error) {
      // A full disk: what runs is to be watched all the same. The next runner may call known outcomes unknown.
      log.error({ err: messageOf(error), path }, 'the journal cannot be written')
    }
    return { journal: new KeyJournal(path, file, state, now, log), isSameBoot }
  }

  /** True when this key was accepted before, whatever became of it. */
  isKnown(key: string): boolean {
    return this.#state.isKnown(key)
  }

  isDelivered(key: string): boolean {
    return this.#state.isDelivered(key)
  }

  get keyCount(): number {
    return this.#state.keyCount
  }

  /** Accepted and not delivered. */
  open(): readonly AcceptedOrder[] {
    return [...this.#state.open.values()]
  }

  /** On disk when this resolves. @throws the system's error, and then nothing was accepted */
  async accept(orders: readonly AcceptedOrder[]): Promise<void> {
    await this.#record(orders.map(journalRecords.accept), true)
  }

  /** These will be spawned next. Safe from a kill of this process when it resolves. */
  async starting(keys: readonly string[]): Promise<void> {
    await this.#record([journalRecords.starting(keys)], false)
  }

  async spawned(facts: readonly SpawnFacts[]): Promise<void> {
    await this.#record(facts.map(journalRecords.spawned), false)
  }

  /** Their results have left this node. Not flushed: if that is lost, they are delivered again. */
  async delivered(keys: readonly string[]): Promise<void> {
    await this.#record([journalRecords.delivered(keys, this.#now())], false)
    this.#state.forgetOld(this.#now())
  }

  async flush(): Promise<void> {
    await this.#compacting
    await this.#file.flush()
  }

  async close(): Promise<void> {
    await this.#compacting
    await this.#file.close()
  }

  async #record(records: readonly object[], isDurable: boolean): Promise<void> {
    while (this.#compacting !== null) await this.#compacting
    const append = this.#file.append(records, isDurable).then(() => {
      for (const record of records) this.#state.apply(record)
    })
    this.#appending.add(append)
    try {
      await append
    } finally {
      this.#appending.delete(append)
    }
    if (this.#file.sizeBytes > this.#compactAtBytes) this.#compacting ??= this.#compact()
  }

  /** Writes what still matters into a new file and puts that in the old one's place. */
  async #compact(): Promise<void> {
    try {
      await Promise.allSettled(this.#appending)
      const lines = this.#state.snapshot().map(encodeLine)
      const path = `${this.#path}.new`
      await rm(path, { force: true })
      await this.#replaceBy(Buffer.concat(lines), path)
    } catch (error) {
      // The old file serves on, and is tried again when it has doubled: a full disk must not stop the node here.
      this.#log.error({ err: messageOf(error), path: this.#path }, 'journal could not be compacted')
      this.#compactAtBytes = 2 * this.#file.sizeBytes
    } finally {
      this.#compacting = null
    }
  }

  async #replaceBy(lines: Buffer, path: string): Promise<void> {
    const { file } = await JournalFile.open(path, this.#log)
    try {
      await file.appendBytes(lines, true)
      await rename(path, this.#path)
    } catch (error) {
      await file.close()
      await rm(path, { force: true })
      throw error
    }
    const old = this.#file
    this.#file = file
    this.#compactAtBytes = Math.max(compactAboveBytes, 2 * file.sizeBytes)
    await flushFolderOf(path)
    await old.close()
  }
}
