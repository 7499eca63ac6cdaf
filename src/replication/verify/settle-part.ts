/**
 * Looks at parts whose digests differ row by row, and again while writes go on, until it is certain which rows differ.
 *
 * Easy to get wrong: while changes flow, the target is always a little behind, and a row that is written all the time is
 * never seen alike at two moments. So the source is read, then the target once it has caught up with that, then the source
 * again (`judgeRow`); and a difference must show twice, for a row may be changed and changed back in between. What is
 * written faster than that is chased (chase-rows.ts).
 */
import { chaseRows } from './chase-rows.ts'
import { type DifferingRow, type Digest, emptyDigest } from './comparison.ts'
import type { LiveTarget } from './live-target.ts'
import { differenceOf, digestOfList, judgeRow, listRows, type RowList, type ThreeReads } from './row-lists.ts'
import type { Part, PartReaders } from './table-reader.ts'

export interface SettledPart {
  readonly source: Digest
  readonly target: Digest
  readonly missing: number
  readonly extra: number
  readonly changed: number
  readonly unsettled: number
  readonly rows: readonly DifferingRow[]
}

const mostRounds = 3
const strikesWhenLive = 2

/** Looks at some parts at once, because waiting for the target takes its time. */
export async function settleParts(
  parts: readonly Part[],
  readers: PartReaders,
  live: LiveTarget | null,
  signal: AbortSignal,
): Promise<readonly SettledPart[]> {
  const found = parts.map((part) => new OpenPart(part, readers, live === null ? 1 : strikesWhenLive))
  for (let round = 1; round <= mostRounds && found.some((part) => part.isOpen); round += 1) {
    const open = found.filter((part) => part.isOpen)
    for (const part of open) await part.readSource()
    await live?.caughtUp(signal)
    for (const part of open) await part.readTarget(live !== null)
    signal.throwIfAborted()
  }
  if (live !== null) for (const part of found) await part.chase(live, signal)
  return found.map((part) => part.settled())
}

class OpenPart {
  readonly #part: Part
  readonly #readers: PartReaders
  readonly #strikes: number
  readonly #strikesOf = new Map<string, number>()
  /** Null: every row. */
  #open: ReadonlySet<string> | null = null
  #before: RowList = new Map()
  #reads: ThreeReads = { before: new Map(), target: new Map(), after: new Map() }
  readonly #different: string[] = []

  /** @param strikes how often in a row a difference must show */
  constructor(part: Part, readers: PartReaders, strikes: number) {
    this.#part = part
    this.#readers = readers
    this.#strikes = strikes
  }

  get isOpen(): boolean {
    return this.#open === null || this.#open.size > 0
  }

  async readSource(): Promise<void> {
    this.#before = await listRows(this.#readers.source.rows(this.#part))
  }

  /** @param isLive the source may have changed since `readSource` */
  async readTarget(isLive: boolean): Promise<void> {
    const target = await listRows(this.#readers.target.rows(this.#part))
    const after = isLive ? await listRows(this.#readers.source.rows(this.#part)) : this.#before
    this.#reads = { before: this.#before, target, after }
    this.#judge()
  }

  async chase(live: LiveTarget, signal: AbortSignal): Promise<void> {
    if (this.#open === null || this.#open.size === 0) return
    this.#open = await chaseRows({ part: this.#part, readers: this.#readers, identities: this.#open, live, signal })
  }

  #judge(): void {
    const { before, target, after } = this.#reads
    const open = new Set<string>()
    for (const identity of this.#open ?? new Set([...before.keys(), ...target.keys(), ...after.keys()])) {
      const verdict = judgeRow(this.#reads, identity)
      if (verdict === 'equal') continue
      const strikes = verdict === 'different' ? (this.#strikesOf.get(identity) ?? 0) + 1 : 0
      this.#strikesOf.set(identity, strikes)
      if (strikes >= this.#strikes) this.#different.push(identity)
      else open.add(identity)
    }
    this.#open = open
  }

  settled(): SettledPart {
    const { after, target } = this.#reads
    const count = { missing: 0, extra: 0, changed: 0 }
    const rows: DifferingRow[] = []
    for (const identity of this.#different) {
      const [difference, times] = differenceOf(after, target, identity)
      count[difference] += times
      rows.push({ difference, key: (after.get(identity) ?? target.get(identity))?.key ?? [] })
    }
    const unsettled = this.#open?.size ?? 0
    const found = digestOfList(target)
    // Rows that were written between the two reads are as they should be.
    const wanted = rows.length + unsettled === 0 ? found : digestOfList(after)
    return { source: wanted ?? emptyDigest, target: found, ...count, unsettled, rows }
  }
}
