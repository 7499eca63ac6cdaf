/**
 * Results that have not been delivered yet: on disk, so that they survive everything and cost no memory however long
 * the cluster is away.
 *
 * Easy to get wrong: a file of results goes only after the key journal has lastingly noted that all of them were
 * delivered; else a power cut turns a known outcome into an unknown one.
 *
 * Bounded: past a gigabyte, further results keep only the end of their output.
 */
import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { type Execution, executionKey } from '../../model/execution.ts'
import { flushFolderOf, JournalFile } from './journal-file.ts'
import { encodeLine } from './journal-line.ts'
import { lastOfText } from './output-ring.ts'
import type { SequencedResult } from './protocol.ts'

const segmentBytes = 8_388_608
/** While commands end one after another. */
const gatherMs = 10
/** Output of results that are kept in memory beside the disk. */
const rememberedBytes = 4_194_304
const retryMs = 1_000
const cutOutputBytes = 4_096

/** Called before results are dropped from disk: makes it last that they were delivered. */
export type FlushKeys = () => Promise<void>

interface Segment {
  readonly path: string
  readonly file: JournalFile
  /** Results in it that are not delivered. */
  liveCount: number
}

type Held = { readonly sequence: number } & (
  | { readonly kind: 'memory'; readonly execution: Execution }
  | {
      readonly kind: 'disk'
      readonly segment: Segment
      readonly offset: number
      readonly lengthBytes: number
      /** What was written a moment ago is wanted in a moment; null for what has to be read back. */
      readonly execution: Execution | null
    }
)

export interface ResultStoreOptions {
  readonly dir: string
  readonly flushKeys: FlushKeys
  readonly clock: Clock
  readonly log: Log
  /** All results on disk together, before outputs are cut. */
  readonly limitBytes?: number
}

export class ResultStore {
  readonly #options: ResultStoreOptions
  readonly #held = new Map<string, Held>()
  readonly #segments = new Set<Segment>()
  #current: Segment | null = null
  #opening: Promise<Segment> | null = null
  #rememberedBytes = 0
  #nextSequence = 1
  #nextSegment = 1
  #isClosed = false

  private constructor(options: ResultStoreOptions) {
    this.#options = options
  }

  /** Opens the folder's results; those whose key was `isDelivered` already are dropped. */
  static async open(options: ResultStoreOptions, isDelivered: (key: string) => boolean): Promise<ResultStore> {
    const store = new ResultStore(options)
    const names = (await readdir(options.dir)).filter((name) => /^results-\d+\.journal$/.test(name)).sort()
    for (const name of names) await store.#load(name, isDelivered)
    return store
  }

  get count(): number {
    return this.#held.size
  }

  has(key: string): boolean {
    return this.#held.has(key)
  }

  /** Takes a result. Resolves when it is on disk, tried until it is; it can be read at once. */
  async add(execution: Execution): Promise<void> {
    const key = executionKey(execution.jobName, execution.id)
    const sequence = this.#nextSequence++
    const kept = this.#isFull() ? withoutMostOutput(execution) : execution
    this.#held.set(key, { sequence, kind: 'memory', execution: kept })
    while (!this.#isClosed && this.#held.has(key)) {
      try {
        await this.#write(key, sequence, kept)
        return
      } catch (error) {
        this.#options.log.error({ key, err: messageOf(error) }, 'result could not be written, it is kept in memory')
        await this.#options.clock.sleep(retryMs)
      }
    }
  }

