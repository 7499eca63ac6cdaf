/**
 * What the leader does for replication jobs: gives each task of each job that should run to a node, takes tasks away from
 * jobs that should not, and clears away what deleted jobs left.
 *
 * Easy to get wrong: this node's views may be behind. Every write is a compare-and-set, so acting on an old view fails
 * harmlessly; deletions ask the store itself before they believe that a job is gone.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../core/clock.ts'
import { ConflictError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Versioned } from '../../model/bucket.ts'
import type { LeaderDuty, Member, Term } from '../../model/member.ts'
import type { ReplicationJob, TaskRole } from '../../model/replication-job.ts'
import { type Assignment, definitionOf, nextOwnerTerm, parseTaskKey, taskKey, taskRoles } from './assignment.ts'
import type { BucketView } from './bucket-view.ts'
import { isComplete } from './job-status.ts'
import { type Placement, placeTask } from './place-task.ts'
import type { FrameStreams } from './ports.ts'
import type { TaskReportRecord } from './task-report-record.ts'
import { WakeSignal } from './wake-signal.ts'

export interface PlacementDutyParts {
  readonly jobs: BucketView<ReplicationJob>
  readonly assignments: BucketView<Assignment>
  readonly reports: BucketView<TaskReportRecord>
  readonly streams: FrameStreams
  members(): readonly Member[]
  readonly clock: Clock
  readonly log: Log
}

/** Members come and go without telling, so placement is looked at this often. */
const sweepMs = 1_000
/** A deleted job's node has this long to stop its tasks and clear up itself. */
const orphanMs = 15_000
/** How often, and how many times, a stream in another NATS is asked for before it is left there. */
const elsewhereRetryMs = 60_000
const elsewhereTries = 5

const emptyAssignment: Assignment = {
  nodeId: null,
  ownerTerm: 0,
  unplacedReason: null,
  completed: null,
  natsAddress: null,
}

export class PlacementDuty implements LeaderDuty {
  readonly name = 'replication-placement'
  readonly #parts: PlacementDutyParts
  readonly #wake: WakeSignal
  /** Streams of deleted jobs in another NATS, by the key of their task: how often they were tried, and when again. */
  readonly #elsewhere = new Map<string, { tries: number; againAtMs: number }>()

  constructor(parts: PlacementDutyParts) {
    this.#parts = parts
    this.#wake = new WakeSignal(parts.clock)
  }

  async lead(_term: Term, signal: AbortSignal): Promise<void> {
    const { jobs, assignments, reports, log } = this.#parts
    const unsubscribe = [jobs, assignments].map((view) => view.onChange(() => this.#wake.ring()))
    try {
      while (!signal.aborted) {
        if (jobs.isReady && assignments.isReady && reports.isReady)
          await this.place(signal).catch((error: unknown) => log.warn({ err: error }, 'placement failed, tried again'))
        await this.#wake.wait(sweepMs, signal)
      }
    } finally {
      for (const end of unsubscribe) end()
    }
  }

  /** One look at everything. */
  async place(signal: AbortSignal): Promise<void> {
    const loads = this.#loads()
    for (const { value: job } of this.#parts.jobs.list()) {
      for (const role of taskRoles) {
        if (signal.aborted) return
        await this.#placeTask(job, role, loads)
      }
    }
    await this.#clearAway(signal)
  }

  async #placeTask(job: ReplicationJob, role: TaskRole, loads: Map<string, number>): Promise<void> {
    const held = this.#parts.assignments.get(taskKey(job.id, role))
    const currentNodeId = held?.value.nodeId ?? null
    // Between choosing and choosing again its own weight must not count.
    if (currentNodeId !== null) addLoad(loads, currentNodeId, -1)
    const isDone = this.#isComplete(job)
    const members = this.#parts.members()
    const { isPaused } = job
    const wantedNodeId = job[role].nodeId
    const placement = placeTask({ role, wantedNodeId, currentNodeId, isPaused, isComplete: isDone, members, loads })
    const nodeId = nodeAfter(placement, currentNodeId)
    if (nodeId !== null) addLoad(loads, nodeId, 1)
    const next = this.#assignmentAfter(placement, held?.value ?? emptyAssignment)
    const completed = isDone && role === 'target' ? definitionOf(job) : next.completed
    await this.#record(taskKey(job.id, role), { ...next, completed, natsAddress: job.source.natsAddress }, held)
  }

  #isComplete(job: ReplicationJob): boolean {
    const key = taskKey(job.id, 'target')
    const assignment = this.#parts.assignments.get(key)?.value ?? null
    return isComplete(job, { assignment, record: this.#parts.reports.get(key)?.value ?? null })
  }

  async #record(key: string, next: Assignment, held: Versioned<Assignment> | undefined): Promise<void> {
    if (isDeepStrictEqual(next, held?.value ?? emptyAssignment)) return
    const { assignments, log } = this.#parts
    try {
      const { bucket } = assignments
      const revision =
        held === undefined ? await bucket.create(key, next) : await bucket.update(key, next, held.revision)
      assignments.noteWrite({ key, value: next, revision })
      log.info({ task: key, nodeId: next.nodeId, ownerTerm: next.ownerTerm }, 'task placed')
    } catch (error) {
      // Somebody wrote it meanwhile; the watch will tell, and the next look decides again.
      if (!(error instanceof ConflictError)) throw error
    }
  }

  #assignmentAfter(placement: Placement, held: Assignment): Assignment {
    switch (placement.kind) {
      case 'keep':
        return { ...held, unplacedReason: null }
      case 'assign': {
        const ownerTerm = nextOwnerTerm(held.ownerTerm, this.#parts.clock.now())
        return { ...held, nodeId: placement.nodeId, ownerTerm, unplacedReason: null }
      }
      case 'withdraw':
        return { ...held, nodeId: null, unplacedReason: null }
      case 'unplaceable':
        return { ...held, nodeId: null, unplacedReason: placement.reason }
    }
  }

  #loads(): Map<string, number> {
    const loads = new Map<string, number>()
    for (const { value } of this.#parts.assignments.list()) if (value.nodeId !== null) addLoad(loads, value.nodeId, 1)
    return loads
  }

  async #clearAway(signal: AbortSignal): Promise<void> {
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

function nodeAfter(placement: Placement, currentNodeId: string | null): string | null {
  if (placement.kind === 'assign') return placement.nodeId
  return placement.kind === 'keep' ? currentNodeId : null
}

function addLoad(loads: Map<string, number>, nodeId: string, count: number): void {
  loads.set(nodeId, (loads.get(nodeId) ?? 0) + count)
}

function ignoreConflict(error: unknown): void {
  if (!(error instanceof ConflictError)) throw error
}
