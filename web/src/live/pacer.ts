/** Lets something run at once, and then no more often than every `everyMs`: many calls in between become one. */

export class Pacer {
  readonly #run: () => void
  readonly #everyMs: number
  #timer: ReturnType<typeof setTimeout> | undefined
  #ranAt = Number.NEGATIVE_INFINITY

  constructor(run: () => void, everyMs: number) {
    this.#run = run
    this.#everyMs = everyMs
  }

  ask(): void {
    if (this.#timer !== undefined) return
    const waitMs = Math.max(0, this.#ranAt + this.#everyMs - performance.now())
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#ranAt = performance.now()
      this.#run()
    }, waitMs)
  }

  /** It ran without being asked here, which counts. */
  note(): void {
    this.#ranAt = performance.now()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
