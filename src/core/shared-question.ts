/**
 * One question for all who ask at the same moment.
 *
 * Easy to get wrong: whoever asks while a question is under way may not have its answer, which may be older than the
 * asking. They all get the answer of the next one, which is asked as soon as the first is answered.
 */
export class SharedQuestion<Answer> {
  readonly #ask: () => Promise<Answer>
  #current: Promise<unknown> = Promise.resolve()
  #next: Promise<Answer> | null = null

  constructor(ask: () => Promise<Answer>) {
    this.#ask = ask
  }

  /** The answer to a question that is asked after this call. @throws what asking throws */
  ask(): Promise<Answer> {
    this.#next ??= this.#askNext()
    return this.#next
  }

  async #askNext(): Promise<Answer> {
    await this.#current
    this.#next = null
    const answer = this.#ask()
    this.#current = answer.catch(() => {})
    return answer
  }
}
