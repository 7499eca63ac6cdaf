/**
 * Writes down the fires that were missed, beside the firing, so that a long outage does not make what is due now late.
 *
 * Easy to get wrong: as long as a span is not written, the fire cursor must not pass it, or a crash would lose it
 * without a trace; that is what `heldAtMs` is for. And a leader that stood still must not call missed what another one
 * has fired meanwhile, so each decision is confirmed before it is written.
 */
import type { MissedCause, MissedSpan } from './catch-up.ts'
import type { FireTimes } from './fire-times.ts'
import type { ExecutionLog } from './ports.ts'
import { groupOf, unstarted } from './start-order.ts'

export interface MissedFires {
  readonly jobName: string
  readonly times: Pick<FireTimes, 'newest'>
  readonly lateLimitMs: number
  readonly span: MissedSpan
  /** When it was decided, epoch ms. */
  readonly decidedAt: number
  /** True for a fire that was recorded as started after all. */
  isRecorded(scheduledAt: number): boolean
}

export interface BacklogParts {
  readonly history: Pick<ExecutionLog, 'append' | 'list'>
  /** @throws LeadershipLostError when another leader has begun */
  confirm(): Promise<void>
  /** Executions kept of each job: more missed ones than that are summed up in one record. */
  readonly historyLimit: number
}

/** Records on their way at once. */
const batchSize = 64

export class MissedBacklog {
  readonly #parts: BacklogParts
  readonly #queue: MissedFires[] = []

  constructor(parts: BacklogParts) {
    this.#parts = parts
  }

  add(missed: MissedFires): void {
    this.#queue.push(missed)
  }

  /** The start of the earliest span that is not yet written, or null when all are. */
  heldAtMs(): number | null {
    let heldAtMs: number | null = null
    for (const { span } of this.#queue) heldAtMs = Math.min(heldAtMs ?? span.afterMs, span.afterMs)
    return heldAtMs
  }

  /** Writes until nothing is left or `signal` aborts. What fails stays, for the next call. */
  async drain(signal: AbortSignal): Promise<void> {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      await this.#write(next, signal)
      if (signal.aborted) return
      this.#queue.shift()
    }
  }

  async #write(missed: MissedFires, signal: AbortSignal): Promise<void> {
    const { afterMs, throughMs } = missed.span
    await this.#parts.confirm()
    const { fires, firstLeftOut } = missed.times.newest(afterMs, throughMs, this.#parts.historyLimit)
    const records = fires
      .filter((scheduledAt) => !missed.isRecorded(scheduledAt))
      .map((scheduledAt) => this.#execution(missed, scheduledAt, reasonOf(missed, scheduledAt)))
    const firstKept = fires[0]
    if (firstLeftOut !== null && firstKept !== undefined && !missed.isRecorded(firstLeftOut))
      records.unshift(this.#execution(missed, firstLeftOut, summaryOf(firstLeftOut, firstKept)))
    // An earlier leader may have written some of them before it died; the log itself notices that for minutes only.
    const known = new Set((await this.#parts.history.list(missed.jobName)).map(({ id }) => id))
    const fresh = records.filter(({ id }) => !known.has(id))
    for (let start = 0; start < fresh.length && !signal.aborted; start += batchSize)
      await Promise.all(fresh.slice(start, start + batchSize).map((record) => this.#parts.history.append(record)))
  }

  #execution({ jobName, decidedAt }: MissedFires, scheduledAt: number, reason: string) {
    const fire = { jobName, group: groupOf(scheduledAt), attempt: 1, scheduledAt }
    return unstarted(fire, 'missed', reason, decidedAt)
  }
}

function reasonOf({ span, decidedAt, lateLimitMs }: MissedFires, scheduledAt: number): string {
  const late = `${(decidedAt - scheduledAt) / 1_000} s late`
  const reasons: Readonly<Record<MissedCause, string>> = {
    'too-late': `not started: no leader was there in time, it was ${late} and the job allows ${lateLimitMs / 1_000} s`,
    'newer-one-made-up': `not started: it was ${late}, and catch-up of the job starts only the last one`,
    'no-catchup': `not started: it was ${late}, and the job asks for no catch-up`,
  }
  return reasons[span.cause]
}

function summaryOf(first: number, firstKept: number): string {
  const until = new Date(firstKept).toISOString()
  const since = new Date(first).toISOString()
  return `not started, like every fire from ${since} until ${until} that has no execution of its own: the history keeps no more`
}