  /**
   * The oldest results after `afterSequence`, at least one if there is one, then as many as fit.
   *
   * @returns with each its sequence, to ask on from there
   */
  async read(
    afterSequence: number,
    limits: { readonly count: number; readonly bytes: number },
  ): Promise<SequencedResult[]> {
    for (let after = afterSequence; ; ) {
      const wanted = this.#after(after, limits)
      // At once: while commands are started, each wait for the disk takes a turn of the busy loop.
      const found = await Promise.all(
        wanted.map(async ([key, held]) => ({ sequence: held.sequence, execution: await this.#get(key, held) })),
      )
      const results = found.filter(isFound)
      const last = wanted.at(-1)
      if (results.length > 0 || last === undefined) return results
      // None of these can be read: what follows must not wait for them.
      after = last[1].sequence
    }
  }

  /** Forgets delivered results and removes files that hold no other. */
  async drop(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const held = this.#held.get(key)
      this.#held.delete(key)
      if (held?.kind !== 'disk') continue
      held.segment.liveCount -= 1
      this.#rememberedBytes -= held.execution?.output.length ?? 0
    }
    await this.#removeEmptySegments()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const segment of this.#segments) await segment.file.close()
  }

  async #load(name: string, isDelivered: (key: string) => boolean): Promise<void> {
    const path = join(this.#options.dir, name)
    this.#nextSegment = Number(/\d+/.exec(name)?.[0]) + 1
    const { file, entries } = await JournalFile.open(path, this.#options.log)
    const segment: Segment = { path, file, liveCount: 0 }
    this.#segments.add(segment)
    for (const { value, offset, lengthBytes } of entries) {
      const execution = value as Execution
      const key = executionKey(execution.jobName, execution.id)
      if (isDelivered(key) || this.#held.has(key)) continue
      const place = { segment, offset, lengthBytes, execution: null }
      this.#held.set(key, { sequence: this.#nextSequence++, kind: 'disk', ...place })
      segment.liveCount += 1
    }
    if (segment.liveCount === 0) await this.#remove(segment)
  }

  async #write(key: string, sequence: number, execution: Execution): Promise<void> {
    const segment = await this.#segmentForWrite()
    // Counted first, so that the file is not removed under the write.
    segment.liveCount += 1
    try {
      const line = encodeLine(execution)
      const offset = await segment.file.appendBytes(line, true)
      const lengthBytes = line.length
      if (!this.#held.has(key)) segment.liveCount -= 1
      else this.#held.set(key, { sequence, kind: 'disk', segment, offset, lengthBytes, ...this.#remember(execution) })
    } catch (error) {
      segment.liveCount -= 1
      throw error
    }
  }

  /** A map keeps the order in which keys came, which is that of their sequences. */
  #after(afterSequence: number, limits: { readonly count: number; readonly bytes: number }) {
    const wanted: (readonly [string, Held])[] = []
    let bytes = 0
    for (const [key, held] of this.#held) {
      if (held.sequence <= afterSequence) continue
      if (wanted.length >= limits.count || (wanted.length > 0 && bytes >= limits.bytes)) break
      bytes += held.execution?.output.length ?? sizeOnDisk(held)
      wanted.push([key, held])
    }
    return wanted
  }

  #remember(execution: Execution): { readonly execution: Execution | null } {
    if (this.#rememberedBytes + execution.output.length > rememberedBytes) return { execution: null }
    this.#rememberedBytes += execution.output.length
    return { execution }
  }

  #segmentForWrite(): Promise<Segment> {
    if (this.#current !== null && this.#current.file.sizeBytes < segmentBytes) return Promise.resolve(this.#current)
    this.#opening ??= this.#openSegment().finally(() => {
      this.#opening = null
    })
    return this.#opening
  }

  async #openSegment(): Promise<Segment> {
    const path = join(this.#options.dir, `results-${String(this.#nextSegment).padStart(8, '0')}.journal`)
    const { file } = await JournalFile.open(path, this.#options.log, { gatherMs })
    await flushFolderOf(path)
    this.#nextSegment += 1
    const segment: Segment = { path, file, liveCount: 0 }
    this.#segments.add(segment)
    this.#current = segment
    return segment
  }

  /** @returns null when it was dropped meanwhile, or cannot be read back */
  async #get(key: string, held: Held): Promise<Execution | null> {
    if (held.kind === 'memory' || held.execution !== null) return held.execution
    try {
      const value = await held.segment.file.read(held.offset, held.lengthBytes)
      if (value !== undefined) return value as Execution
      this.#options.log.error({ key, path: held.segment.path }, 'result on disk is damaged')
    } catch (error) {
      if (this.#held.has(key)) throw error
    }
    return null
  }

  #isFull(): boolean {
    let bytes = 0
    for (const segment of this.#segments) bytes += segment.file.sizeBytes
    return bytes > (this.#options.limitBytes ?? 1_073_741_824)
  }

  async #removeEmptySegments(): Promise<void> {
    const isEmpty = (segment: Segment) => segment.liveCount === 0 && segment !== this.#current
    if (this.#current?.liveCount === 0 && !this.#isInUse(this.#current)) this.#current = null
    if (![...this.#segments].some(isEmpty)) return
    await this.#options.flushKeys()
    for (const segment of [...this.#segments].filter(isEmpty)) await this.#remove(segment)
  }

  /** The current file is given up only once it is worth it. */
  #isInUse(segment: Segment): boolean {
    return segment.file.sizeBytes < segmentBytes / 8
  }

  async #remove(segment: Segment): Promise<void> {
    this.#segments.delete(segment)
    await segment.file.close()
    await unlink(segment.path)
  }
}

function sizeOnDisk(held: Held): number {
  return held.kind === 'disk' ? held.lengthBytes : 0
}

function isFound(found: { readonly sequence: number; readonly execution: Execution | null }): found is SequencedResult {
  return found.execution !== null
}

function withoutMostOutput(execution: Execution): Execution {
  return { ...execution, output: lastOfText(execution.output, cutOutputBytes) }
}
