/**
 * On each node: keeps running what the assignments give to it, and nothing else.
 *
 * Easy to get wrong: a task that is told to stop keeps its place until its process is gone; only then may the next one of
 * the same task start here.
 */
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Member } from '../../model/member.ts'
import type { ReplicationJob, TaskRole } from '../../model/replication-job.ts'
import { type Assignment, isSameDefinition, leaderKey, nextOwnerTerm, parseTaskKey, taskKey } from './assignment.ts'
import type { BucketView } from './bucket-view.ts'
import { isComplete } from './job-status.ts'
import type { FrameStreams, TaskLauncher } from './ports.ts'
import { type StopReason, TaskKeeper, type TaskKeeperParts } from './task-keeper.ts'
import type { TaskReportRecord } from './task-report-record.ts'
import { WakeSignal } from './wake-signal.ts'

export interface TaskSupervisorParts {
  readonly nodeId: string
  readonly nodeName: string
  readonly jobs: BucketView<ReplicationJob>
  readonly assignments: BucketView<Assignment>
  readonly reports: BucketView<TaskReportRecord>
  members(): readonly Pick<Member, 'nodeId' | 'status'>[]
  readonly launcher: TaskLauncher
  readonly streams: FrameStreams
  readonly clock: Clock
  readonly log: Log
}

/** Looked at this often even when nothing is told. */
const sweepMs = 5_000
const forgetTimeoutMs = 30_000
const drainPollMs = 100

interface Kept {
  readonly keeper: TaskKeeper
  readonly done: Promise<void>
}

export class TaskSupervisor {
  readonly #parts: TaskSupervisorParts
  readonly #wake: WakeSignal
  readonly #kept = new Map<string, Kept>()
  #isEnding = false

  constructor(parts: TaskSupervisorParts) {
    this.#parts = parts
    this.#wake = new WakeSignal(parts.clock)
  }

  /** Tasks that this node runs, or is stopping. */
  get taskCount(): number {
    return this.#kept.size
  }

