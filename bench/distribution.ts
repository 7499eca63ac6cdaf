/** Sorted samples and what is asked of them. */
export class Distribution {
  readonly #sorted: Float64Array

  constructor(samples: Iterable<number>) {
    this.#sorted = Float64Array.from(samples).sort()
  }

  get count(): number {
    return this.#sorted.length
  }

  get max(): number {
    return this.at(1)
  }

  /** @param share of the samples that are at most the answer, in (0, 1] @returns NaN when there are none */
  at(share: number): number {
    return this.#sorted[Math.max(0, Math.ceil(share * this.#sorted.length) - 1)] ?? Number.NaN
  }
}
