/**
 * Which orders of jobs that forbid overlap may not start any more: bucket `turns`, one record a job. Implements
 * `FireTurns` of schedule/ports.ts and `StartTurns` of execution/ports.ts.
 *
 * Easy to get wrong: a node writes before it starts, though it has nothing to say. It and the leader compare-and-set the
 * same record, so one of them is first for certain: what is claimed first may start, what is withdrawn first never does.
 * A read would not do, for a server that is cut off answers reads for a while.
 */
import { backoffMs } from '../core/backoff.ts'
import { ConflictError, LeadershipLostError } from '../core/errors.ts'
import type { Bucket, Versioned } from '../model/bucket.ts'
import type { Connection } from './connection.ts'
import { openBucket } from './kv-bucket.ts'

interface Withdrawal {
  readonly id: string
  /** What has taken its place, in words. */
  readonly successor: string
}

interface Turns {
  /** Who wrote last, when that was a node: the execution it was about to start. */
  readonly claimedId: string | null
  /** Newest last. */
  readonly withdrawn: readonly Withdrawal[]
  /** Of the last leader that withdrew something. */
  readonly term: number
}

/** Orders are kept for seven days: what is older cannot come any more. */
const maxAgeMs = 8 * 24 * 3_600_000
const mostWithdrawn = 500
const mostKnown = 20_000
/** The order comes again. */
const patienceMs = 2_000
const mostTries = 30
const conflictBackoff = { firstMs: 5, maxMs: 250 }
const nothing: Turns = { claimedId: null, withdrawn: [], term: 0 }

export async function openFireTurns(connection: Connection): Promise<FireTurns> {
  const bucket = await openBucket<Turns>(connection, { name: 'turns', storage: 'file', maxAgeMs, patienceMs })
  return new FireTurns(connection, bucket)
}

export class FireTurns {
  readonly #connection: Connection
  readonly #bucket: Bucket<Turns>
  /** As last seen, which may be old: every write tells. */
  readonly #known = new Map<string, Versioned<Turns>>()

  constructor(connection: Connection, bucket: Bucket<Turns>) {
    this.#connection = connection
    this.#bucket = bucket
  }

  /**
   * To be called right before an execution is started.
   *
   * @returns what has taken its place, in words, or null when it may start
   * @throws UnavailableError, ConflictError: ask again
   */
  claim(jobName: string, id: string): Promise<string | null> {
    return this.#change(jobName, (turns) => {
      const withdrawal = turns.withdrawn.find((one) => one.id === id)
      if (withdrawal !== undefined) return { result: withdrawal.successor, next: null }
      return { result: null, next: { ...turns, claimedId: id } }
    })
  }

  /**
   * When it resolves, none of these starts that was not claimed before.
   *
   * @throws LeadershipLostError when a higher term has withdrawn something of the job, UnavailableError
   */
  async withdraw(jobName: string, ids: readonly string[], successor: string, term: number): Promise<void> {
    await this.#change(jobName, (turns) => {
      if (turns.term > term) throw new LeadershipLostError(term, turns.term)
      const known = new Set(turns.withdrawn.map(({ id }) => id))
      const added = ids.filter((id) => !known.has(id)).map((id) => ({ id, successor }))
      if (added.length === 0) return { result: null, next: null }
      const withdrawn = [...turns.withdrawn, ...added].slice(-mostWithdrawn)
      return { result: null, next: { claimedId: null, withdrawn, term } }
    })
  }

  async #change<Result>(
    jobName: string,
    decide: (turns: Turns) => { readonly result: Result; readonly next: Turns | null },
  ): Promise<Result> {
    let known = this.#known.get(jobName) ?? (await this.#bucket.get(jobName))
    for (let attempt = 1; ; attempt += 1) {
      const { result, next } = decide(known?.value ?? nothing)
      if (next === null) return result
      try {
        const revision = await (known === null
          ? this.#bucket.create(jobName, next)
          : this.#bucket.update(jobName, next, known.revision))
        this.#keep({ key: jobName, value: next, revision })
        return result
      } catch (error) {
        this.#known.delete(jobName)
        if (!(error instanceof ConflictError) || attempt === mostTries) throw error
        if (attempt > 1) await this.#connection.clock.sleep(backoffMs(conflictBackoff, attempt, Math.random))
        known = await this.#bucket.get(jobName)
      }
    }
  }

  #keep(turns: Versioned<Turns>): void {
    if (this.#known.size >= mostKnown) this.#known.clear()
    this.#known.set(turns.key, turns)
  }
}
