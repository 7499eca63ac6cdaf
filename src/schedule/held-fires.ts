/**
 * Fires under way beside the loop: those of jobs of which something may still run.
 *
 * Easy to get wrong: one that fails makes the whole loop begin anew, and until then no later one of it may go on; so a
 * failure is remembered until it is forgiven.
 */
export class HeldFires {
  readonly #working = new Map<Promise<void>, number>()
  #hasFailed = false

  get hasFailed(): boolean {
    return this.#hasFailed
  }

  /** The earliest second that is not dealt with yet; infinity when there is none. */
  get firstSecond(): number {
    let first = Number.POSITIVE_INFINITY
    for (const second of this.#working.values()) first = Math.min(first, second)
    return first
  }

  add(second: number, work: Promise<void>, onFailure: (error: unknown) => void): void {
    const watched = work.then(
      () => {
        this.#working.delete(watched)
      },
      (error: unknown) => {
        this.#hasFailed = true
        this.#working.delete(watched)
        onFailure(error)
      },
    )
    this.#working.set(watched, second)
  }

  /** Resolves when none is under way. */
  async settled(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working.keys())
  }

  /** What failed has been looked at. */
  forgive(): void {
    this.#hasFailed = false
  }
}
