/**
 * Long work in slices, so that whatever else waits for the event loop comes between them.
 *
 * Easy to get wrong: what the work reads may change while it rests; so it works on copies, or on what only grows.
 */
const usualSliceMs = 8

export class TimeSlice {
  readonly #sliceMs: number
  #startedAtMs = performance.now()

  constructor(sliceMs: number = usualSliceMs) {
    this.#sliceMs = sliceMs
  }

  /** True when it is time to `rest`. Asking costs some 50 ns: every hundredth step is often enough. */
  get isOver(): boolean {
    return performance.now() - this.#startedAtMs >= this.#sliceMs
  }

  /** Lets everything else have its turn, and begins the next slice. */
  async rest(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.#startedAtMs = performance.now()
  }
}
