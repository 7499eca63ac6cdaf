/**
 * What the records of the key journal add up to; the journal itself only writes and reads them.
 *
 * Easy to get wrong: records of one key may be lost (not flushed) or repeated (written again by compaction); each of
 * them must make sense alone.
 */
import type { StartOrder } from '../../model/execution.ts'

/** An order that this node has taken on. */
export interface AcceptedOrder {
  readonly key: string
  readonly id: string
  readonly nodeName: string
  readonly order: StartOrder
  readonly acceptedAt: number
  /** Not started, and why; null: to be started. */
  readonly refusal: { readonly outcome: 'missed' | 'skipped'; readonly reason: string } | null
  /** It may have been spawned. */
  readonly isStarting: boolean
  /** It was spawned as this process. */
  readonly spawn: SpawnFacts | null
}

export interface SpawnFacts {
  readonly key: string
  readonly pid: number
  /** With the pid, the name of the process (proc_pid_stat(5), field 22). */
  readonly startTicks: string
  readonly startedAt: number
  /** The file name of the pipe that takes its output. */
  readonly pipeName: string
}

export type JournalRecord =
  | { readonly kind: 'open'; readonly bootId: string; readonly at: number }
  | { readonly kind: 'accept'; readonly accepted: Omit<AcceptedOrder, 'isStarting' | 'spawn'> }
  | { readonly kind: 'starting'; readonly keys: readonly string[] }
  | { readonly kind: 'spawned'; readonly spawn: SpawnFacts }
  | { readonly kind: 'delivered'; readonly keys: readonly string[]; readonly at: number }

const forgetAfterMs = 24 * 3_600_000
const forgetManyAfterMs = 3_600_000
const manyKeys = 300_000
const keysPerRecord = 500
const minuteMs = 60_000

export const journalRecords = {
  accept: ({ isStarting, spawn, ...accepted }: AcceptedOrder): JournalRecord => ({ kind: 'accept', accepted }),
  starting: (keys: readonly string[]): JournalRecord => ({ kind: 'starting', keys }),
  spawned: (spawn: SpawnFacts): JournalRecord => ({ kind: 'spawned', spawn }),
  delivered: (keys: readonly string[], at: number): JournalRecord => ({ kind: 'delivered', keys, at }),
}

export class KeyState {
  /** Accepted and not delivered, in the order they came. */
  readonly open = new Map<string, AcceptedOrder>()
  /** Delivered, oldest first, and in which minute: there may be very many, and a small number takes no memory of its own. */
  readonly #deliveredMinute = new Map<string, number>()
  #bootId = ''
  #openedAt = 0

  /** Of the boot under which the journal was last opened. */
  get bootId(): string {
    return this.#bootId
  }

  get keyCount(): number {
    return this.open.size + this.#deliveredMinute.size
  }

  isKnown(key: string): boolean {
    return this.open.has(key) || this.#deliveredMinute.has(key)
  }

  isDelivered(key: string): boolean {
    return this.#deliveredMinute.has(key)
  }

  apply(record: unknown): void {
    const known = record as JournalRecord
    switch (known.kind) {
      case 'open':
        this.#bootId = known.bootId
        this.#openedAt = known.at
        return
      case 'accept':
        if (!this.isKnown(known.accepted.key))
          this.open.set(known.accepted.key, { ...known.accepted, isStarting: false, spawn: null })
        return
      case 'starting':
        for (const key of known.keys) this.#change(key, { isStarting: true })
        return
      case 'spawned':
        this.#change(known.spawn.key, { isStarting: true, spawn: known.spawn })
        return
      case 'delivered':
        for (const key of known.keys) this.#deliver(key, Math.ceil(known.at / minuteMs))
        return
      default:
        // A record of a newer version: what this one knows still holds.
        return
    }
  }

  /** Drops keys that no order can come for any more. */
  forgetOld(now: number): void {
    for (const [key, minute] of this.#deliveredMinute) {
      const ageMs = now - minute * minuteMs
      const isOld = ageMs > forgetAfterMs || (ageMs > forgetManyAfterMs && this.#deliveredMinute.size > manyKeys)
      if (!isOld) return
      this.#deliveredMinute.delete(key)
    }
  }

  /** Records that add up to this state. */
  snapshot(): JournalRecord[] {
    const records: JournalRecord[] = [{ kind: 'open', bootId: this.#bootId, at: this.#openedAt }]
    for (const accepted of this.open.values()) {
      records.push(journalRecords.accept(accepted))
      if (accepted.spawn !== null) records.push(journalRecords.spawned(accepted.spawn))
      else if (accepted.isStarting) records.push(journalRecords.starting([accepted.key]))
    }
    return records.concat(this.#deliveredRecords())
  }

  #deliveredRecords(): JournalRecord[] {
    const records: JournalRecord[] = []
    let keys: string[] = []
    let recordMinute = 0
    for (const [key, minute] of this.#deliveredMinute) {
      if (keys.length === 0 || keys.length >= keysPerRecord || minute !== recordMinute) {
        keys = []
        recordMinute = minute
        records.push(journalRecords.delivered(keys, minute * minuteMs))
      }
      keys.push(key)
    }
    return records
  }

  #change(key: string, change: Partial<AcceptedOrder>): void {
    const accepted = this.open.get(key)
    if (accepted !== undefined) this.open.set(key, { ...accepted, ...change })
  }

  #deliver(key: string, minute: number): void {
    this.open.delete(key)
    if (!this.#deliveredMinute.has(key)) this.#deliveredMinute.set(key, minute)
  }
}
