/**
 * The last hour of a job in figures: what the agent remembers, and what has come since.
 *
 * Easy to get wrong: the agent's steps and the page's reports do not fall together. A report that is no newer than the last
 * step is left out, and the newest point is replaced until a whole step has passed.
 */

/** `GET /ops/replication-jobs/:id/history`; rows, transactions and bytes are a second. */
export interface WireHistory {
  readonly step_ms: number
  readonly at: readonly (string | number)[]
  readonly lag_ms: readonly (number | null)[]
  readonly rows: readonly (number | null)[]
  readonly transactions: readonly (number | null)[]
  readonly bytes: readonly (number | null)[]
  readonly backlog_bytes: readonly (number | null)[]
}

export const measures = ['lag', 'rows', 'transactions', 'bytes', 'backlog'] as const
export type Measure = (typeof measures)[number]

export interface Point extends Readonly<Record<Measure, number | null>> {
  readonly atMs: number
}

export interface History {
  readonly stepMs: number
  /** Oldest first. */
  readonly points: readonly Point[]
}

export const historyMs = 3_600_000

export function historyOf(wire: WireHistory): History {
  const points = wire.at.map((at, index) => ({
    atMs: typeof at === 'number' ? at : Date.parse(at),
    lag: wire.lag_ms[index] ?? null,
    rows: wire.rows[index] ?? null,
    transactions: wire.transactions[index] ?? null,
    bytes: wire.bytes[index] ?? null,
    backlog: wire.backlog_bytes[index] ?? null,
  }))
  return { stepMs: Math.max(1, wire.step_ms), points }
}

/** @returns the history with the point, or as it was when the point is not newer than what it holds */
export function withPoint(history: History, point: Point): History {
  const { stepMs, points } = history
  const last = points.at(-1)
  if (last !== undefined && point.atMs <= last.atMs) return history
  const before = points.at(-2)
  const replaces = last !== undefined && before !== undefined && point.atMs - before.atMs < stepMs
  const kept = (replaces ? points.slice(0, -1) : points).filter(({ atMs }) => point.atMs - atMs <= historyMs)
  return { stepMs, points: [...kept, point] }
}

/** What the agent remembers, and the points of the page that are newer: one hour in all. */
export function merged(remembered: History, seen: History): History {
  const newest = remembered.points.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY
  const points = [...remembered.points, ...seen.points.filter(({ atMs }) => atMs > newest)]
  const endMs = points.at(-1)?.atMs ?? 0
  return { stepMs: remembered.stepMs, points: points.filter(({ atMs }) => endMs - atMs <= historyMs) }
}

export interface Columns {
  /** Epoch ms. */
  readonly at: number[]
  readonly values: (number | null)[]
}

/** One measure as a chart takes it; a gap of several steps without a report is a gap in the line. */
export function columnsOf({ points, stepMs }: History, measure: Measure): Columns {
  const { at, values }: Columns = { at: [], values: [] }
  let lastMs: number | undefined
  for (const point of points) {
    if (lastMs !== undefined && point.atMs - lastMs > gapSteps * stepMs) {
      at.push(lastMs + stepMs)
      values.push(null)
    }
    at.push(point.atMs)
    values.push(point[measure])
    lastMs = point.atMs
  }
  return { at, values }
}

const gapSteps = 6