  /** Runs until `signal` aborts; then stops every task of this node and waits for their processes to end. */
  async run(signal: AbortSignal): Promise<void> {
    const { jobs, assignments, reports } = this.#parts
    const unsubscribe = [jobs, assignments].map((view) => view.onChange(() => this.#wake.ring()))
    try {
      while (!signal.aborted) {
        // Before the views are whole, a job that is not there may only not be there yet.
        if (jobs.isReady && assignments.isReady && reports.isReady) this.#reconcile()
        await this.#wake.wait(sweepMs, signal)
      }
    } finally {
      for (const end of unsubscribe) end()
      this.#isEnding = true
      for (const { keeper } of this.#kept.values()) keeper.stop('rest')
      await Promise.all([...this.#kept.values()].map(({ done }) => done))
    }
  }

  /**
   * Waits, while this node leaves, until the leader has taken away every task that another node can run and its process
   * has ended. Tasks that are fixed to this node work on until `run` ends.
   */
  async drain(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    while (!signal.aborted && this.#canHandOver()) await clock.sleep(drainPollMs, signal).catch(() => undefined)
  }

  #canHandOver(): boolean {
    const { members, nodeId } = this.#parts
    const hasOthers = members().some((member) => member.status === 'alive' && member.nodeId !== nodeId)
    return hasOthers && [...this.#kept.values()].some(({ keeper: { job, role } }) => job[role].nodeId !== nodeId)
  }

  /**
   * Removes what a deleted job left in its target's bookkeeping when nobody runs its target task any more. Best effort:
   * a target that does not answer keeps a few rows that no other job will ever look at.
   */
  async forgetTarget(job: ReplicationJob): Promise<void> {
    const held = this.#parts.assignments.get(taskKey(job.id, 'target'))?.value
    // Whoever runs the task sees that its job is gone and does it; without any assignment it never ran.
    if (held?.nodeId === null) await this.#forgetUnder(held.ownerTerm, job)
  }

  async #forgetUnder(lastTerm: number, job: ReplicationJob): Promise<void> {
    const { launcher, clock, log } = this.#parts
    try {
      const ownerTerm = nextOwnerTerm(lastTerm, clock.now())
      const running = await launcher.launch({ job, role: 'target', ownerTerm }, () => undefined)
      await running.stop({ timeoutMs: forgetTimeoutMs, forget: true })
    } catch (error) {
      log.info({ err: error, jobId: job.id }, 'bookkeeping of a deleted job stays at its target')
    }
  }

  #reconcile(): void {
    const { nodeId, assignments } = this.#parts
    // What a leader that was replaced still wrote counts for nothing until the one that leads has made it its own.
    const leaderTerm = assignments.get(leaderKey)?.value.leaderTerm ?? 0
    for (const { key, value } of assignments.list())
      if (value.nodeId === nodeId && value.leaderTerm >= leaderTerm && !this.#kept.has(key)) this.#startIfWanted(key)
    for (const [key, { keeper }] of this.#kept) {
      const reason = this.#whyStop(key, keeper)
      if (reason !== null) keeper.stop(reason)
    }
  }

  #startIfWanted(key: string): void {
    const task = parseTaskKey(key)
    const job = task === null ? undefined : this.#parts.jobs.get(task.jobId)?.value
    if (task === null || job === undefined || !this.#isWanted(job)) return
    const keeper = new TaskKeeper(job, task.role, this.#keeperParts(job, task.role))
    const done = keeper.ended
      .then(() => this.#cleanUp(keeper))
      .catch((error: unknown) => this.#parts.log.error({ err: error, key }, 'task could not be kept'))
      .finally(() => {
        this.#kept.delete(key)
        this.#wake.ring()
      })
    this.#kept.set(key, { keeper, done })
  }

  #whyStop(key: string, keeper: TaskKeeper): StopReason | null {
    const { nodeId, jobs, assignments } = this.#parts
    const job = jobs.get(keeper.job.id)?.value
    if (job === undefined || this.#isDeleted(keeper.job)) return 'deleted'
    const assignment = assignments.get(key)?.value
    const assignedTo = assignment?.nodeId ?? null
    if (assignedTo !== null && assignedTo !== nodeId) return 'moved'
    // A newer term than its own claim: the task was given away and back.
    const isOurs = assignedTo === nodeId && (assignment?.ownerTerm ?? 0) <= (keeper.ownerTerm ?? Number.MAX_VALUE)
    return isOurs && this.#isWanted(job) && isSameDefinition(job, keeper.job) ? null : 'rest'
  }

  /** A view only moves forward: a job that was here and is not any more, or is another one by now, was deleted. */
  #isDeleted(job: ReplicationJob): boolean {
    return this.#parts.jobs.get(job.id)?.value.createdAt !== job.createdAt
  }

  #isWanted(job: ReplicationJob): boolean {
    if (job.isPaused) return false
    const key = taskKey(job.id, 'target')
    const { assignments, reports } = this.#parts
    const [assignment, record] = [assignments.get(key)?.value ?? null, reports.get(key)?.value ?? null]
    return !isComplete(job, { assignment, record })
  }

  /** What a deleted job leaves behind here. The leader does most of it later, should this node die before. */
  async #cleanUp(keeper: TaskKeeper): Promise<void> {
    const { job, role } = keeper
    if (this.#isEnding || !this.#isDeleted(job)) return
    if (role === 'target' && !keeper.hasForgotten && keeper.ownerTerm !== null)
      await this.#forgetUnder(keeper.ownerTerm, job)
    // A job of the same id has taken its place: stream and record are that one's.
    if (this.#parts.jobs.get(job.id) !== undefined) return
    if (role === 'source') await this.#parts.streams.remove({ jobId: job.id, natsAddress: job.source.natsAddress })
    await this.#parts.reports.bucket.delete(taskKey(job.id, role))
  }

  #keeperParts(job: ReplicationJob, role: TaskRole): TaskKeeperParts {
    const { nodeId, nodeName, launcher, clock, log, assignments, reports } = this.#parts
    const ownLog = log.child({ jobId: job.id, role })
    return { nodeId, nodeName, launcher, clock, log: ownLog, assignments: assignments.bucket, reports: reports.bucket }
  }
}
