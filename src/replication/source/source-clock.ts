/**
 * What time it is on the source: commit times in the stream are by its clock, so lag is measured by it.
 *
 * Easy to get wrong: a source that hangs does not answer this question either, and nobody may wait for it.
 */
import type { CommitTime } from '../../binlog/transaction-part.ts'
import type { Clock } from '../../core/clock.ts'
import type { Session } from '../../mysql/session.ts'

const askAgainMs = 10_000

export class SourceClock {
  readonly #session: Session
  readonly #clock: Clock
  #offsetMicros = 0n
  #askedAtMs = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | null = null
  #isKnown = false

  constructor(session: Session, clock: Clock) {
    this.#session = session
    this.#clock = clock
  }

  /** Microseconds since the epoch by the source's clock, which is asked every ten seconds; waits for the first answer. */
  async micros(): Promise<bigint> {
    if (this.#clock.monotonicMs() - this.#askedAtMs > askAgainMs) this.#asking ??= this.#askAlone()
    if (!this.#isKnown) await this.#asking
    return this.#ownMicros() + this.#offsetMicros
  }

  async #askAlone(): Promise<void> {
    try {
      await this.#ask()
      this.#isKnown = true
    } catch (error) {
      // Whoever needs the session for more than the time finds out that it is lost.
      if (!this.#isKnown) throw error
    } finally {
      this.#asking = null
    }
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

/**
 * Servers that tell only the second of a commit leave a second in doubt. It was over when its event was read, so while the
 * stream is followed live the time of reading is the better one; of a backlog the second's end is.
 *
 * @param readMicros when the event was read, by the source's clock
 */
export function closestCommitTime(committed: CommitTime, readMicros: bigint): CommitTime {
  if (committed.isExact) return committed
  const { micros } = committed
  const secondEnds = (micros / 1_000_000n) * 1_000_000n + 999_999n
  const latest = readMicros < secondEnds ? readMicros : secondEnds
  return latest <= micros ? committed : { micros: latest, isExact: false }
}
