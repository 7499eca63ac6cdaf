/**
 * The stored cursor: up to which second everything due has been dealt with.
 *
 * Easy to get wrong: what is stored stays a few seconds behind on purpose. A job saved on another node just before its
 * first fire reaches the leader a moment later; a new leader looks at those last seconds again, and what they already
 * hold is not started twice. And that moment may last: the cursor never passes the time at which all jobs were known for
 * certain, for a job that is heard of later is looked at from the cursor on.
 */
import type { Clock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { FireCursorStore } from './ports.ts'

export interface LoadedCursor {
  readonly throughSecond: number
  /** Somebody else has moved it since this keeper saved or loaded it. */
  readonly isForeign: boolean
  /** It lay too far in the future to be true, and was set to now. */
  readonly wasReset: boolean
}

export interface CursorParts {
  readonly cursors: FireCursorStore
  /** Resolves when every job that was stored before the call is known. */
  readonly jobs: { caughtUp(signal: AbortSignal): Promise<void> }
  readonly term: number
  readonly clock: Clock
  readonly log: Log
}

const lagSeconds = 5
const firstLookBackMs = 15_000
const saveEveryMs = 2_000
const knowWithinMs = 5_000
/** At the end of a reign, which is not to take long. */
const knowLastWithinMs = 500
/** Also saved without any fire, so that the next leader need not look at days. */
const saveIdleEveryMs = 60_000

export class CursorKeeper {
  readonly #parts: CursorParts
  #savedSecond = 0
  #savedAtMonotonicMs = Number.NEGATIVE_INFINITY
  #lastFiredSecond = 0
  #saving: Promise<void> | null = null

  constructor(parts: CursorParts) {
    this.#parts = parts
  }

  /** What is stored, in epoch ms. */
  get savedMs(): number {
    return this.#savedSecond * 1_000
  }

  /** Reads the cursor. The first start ever begins now, with the jobs that were saved before there was a leader. */
  async load(nowMs: number, farBackMs: number): Promise<LoadedCursor> {
    await this.#saving
    const stored = await this.#parts.cursors.get()
    const wasReset = stored !== null && stored.throughSecond * 1_000 > nowMs + farBackMs
    if (wasReset) this.#parts.log.warn({ cursor: stored.throughSecond }, 'the fire cursor lies far in the future')
    if (stored === null) await this.reset(nowMs - firstLookBackMs)
    else if (wasReset) await this.reset(nowMs)
    const throughSecond = stored === null || wasReset ? this.#savedSecond : stored.throughSecond
    const isForeign = throughSecond > this.#savedSecond
    this.#savedSecond = throughSecond
    return { throughSecond, isForeign, wasReset }
  }

  /** Sets it to now, also when that is back. */
  async reset(nowMs: number): Promise<void> {
    await this.#saving
    const throughSecond = Math.floor(nowMs / 1_000)
    await this.#parts.cursors.put({ throughSecond, term: this.#parts.term })
    this.#noteSaved(throughSecond)
    this.#lastFiredSecond = Math.min(this.#lastFiredSecond, throughSecond)
  }

  noteFired(second: number): void {
    this.#lastFiredSecond = Math.max(this.#lastFiredSecond, second)
  }

  /** Saves beside the firing when it is time to. A failure is logged: the next save makes up for it. */
  saveLazily(handledThroughSecond: number): void {
    const sinceMs = this.#parts.clock.monotonicMs() - this.#savedAtMonotonicMs
    const everyMs = this.#savedSecond < this.#lastFiredSecond ? saveEveryMs : saveIdleEveryMs
    if (sinceMs < everyMs || this.#saving !== null) return
    this.#saving = this.#save(handledThroughSecond - lagSeconds, knowWithinMs).finally(() => {
      this.#saving = null
    })
  }

  /** Saves at the end of a reign, as far as that is possible. */
  async saveLast(handledThroughSecond: number): Promise<void> {
    await this.#saving
    await this.#save(handledThroughSecond - lagSeconds, knowLastWithinMs)
  }

  async #save(throughSecond: number, knowWithin: number): Promise<void> {
    if (throughSecond <= this.#savedSecond) return
    try {
      await this.#parts.jobs.caughtUp(AbortSignal.timeout(knowWithin))
      await this.#parts.cursors.put({ throughSecond, term: this.#parts.term })
      this.#noteSaved(throughSecond)
    } catch (error) {
      this.#savedAtMonotonicMs = this.#parts.clock.monotonicMs()
      this.#parts.log.warn({ error: messageOf(error) }, 'saving the fire cursor failed, trying again later')
    }
  }

  #noteSaved(throughSecond: number): void {
    this.#savedSecond = throughSecond
    this.#savedAtMonotonicMs = this.#parts.clock.monotonicMs()
  }
}
