/**
 * The rows of one part of a table on both servers, and what they say: pure rules over lists.
 *
 * Easy to get wrong: rows that are alike to the last bit are told apart by nothing; a table without a key is compared by
 * how often each of its rows is there.
 */
import type { Digest, RowDifference } from './comparison.ts'
import { digestOf } from './comparison.ts'
import type { ReadRow } from './table-reader.ts'

export interface ListedRow {
  readonly hash: string
  readonly count: number
  readonly key: readonly string[]
}

/** By identity, in the order in which they were read. */
export type RowList = ReadonlyMap<string, ListedRow>

export async function listRows(rows: AsyncIterable<ReadRow>): Promise<RowList> {
  const list = new Map<string, ListedRow>()
  for await (const { identity, hash, key } of rows) {
    const before = list.get(identity)
    list.set(identity, before === undefined ? { hash, count: 1, key } : { ...before, count: before.count + 1 })
  }
  return list
}

export function digestOfList(list: RowList): Digest {
  let rows = 0
  let sum = 0n
  for (const { hash, count } of list.values()) {
    rows += count
    sum += BigInt(`0x${hash.slice(0, 16)}`) * BigInt(count)
  }
  return digestOf(rows, sum)
}

export interface ThreeReads {
  /** The source before the target was waited for and read, and after. */
  readonly before: RowList
  readonly target: RowList
  readonly after: RowList
}

export type RowVerdict = 'equal' | 'different' | 'moving'

/**
 * What three reads say of one row: the target is right when it has the row as the source had it before, or after. Where
 * it has neither, it is wrong only if the source did not change the row meanwhile.
 */
export function judgeRow({ before, target, after }: ThreeReads, identity: string): RowVerdict {
  const [first, found, last] = [before, target, after].map((list) => stateOf(list.get(identity)))
  if (found === first || found === last) return 'equal'
  return first === last ? 'different' : 'moving'
}

/** @returns how often the row differs in this way: more than once only where rows are alike */
export function differenceOf(source: RowList, target: RowList, identity: string): readonly [RowDifference, number] {
  const [wanted, found] = [source.get(identity)?.count ?? 0, target.get(identity)?.count ?? 0]
  if (wanted === found) return ['changed', 1]
  return wanted > found ? ['missing', wanted - found] : ['extra', found - wanted]
}

/** Two rows are alike exactly when their states are; empty for no row. */
export function stateOf(row: ListedRow | undefined): string {
  return row === undefined ? '' : `${row.count}:${row.hash}`
}
