/**
 * What time it is on the source, for heartbeats: commit times in the stream are by its clock, so lag is measured by it.
 */
import type { Clock } from '../../core/clock.ts'
import type { Session } from '../../mysql/session.ts'

const askAgainMs = 10_000

export class SourceClock {
  readonly #session: Session
  readonly #clock: Clock
  #offsetMicros = 0n
  #askedAtMs = Number.NEGATIVE_INFINITY

  constructor(session: Session, clock: Clock) {
    this.#session = session
    this.#clock = clock
  }

  /** Microseconds since the epoch by the source's clock; asks it every ten seconds. */
  async micros(): Promise<bigint> {
    if (this.#clock.monotonicMs() - this.#askedAtMs > askAgainMs) await this.#ask()
    return this.#ownMicros() + this.#offsetMicros
  }

  async #ask(): Promise<void> {
    const before = this.#ownMicros()
    const [row] = await this.#session.query('SELECT UNIX_TIMESTAMP(SYSDATE(6)) AS now')
    const after = this.#ownMicros()
    const [seconds = '0', fraction = ''] = (row?.now ?? '0').split('.')
    const theirs = BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(6, '0').slice(0, 6))
    this.#offsetMicros = theirs - (before + after) / 2n
    this.#askedAtMs = this.#clock.monotonicMs()
  }

  #ownMicros(): bigint {
    return BigInt(Math.round(this.#clock.now() * 1000))
  }
}
