/**
 * How fast each table of a copy goes, told from the figures that come in one after the other.
 *
 * Easy to get wrong: a task that starts anew counts a chunk again from its beginning, so figures may go back; what is
 * remembered of such a table is forgotten then.
 */
import type { WireTable } from '../wire.ts'

/** Rates are averages over this long. */
const windowMs = 10_000

interface Sample {
  readonly atMs: number
  readonly rows: number
  readonly bytes: number
}

export interface TableRate {
  /** Null until there are two figures to compare. */
  readonly rowsPerSecond: number | null
  readonly bytesPerSecond: number | null
  /** Null when it cannot be told; zero when the table is done. */
  readonly etaMs: number | null
}

export const noRate: TableRate = { rowsPerSecond: null, bytesPerSecond: null, etaMs: null }

export function tableKey({ TableSchema, TableName }: Pick<WireTable, 'TableSchema' | 'TableName'>): string {
  return JSON.stringify([TableSchema, TableName])
}

export class CopyRates {
  #samples: ReadonlyMap<string, readonly Sample[]> = new Map()

  /** @param atMs of the report that the figures are from: the same report again changes nothing */
  add(tables: readonly WireTable[], atMs: number): ReadonlyMap<string, TableRate> {
    const samples = new Map(tables.map((table) => [tableKey(table), this.#grown(table, atMs)]))
    this.#samples = samples
    return new Map(tables.map((table) => [tableKey(table), rateOf(table, samples.get(tableKey(table)) ?? [])]))
  }

  #grown({ TableSchema, TableName, RowsDone, BytesDone }: WireTable, atMs: number): readonly Sample[] {
    const before = this.#samples.get(tableKey({ TableSchema, TableName })) ?? []
    const last = before.at(-1)
    const now = { atMs, rows: RowsDone, bytes: BytesDone }
    if (last === undefined || RowsDone < last.rows || BytesDone < last.bytes) return [now]
    if (atMs <= last.atMs) return before
    return [...before.filter((sample) => atMs - sample.atMs <= windowMs), now]
  }
}

function rateOf(table: WireTable, samples: readonly Sample[]): TableRate {
  const [first, last] = [samples[0], samples.at(-1)]
  if (first === undefined || last === undefined || first === last) return { ...noRate, etaMs: table.Done ? 0 : null }
  const seconds = (last.atMs - first.atMs) / 1000
  const rowsPerSecond = (last.rows - first.rows) / seconds
  const bytesPerSecond = (last.bytes - first.bytes) / seconds
  return { rowsPerSecond, bytesPerSecond, etaMs: etaMs(table, rowsPerSecond, bytesPerSecond) }
}

function etaMs(table: WireTable, rowsPerSecond: number, bytesPerSecond: number): number | null {
  if (table.Done) return 0
  const left = table.RowsTotal - table.RowsDone
  if (left > 0 && rowsPerSecond > 0) return (left / rowsPerSecond) * 1000
  const bytesLeft = table.BytesTotal - table.BytesDone
  return bytesLeft > 0 && bytesPerSecond > 0 ? (bytesLeft / bytesPerSecond) * 1000 : null
}

/** Those at work first, then those to come, then those that are done; the largest first. */
export function inOrder(tables: readonly WireTable[]): readonly WireTable[] {
  const rank = ({ Done, RowsDone }: WireTable) => (Done ? 2 : RowsDone > 0 ? 0 : 1)
  return tables.toSorted(
    (a, b) => rank(a) - rank(b) || b.BytesTotal - a.BytesTotal || tableKey(a).localeCompare(tableKey(b)),
  )
}

export interface CopySums {
  readonly tables: number
  readonly tablesDone: number
  readonly rowsDone: number
  readonly rowsTotal: number
  readonly bytesDone: number
  readonly bytesTotal: number
}

/** Done shares between 0 and 1; rows where they are known, else bytes, else whether it is done. */
export function shareDone(
  table: Pick<WireTable, 'RowsDone' | 'RowsTotal' | 'BytesDone' | 'BytesTotal' | 'Done'>,
): number {
  if (table.Done) return 1
  if (table.RowsTotal > 0) return Math.min(0.999, table.RowsDone / table.RowsTotal)
  return table.BytesTotal > 0 ? Math.min(0.999, table.BytesDone / table.BytesTotal) : 0
}
