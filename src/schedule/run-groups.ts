/** Groups of runs that somebody asked for: the time in nanoseconds, never the same twice. */
import { randomInt } from 'node:crypto'

export class RunGroups {
  #last = 0n

  /**
   * A group greater than every earlier one of this object, however fast they are asked for.
   *
   * The digits below the millisecond are random, so that two nodes asked in the same millisecond differ, and never
   * all zero, which is what the groups of scheduled fires look like.
   */
  next(nowMs: number): string {
    const fresh = BigInt(Math.floor(nowMs)) * 1_000_000n + BigInt(randomInt(1, 1_000_000))
    this.#last = fresh > this.#last ? fresh : this.#last + 1n
    return this.#last.toString()
  }
}
