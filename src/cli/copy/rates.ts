/** How fast each table goes: over the last seconds, so that a short stop shows, and a short burst does not. */
import type { CopyAmounts } from './ports.ts'

const windowMs = 5_000

interface Sample {
  readonly atMs: number
  readonly rows: number
  readonly bytes: number
}

export interface Rate {
  readonly rowsPerSecond: number
  readonly bytesPerSecond: number
  /** Null: nothing moves, or it is done. */
  readonly etaMs: number | null
}

export class Rates {
  readonly #samples = new Map<string, Sample[]>()

  /** @param nowMs by a monotonic clock */
  note(name: string, { rowsDone, bytesDone }: CopyAmounts, nowMs: number): void {
    const samples = this.#samples.get(name) ?? []
    samples.push({ atMs: nowMs, rows: rowsDone, bytes: bytesDone })
    while ((samples[1]?.atMs ?? nowMs) < nowMs - windowMs) samples.shift()
    this.#samples.set(name, samples)
  }

  of(name: string, { rowsDone, rowsTotal }: CopyAmounts): Rate {
    const samples = this.#samples.get(name) ?? []
    const [first, last] = [samples[0], samples.at(-1)]
    const seconds = first === undefined || last === undefined ? 0 : (last.atMs - first.atMs) / 1_000
    if (first === undefined || last === undefined || seconds <= 0)
      return { rowsPerSecond: 0, bytesPerSecond: 0, etaMs: null }
    const rowsPerSecond = Math.max(0, (last.rows - first.rows) / seconds)
    const bytesPerSecond = Math.max(0, (last.bytes - first.bytes) / seconds)
    const left = rowsTotal - rowsDone
    return {
      rowsPerSecond,
      bytesPerSecond,
      etaMs: rowsPerSecond > 0 && left > 0 ? (left / rowsPerSecond) * 1_000 : null,
    }
  }
}
