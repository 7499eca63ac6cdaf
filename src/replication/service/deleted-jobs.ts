/**
 * Clears away what deleted jobs left, for the leader: frame streams, reports, and last of all the assignments.
 *
 * Easy to get wrong: this node's views may be behind, so the store itself is asked before a job is taken for gone.
 */
import type { Clock } from '../../core/clock.ts'
import { ConflictError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Versioned } from '../../model/bucket.ts'
import type { ReplicationJob } from '../../model/replication-job.ts'
import { type Assignment, parseTaskKey } from './assignment.ts'
import type { BucketView } from './bucket-view.ts'
import type { FrameStreams } from './ports.ts'
import type { TaskReportRecord } from './task-report-record.ts'

/** A deleted job's node has this long to stop its tasks and clear up itself. */
const orphanMs = 15_000
/** How often, and how many times, a stream in another NATS is asked for before it is left there. */
const elsewhereRetryMs = 60_000
const elsewhereTries = 5

export interface DeletedJobsParts {
  readonly jobs: BucketView<ReplicationJob>
  readonly assignments: BucketView<Assignment>
  readonly reports: BucketView<TaskReportRecord>
  readonly streams: FrameStreams
  readonly clock: Clock
  readonly log: Log
}

export class DeletedJobs {
  readonly #parts: DeletedJobsParts
  /** Streams of deleted jobs in another NATS, by the key of their task: how often they were tried, and when again. */
  readonly #elsewhere = new Map<string, { tries: number; againAtMs: number }>()

  constructor(parts: DeletedJobsParts) {
    this.#parts = parts
  }

  async clearAway(signal: AbortSignal): Promise<void> {
    const { log } = this.#parts
    for (const orphan of this.#parts.assignments.list()) {
      if (signal.aborted) return
      if (!(await this.#isOrphan(orphan.key)) || this.#isBeingStopped(orphan.key, orphan.value)) continue
      const isElsewhere = parseTaskKey(orphan.key)?.role === 'source' && orphan.value.natsAddress !== null
      if (isElsewhere) this.#clearElsewhere(orphan)
      else
        await this.#clear(orphan).catch((error: unknown) =>
          log.warn({ err: error, task: orphan.key }, 'what a deleted job left is cleared away later'),
        )
    }
  }

  /** Nobody waits for a NATS that may be gone: all other jobs are to be placed meanwhile. */
  #clearElsewhere(orphan: Versioned<Assignment>): void {
    const { clock, log } = this.#parts
    const { key, value } = orphan
    const before = this.#elsewhere.get(key) ?? { tries: 0, againAtMs: Number.NEGATIVE_INFINITY }
    if (clock.monotonicMs() < before.againAtMs) return
    const tries = before.tries + 1
    this.#elsewhere.set(key, { tries, againAtMs: clock.monotonicMs() + elsewhereRetryMs })
    this.#clear(orphan)
      .catch(async (error: unknown) => {
        const isLast = tries >= elsewhereTries
        const facts = { err: error, task: key, natsAddress: value.natsAddress, tries }
        log.warn(
          facts,
          isLast ? 'frame stream of a deleted job stays in its NATS' : 'frame stream could not be removed',
        )
        if (isLast) await this.#forget(orphan)
      })
      .then(() => this.#parts.assignments.get(key) === undefined && this.#elsewhere.delete(key))
      .catch((error: unknown) => log.warn({ err: error, task: key }, 'what a deleted job left is cleared away later'))
  }

  async #clear(orphan: Versioned<Assignment>): Promise<void> {
    const task = parseTaskKey(orphan.key)
    const { natsAddress } = orphan.value
    if (task?.role === 'source') await this.#parts.streams.remove({ jobId: task.jobId, natsAddress })
    await this.#forget(orphan)
  }

  async #forget({ key, revision }: Versioned<Assignment>): Promise<void> {
    const { assignments, reports } = this.#parts
    await reports.bucket.delete(key)
    await assignments.bucket.delete(key, revision).catch(ignoreConflict)
    assignments.noteDelete(key, revision)
  }

  /** Its node still hears from a process of the deleted job, and will clear up after it itself. */
  #isBeingStopped(key: string, { nodeId }: Assignment): boolean {
    const { reports } = this.#parts
    return nodeId !== null && reports.get(key)?.value.isRunning === true && reports.silenceMs(key) < orphanMs
  }

  async #isOrphan(key: string): Promise<boolean> {
    const task = parseTaskKey(key)
    if (task === null || this.#parts.jobs.get(task.jobId) !== undefined) return false
    return (await this.#parts.jobs.bucket.get(task.jobId)) === null
  }
}

function ignoreConflict(error: unknown): void {
  if (!(error instanceof ConflictError)) throw error
}
