/**
 * What a comparison of two servers finds, table by table.
 *
 * Easy to get wrong: keys of rows are told, their other values never are. And a table is `equal` only when every column
 * that the source stores was compared.
 */
import type { TableName } from '../../mysql/table-definition.ts'

/** All rows of a table, or of a part of one, in two figures that do not depend on the order of the rows. */
export interface Digest {
  readonly rows: number
  /** Sum of the first 64 bits of each row's SHA-256, modulo 2^64. Two identical rows do not cancel each other out. */
  readonly sum: bigint
}

export type TableVerdict =
  /** As many rows, the same ones. */
  | 'equal'
  | 'different'
  /** The target lacks the table. */
  | 'only-source'
  | 'only-target'
  /** Rows kept changing on the source while they were compared, so that nothing certain can be said of them. */
  | 'unsettled'

/** `missing`: the target lacks the row; `extra`: only the target has it; `changed`: it has other values there. */
export type RowDifference = 'missing' | 'extra' | 'changed'

export interface DifferingRow {
  readonly difference: RowDifference
  /** The values of `TableComparison.keyColumns`, as text; bytes as `0x...`. */
  readonly key: readonly string[]
}

export interface TableComparison {
  /** As the source names it; where only the target has it, as the target does. */
  readonly table: TableName
  readonly verdict: TableVerdict
  /** Null where the table is not there, or its rows cannot be compared; see `notes`. */
  readonly source: Digest | null
  readonly target: Digest | null
  /** By which rows are told apart; empty for a table without a usable key. */
  readonly keyColumns: readonly string[]
  readonly missing: number
  readonly extra: number
  readonly changed: number
  /** Rows of which nothing certain is known, see `unsettled`. */
  readonly unsettled: number
  /** The first differing rows that were found, in the order of the key where the table has one. */
  readonly firstDiffering: readonly DifferingRow[]
  /** What else has to be known to read the verdict, in words. */
  readonly notes: readonly string[]
}

export interface Comparison {
  readonly tables: readonly TableComparison[]
  readonly isEqual: boolean
  readonly durationMs: number
}

export const emptyDigest: Digest = { rows: 0, sum: 0n }

const modulus = 1n << 64n

export function addDigests(a: Digest, b: Digest): Digest {
  return { rows: a.rows + b.rows, sum: (a.sum + b.sum) % modulus }
}

/** @param sum as the server gives it: of any size */
export function digestOf(rows: number, sum: bigint): Digest {
  return { rows, sum: sum % modulus }
}

export function isSameDigest(a: Digest, b: Digest): boolean {
  return a.rows === b.rows && a.sum === b.sum
}

/** Sixteen hexadecimal digits. */
export function digestText({ sum }: Digest): string {
  return sum.toString(16).padStart(16, '0')
}
