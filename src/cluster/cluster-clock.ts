/**
 * The time by which this node schedules: right although the wall clock of its machine jumps, or was wrong from the start.
 *
 * It runs by the monotonic clock and follows the wall clock slowly. A step of the wall clock is believed when most
 * members' wall clocks agree with it, or when there is nobody else to ask. Easy to get wrong: what the others said may
 * be old, because this process stood still and reads now what lay in its sockets; so in company nothing is set before
 * it has been seen for a while.
 */
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { type ClockDecision, decideClock, stepMs } from './clock-decision.ts'

const lookEveryMs = 250
const confirmMs = 1_500
/** At most so much faster or slower than the monotonic clock. */
const slewRate = 0.1
/** Clocks tell whole milliseconds: less is noise. */
const noiseMs = 2
const settlePollMs = 50
const settleWithinMs = 3_000

export interface ClusterClockOptions {
  /** This machine's clocks. */
  readonly machine: Clock
  readonly log: Log
}

/** What the members' heartbeats say about their clocks. */
export interface PeerWalls {
  /** Of every other living member its wall clock minus our monotonic clock, in milliseconds. */
  peerWalls(): readonly number[]
  /** Other members are known that may be alive. */
  expectsPeers(): boolean
}

interface Pending {
  readonly differenceMs: number
  readonly sinceMs: number
}

export class ClusterClock implements Clock {
  readonly #machine: Clock
  readonly #log: Log
  #peers: PeerWalls = { peerWalls: () => [], expectsPeers: () => false }
  /** At `#setAtMs` of the monotonic clock it was `#setMs`, and so much was still to be made up. */
  #setMs: number
  #setAtMs: number
  #slewMs = 0
  #isSettled = false
  #isDistrusted = false
  #lastPeerAtMs: number
  #isAlone = true
  #pending: Pending | null = null

  constructor({ machine, log }: ClusterClockOptions) {
    this.#machine = machine
    this.#log = log
    this.#setMs = machine.now()
    this.#setAtMs = machine.monotonicMs()
    this.#lastPeerAtMs = Number.NEGATIVE_INFINITY
  }

  /** Whole milliseconds since the epoch. */
  now(): number {
    if (this.#isAlone) this.look()
    return Math.floor(this.#kept(this.#machine.monotonicMs()))
  }

  monotonicMs(): number {
    return this.#machine.monotonicMs()
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#machine.sleep(ms, signal)
  }

  /** This machine's wall clock minus the time that is kept, in milliseconds. */
  get wallOffsetMs(): number {
    return Math.round(this.#machine.now() - this.#kept(this.#machine.monotonicMs()))
  }

  /**
   * Waits until the others have told their time, should there be others; at most 3 s. Whatever they say counts at once,
   * because nothing has been done by this clock yet.
   */
  async settle(peers: PeerWalls, signal: AbortSignal): Promise<void> {
    this.#peers = peers
    const deadlineMs = this.monotonicMs() + settleWithinMs
    for (;;) {
      const decision = this.look()
      const isKnown = decision.kind === 'others' || (decision.kind === 'wall' && decision.isConfirmed)
      if (isKnown || !peers.expectsPeers() || this.monotonicMs() >= deadlineMs) break
      await this.sleep(settlePollMs, signal)
    }
    this.#isSettled = true
  }

  /** Follows the clocks until `signal` aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.look()
      await this.sleep(lookEveryMs, signal).catch(() => {})
    }
  }

  /** One look at all clocks. */
  look(): ClockDecision {
    const monotonicMs = this.#machine.monotonicMs()
    const kept = this.#kept(monotonicMs)
    const wallMs = this.#machine.now() - kept
    const otherWallsMs = this.#peers.peerWalls().map((offset) => offset + monotonicMs - kept)
    this.#isAlone = otherWallsMs.length === 0
    if (!this.#isAlone) this.#lastPeerAtMs = monotonicMs
    const aloneForMs = monotonicMs - this.#lastPeerAtMs
    const decision = decideClock({ wallMs, otherWallsMs, isDistrusted: this.#isDistrusted, aloneForMs })
    this.#judgeWall(decision, wallMs)
    if (decision.kind === 'hold') this.#slew(monotonicMs, 0)
    else this.#approach(decision.differenceMs, monotonicMs)
    return decision
  }

  #approach(differenceMs: number, monotonicMs: number): void {
    if (Math.abs(differenceMs) <= stepMs) {
      this.#pending = null
      this.#slew(monotonicMs, Math.abs(differenceMs) < noiseMs ? 0 : differenceMs)
      return
    }
    const isSame = this.#pending !== null && Math.abs(this.#pending.differenceMs - differenceMs) < stepMs
    if (this.#pending === null || !isSame) this.#pending = { differenceMs, sinceMs: monotonicMs }
    const isCertain = this.#isAlone || !this.#isSettled || monotonicMs - this.#pending.sinceMs >= confirmMs
    this.#slew(monotonicMs, 0)
    if (!isCertain) return
    this.#pending = null
    this.#setMs += differenceMs
    this.#log.warn({ byMs: Math.round(differenceMs) }, 'the time was set')
  }

  #slew(monotonicMs: number, differenceMs: number): void {
    this.#setMs = this.#kept(monotonicMs)
    this.#setAtMs = monotonicMs
    this.#slewMs = differenceMs
  }

  #judgeWall(decision: ClockDecision, wallMs: number): void {
    const isDistrusted = decision.kind !== 'wall' && (decision.kind === 'others' || Math.abs(wallMs) > stepMs)
    if (isDistrusted === this.#isDistrusted) return
    this.#isDistrusted = isDistrusted
    const offsetMs = Math.round(decision.kind === 'others' ? wallMs - decision.differenceMs : wallMs)
    if (isDistrusted) this.#log.warn({ offsetMs }, 'the clock of this machine is not believed')
    else this.#log.info({ offsetMs }, 'the clock of this machine is believed again')
  }

  #kept(monotonicMs: number): number {
    const elapsedMs = monotonicMs - this.#setAtMs
    const mostMs = elapsedMs * slewRate
    return this.#setMs + elapsedMs + Math.max(-mostMs, Math.min(mostMs, this.#slewMs))
  }
}
