/**
 * Writes a task's reports where every node can read them: a change of stage or problem, and the first lag, at once, all
 * else at most once a second. Only the newest report counts; while the store is away older ones are dropped.
 */
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Bucket } from '../../model/bucket.ts'
import type { TaskReportRecord } from './task-report-record.ts'
import { WakeSignal } from './wake-signal.ts'

const intervalMs = 1_000
/** How long the last report of a stopping task may take. */
const lastWriteMs = 2_000

export interface ReportWriterParts {
  readonly bucket: Bucket<TaskReportRecord>
  readonly key: string
  readonly clock: Clock
  readonly log: Log
}

export class ReportWriter {
  readonly #parts: ReportWriterParts
  readonly #wake: WakeSignal
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
  #pending: TaskReportRecord | null = null
  #closed: Promise<void> | null = null
  #isUrgent = false
  #offered: TaskReportRecord | null = null

  constructor(parts: ReportWriterParts) {
    this.#parts = parts
    this.#wake = new WakeSignal(parts.clock)
    this.#running = this.#run()
  }

  offer(record: TaskReportRecord): void {
    this.#isUrgent ||= this.#offered === null || isTurn(this.#offered, record)
    this.#offered = record
    this.#pending = record
    this.#wake.ring()
  }

  /**
   * Writes what is left, if the store answers soon, and ends.
   *
   * @param discards true: what is left is dropped, since another node tells of the task by now
   */
  close({ discards = false } = {}): Promise<void> {
    if (discards) this.#pending = null
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    const waited = new AbortController()
    const lastWrite = this.#running.then(() => this.#write())
    await Promise.race([lastWrite, this.#parts.clock.sleep(lastWriteMs, waited.signal).catch(() => undefined)])
    waited.abort()
  }

  async #run(): Promise<void> {
    const { clock } = this.#parts
    const { signal } = this.#closing
    let writtenAtMs = Number.NEGATIVE_INFINITY
    while (!signal.aborted) {
      const restMs = this.#pending === null ? intervalMs : writtenAtMs + intervalMs - clock.monotonicMs()
      if (this.#pending === null || (restMs > 0 && !this.#isUrgent)) {
        await this.#wake.wait(restMs, signal)
        continue
      }
      await this.#write()
      writtenAtMs = clock.monotonicMs()
    }
  }

  async #write(): Promise<void> {
    const record = this.#pending
    if (record === null) return
    this.#pending = null
    this.#isUrgent = false
    try {
      await this.#parts.bucket.put(this.#parts.key, record)
    } catch (error) {
      this.#pending ??= record
      this.#parts.log.debug({ err: error, key: this.#parts.key }, 'report could not be written')
    }
  }
}

function isTurn(before: TaskReportRecord, after: TaskReportRecord): boolean {
  return (
    before.ownerTerm !== after.ownerTerm ||
    before.isRunning !== after.isRunning ||
    before.report.stage !== after.report.stage ||
    (before.report.lagMs === null) !== (after.report.lagMs === null) ||
    before.report.problem?.code !== after.report.problem?.code ||
    before.report.problem?.message !== after.report.problem?.message
  )
}
