/**
 * Takes the lease whenever it can be had, leads while it lasts, and stops in time.
 *
 * Easy to get wrong: duties are told to stop `marginMs` before the lease runs out by our own clock, even while a renewal
 * is still under way; and the next reign begins only after the duties of the last one have ended. And after NATS was away
 * for all, whoever leads first must not take the others for gone, whom it has not heard yet. Looking whether the
 * lease is free costs nothing: it is observed, and NATS is asked only when it can be had.
 */
import { backoffMs } from '../core/backoff.ts'
import type { Clock } from '../core/clock.ts'
import { MillraceError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { LeaderDuty, Term } from '../model/member.ts'
import type { HeldLease, LeaderLease } from './ports.ts'
import { Reign } from './reign.ts'

const dutyBackoff = { firstMs: 100, maxMs: 10_000 }
const acquireBackoff = { firstMs: 100, maxMs: 1_000 }
/** After a renewal that was not answered. */
const renewAgainMs = 100
const slowDutyMs = 5_000

export interface LeaderLoopOptions {
  readonly lease: LeaderLease
  readonly duties: readonly LeaderDuty[]
  readonly clock: Clock
  readonly log: Log
  /** False while this node cannot tell who is there: it does not take the lease then. By default always true. */
  readonly hears?: () => boolean
  /** By default 500 ms, a quarter of the lease. */
  readonly renewEveryMs?: number
  /** How long before the lease runs out duties are told to stop; by default 250 ms. */
  readonly marginMs?: number
  /** How often a node that does not lead looks whether it can; by default 100 ms. */
  readonly pollMs?: number
}

export class LeaderLoop {
  readonly #options: Required<LeaderLoopOptions>
  readonly #leaving = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #reign: Reign | null = null

  constructor(options: LeaderLoopOptions) {
    this.#options = { hears: () => true, renewEveryMs: 500, marginMs: 250, pollMs: 100, ...options }
  }

  /** The term in which this node leads now, or null. */
  get term(): Term | null {
    return this.#reign === null || this.#reign.isOver ? null : this.#reign.term
  }

  /** Runs until `signal` aborts or `stepDown` is called; gives the lease back at its end. */
  run(signal: AbortSignal): Promise<void> {
    this.#running = this.#campaign(AbortSignal.any([signal, this.#leaving.signal]))
    return this.#running
  }

  /** Leads no more in this process; resolves once the duties have ended and the lease is given back. */
  async stepDown(): Promise<void> {
    this.#leaving.abort(new Error('stepping down'))
    await this.#running
  }

  async #campaign(signal: AbortSignal): Promise<void> {
    const { lease, hears, clock, log, pollMs } = this.#options
    let failures = 0
    while (!signal.aborted) {
      let pauseMs = pollMs
      try {
        const held = hears() ? await lease.tryAcquire() : null
        failures = 0
        if (held !== null) await this.#reignWith(held, signal)
      } catch (err) {
        failures += 1
        pauseMs = backoffMs(acquireBackoff, failures, Math.random)
        log.debug({ err, failures }, 'leader lease cannot be tried')
      }
      await clock.sleep(pauseMs, signal).catch(() => {})
    }
  }

  async #reignWith(held: HeldLease, outer: AbortSignal): Promise<void> {
    const { lease, duties, clock, marginMs, log } = this.#options
    const reign = new Reign({ held, clock, marginMs, outer })
    this.#reign = reign
    log.info({ term: held.term.number }, 'this node leads')
    const working = Promise.all(duties.map((duty) => this.#supervise(duty, reign)))
    const watching = this.#watchExpiry(reign)
    await this.#keepRenewing(reign)
    this.#reign = null
    const { reason } = reign.signal
    log.info({ term: held.term.number, reason: String(reason?.message ?? reason) }, 'this node leads no more')
    await Promise.all([this.#untilEnded(working), watching])
    if (outer.aborted) await lease.release(reign.held)
  }

  async #keepRenewing(reign: Reign): Promise<void> {
    const { lease, clock, log, renewEveryMs } = this.#options
    let pauseMs = renewEveryMs
    while (!reign.isOver) {
      await clock.sleep(pauseMs, reign.signal).catch(() => {})
      if (reign.isOver) return
      try {
        const renewed = await untilAborted(lease.renew(reign.held), reign.signal)
        if (renewed === null) reign.end(new Error('another node took over'))
        else reign.extend(renewed)
        pauseMs = renewEveryMs
      } catch (err) {
        pauseMs = Math.min(renewEveryMs, renewAgainMs)
        if (!reign.isOver) log.debug({ err }, 'leader lease not renewed yet')
      }
    }
  }

  async #watchExpiry(reign: Reign): Promise<void> {
    const { clock } = this.#options
    while (!reign.isOver) await clock.sleep(reign.leftMs, reign.signal).catch(() => {})
  }

  /** The one place that catches what a duty throws: it is logged, and the duty begins anew. */
  async #supervise(duty: LeaderDuty, reign: Reign): Promise<void> {
    const { clock, log } = this.#options
    for (let failures = 1; !reign.isOver; failures += 1) {
      try {
        await duty.lead(reign.term, reign.signal)
        return
      } catch (err) {
        if (reign.isOver) return
        // NATS that elects or has lost servers is no fault of the duty, and told elsewhere.
        const passes = err instanceof MillraceError && err.remedy === 'retry'
        if (passes) log.warn({ reason: err.message, duty: duty.name, failures }, 'leader duty waits and begins anew')
        else log.error({ err, duty: duty.name, failures }, 'leader duty failed, it begins anew')
        await clock.sleep(backoffMs(dutyBackoff, failures, Math.random), reign.signal).catch(() => {})
      }
    }
  }

  async #untilEnded(working: Promise<unknown>): Promise<void> {
    const { clock, log } = this.#options
    const ended = new AbortController()
    const nagging = (async () => {
      while (!ended.signal.aborted) {
        await clock.sleep(slowDutyMs, ended.signal).catch(() => {})
        if (!ended.signal.aborted) log.warn({ slowDutyMs }, 'leader duties do not end')
      }
    })()
    await working
    ended.abort()
    await nagging
  }
}

/** The answer, or whatever `signal` says first. */
function untilAborted<Answer>(answer: Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
