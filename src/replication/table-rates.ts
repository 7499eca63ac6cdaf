/**
 * How fast each table of a copy moves, from what two and more looks at its counts tell.
 *
 * Easy to get wrong: a job may have ten thousand tables; only those that move cost anything.
 */
import type { Clock } from '../core/clock.ts'
import type { TableProgress } from './task-context.ts'

const windowMs = 5_000

interface Sample {
  readonly atMs: number
  readonly rows: number
  readonly bytes: number
}

export class TableRates {
  readonly #clock: Clock
  readonly #samples = new Map<string, readonly Sample[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes a sample of each table under way. @returns the tables, those that moved with their rates */
  rated(tables: readonly TableProgress[]): TableProgress[] {
    const atMs = this.#clock.monotonicMs()
    const names = new Set<string>()
    const rated = tables.map((table) => {
      if (table.isDone || table.rowsDone === 0) return table
      const name = `${table.schema}\0${table.table}`
      names.add(name)
      return this.#rate(name, table, { atMs, rows: table.rowsDone, bytes: table.bytesDone })
    })
    for (const name of this.#samples.keys()) if (!names.has(name)) this.#samples.delete(name)
    return rated
  }

  #rate(name: string, table: TableProgress, now: Sample): TableProgress {
    const kept = (this.#samples.get(name) ?? []).filter(
      ({ atMs, rows }) => now.atMs - atMs <= windowMs && rows <= now.rows,
    )
    this.#samples.set(name, [...kept, now])
    const [first] = kept
    if (first === undefined || first.atMs === now.atMs || first.rows === now.rows) return table
    const perSecond = (more: number) => Math.round((more * 1000) / (now.atMs - first.atMs))
    return {
      ...table,
      rowsPerSecond: perSecond(now.rows - first.rows),
      bytesPerSecond: perSecond(now.bytes - first.bytes),
    }
  }
}
