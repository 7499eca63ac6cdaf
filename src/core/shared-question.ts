/**
 * One question for all who ask at the same moment.
 *
 * Easy to get wrong: whoever asks while a question is under way may not have its answer, which may be older than the
 * asking. They all get the answer of the next one, which is asked once the first is answered and everything that has
 * arrived by then has been read: those who come in one turn of the event loop share one question.
 */
export class SharedQuestion<Answer> {
  readonly #ask: () => Promise<Answer>
  /** Settles with the answer that is waited for; null while there is none. */
  #current: Promise<void> | null = null
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
    await (this.#current === null ? nextTurn() : this.#current.then(nextTurn))
    this.#next = null
    const answer = this.#ask()
    const current = answer.then(nothing, nothing)
    this.#current = current
    void current.then(() => {
      if (this.#current === current) this.#current = null
    })
    return answer
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function nothing(): void {}
