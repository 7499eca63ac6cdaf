/**
 * One reign's way to record timed fires.
 *
 * Easy to get wrong: after a failed append nobody knows what is in the log, so the writer is spent. Whoever still leads
 * begins again with a new one, whose term record makes sure that nothing of the old one arrives any more.
 */
import { ConflictError, LeadershipLostError } from '../core/errors.ts'
import type { StartOrder } from '../model/execution.ts'
import type { Connection } from './connection.ts'
import { fireHeaders, fireStream, lastTimedFire, secondHeader, termHeader, timedFires } from './fire-record.ts'
import { publish } from './stream-publish.ts'

interface Fire {
  readonly second: number
  readonly jobs: readonly { readonly nodeNames: readonly string[]; readonly order: StartOrder }[]
}

/** @throws LeadershipLostError when a higher term has written, UnavailableError */
export async function leadFires(connection: Connection, term: number): Promise<FireWriter> {
  const what = `term ${term} cannot be recorded`
  for (;;) {
    const last = await lastTimedFire(connection)
    if (termHeader(last?.header) > term) throw new LeadershipLostError(term, termHeader(last?.header))
    const second = secondHeader(last?.header)
    try {
      const sequence = await publish(connection, what, timedFires, JSON.stringify({ term }), {
        headers: fireHeaders(term, second),
        expected: { stream: fireStream, lastSubjectSequence: last?.seq ?? 0 },
      })
      return new FireWriter(connection, term, { sequence, second })
    } catch (error) {
      // Another leader, or an append of our own that was still on its way, was faster: look again.
      if (!(error instanceof ConflictError)) throw error
    }
  }
}

export class FireWriter {
  readonly #connection: Connection
  readonly #term: number
  #last: { readonly sequence: number; readonly second: number }
  #failure: unknown = null
  /** Each append names the one before: they go one after another. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(connection: Connection, term: number, last: { readonly sequence: number; readonly second: number }) {
    this.#connection = connection
    this.#term = term
    this.#last = last
  }

  /**
   * Durable when it resolves.
   *
   * @returns the record's sequence
   * @throws LeadershipLostError when a higher term has written; anything else ends this writer too
   */
  append(record: Fire): Promise<number> {
    const appended = this.#turn.then(() => this.#append(record))
    this.#turn = appended.catch(() => {})
    return appended
  }

  async #append({ second, jobs }: Fire): Promise<number> {
    if (this.#failure !== null) throw this.#failure
    try {
      const what = `fires of second ${second} cannot be recorded`
      const sequence = await publish(this.#connection, what, timedFires, JSON.stringify({ second, jobs }), {
        headers: fireHeaders(this.#term, second),
        expected: { stream: fireStream, lastSubjectSequence: this.#last.sequence },
      })
      this.#last = { sequence, second }
      return sequence
    } catch (error) {
      this.#failure = error instanceof ConflictError ? await this.#explain(error) : error
      throw this.#failure
    }
  }

  async #explain(conflict: ConflictError): Promise<unknown> {
    try {
      const term = termHeader((await lastTimedFire(this.#connection))?.header)
      return term > this.#term ? new LeadershipLostError(this.#term, term) : conflict
    } catch (error) {
      return error
    }
  }
}
