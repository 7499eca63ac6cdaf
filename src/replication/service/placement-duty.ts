/**
 * What the leader does for replication jobs: gives each task of each job that should run to a node, takes tasks away from
 * jobs that should not, and clears away what deleted jobs left.
 *
 * Easy to get wrong: this node may have been replaced as leader without knowing it yet, and its views may be behind. Every
 * write is a compare-and-set that carries the leader's term, on records that the newest leader has made its own first
 * (leader-claim.ts), so acting on an old view fails harmlessly.
 */
import { isDeepStrictEqual } from 'node:util'
import { ConflictError } from '../../core/errors.ts'
import type { Versioned } from '../../model/bucket.ts'
import type { LeaderDuty, Member, NodeLoad, Term } from '../../model/member.ts'
import type { ReplicationJob, TaskRole } from '../../model/replication-job.ts'
import {
  type Assignment,
  assignmentOf,
  definitionOf,
  leaderKey,
  nextOwnerTerm,
  taskKey,
  taskRoles,
} from './assignment.ts'
import { DeletedJobs, type DeletedJobsParts } from './deleted-jobs.ts'
import { isComplete } from './job-status.ts'
import { claimAssignments } from './leader-claim.ts'
import { displacement, type NodeBurden, type Placement, placeTask } from './place-task.ts'
import { WakeSignal } from './wake-signal.ts'

export interface PlacementDutyParts extends DeletedJobsParts {
  members(): readonly Member[]
  /** How busy a node is as far as this one knows; null when it does not. */
  loadOf(nodeName: string): NodeLoad | null
}

/** Members come and go without telling, and tasks end, so placement is looked at this often. */
const sweepMs = 250
/** A process reports every second; one that was not heard of for longer is not waited for. */
const stoppingSilenceMs = 3_500

export class PlacementDuty implements LeaderDuty {
  readonly name = 'replication-placement'
  readonly #parts: PlacementDutyParts
  readonly #wake: WakeSignal
  readonly #deletedJobs: DeletedJobs

  constructor(parts: PlacementDutyParts) {
    this.#parts = parts
    this.#wake = new WakeSignal(parts.clock)
    this.#deletedJobs = new DeletedJobs(parts)
  }

  async lead(term: Term, signal: AbortSignal): Promise<void> {
    const { jobs, assignments, reports, log } = this.#parts
    const unsubscribe = [jobs, assignments].map((view) => view.onChange(() => this.#wake.ring()))
    try {
      await Promise.race([
        Promise.all([jobs, assignments, reports].map((view) => view.whenReady())),
        whenAborted(signal),
      ])
      if (signal.aborted) return
      let leads = await claimAssignments(assignments, term.number, signal)
      while (leads && !signal.aborted) {
        await this.place(term, signal).catch((error: unknown) =>
          log.warn({ err: error }, 'placement failed, tried again'),
        )
        await this.#wake.wait(sweepMs, signal)
        leads = (assignments.get(leaderKey)?.value.leaderTerm ?? 0) <= term.number
      }
      if (!signal.aborted) log.warn({ term: term.number }, 'another node places tasks by now')
      await whenAborted(signal)
    } finally {
      for (const end of unsubscribe) end()
    }
  }

  /** One look at everything. */
  async place(term: Term, signal: AbortSignal): Promise<void> {
    const burdens = this.#burdens()
    for (const { value: job } of this.#parts.jobs.list()) {
      for (const role of taskRoles) {
        if (signal.aborted) return
        await this.#placeTask(job, role, burdens, term)
      }
    }
    await this.#deletedJobs.clearAway(signal)
  }

  async #placeTask(job: ReplicationJob, role: TaskRole, burdens: Map<string, NodeBurden>, term: Term): Promise<void> {
    const key = taskKey(job.id, role)
    const held = this.#parts.assignments.get(key)
    const currentNodeId = held?.value.nodeId ?? null
    // Between choosing and choosing again its own weight must not count.
    if (currentNodeId !== null) addTasks(burdens, currentNodeId, -1)
    const isDone = this.#isComplete(job)
    const fixed = { role, wantedNodeId: job[role].nodeId, members: this.#parts.members() }
    const placement = placeTask({
      ...fixed,
      currentNodeId,
      partnerNodeId: this.#partnerNodeId(job, role),
      isPaused: job.isPaused,
      isComplete: isDone,
      stoppingOn: currentNodeId === null ? this.#stoppingOn(key) : null,
      loads: burdens,
    })
    const next = this.#assignmentAfter(placement, assignmentOf(held?.value))
    if (next.nodeId !== null) addTasks(burdens, next.nodeId, 1)
    const completed = isDone && role === 'target' ? definitionOf(job) : next.completed
    const { natsAddress } = job.source
    const displaced = job.isPaused || isDone ? null : displacement(fixed)
    await this.#record(key, { ...next, displaced, completed, natsAddress, leaderTerm: term.number }, held)
  }

  #partnerNodeId(job: ReplicationJob, role: TaskRole): string | null {
    const partner = role === 'source' ? 'target' : 'source'
    return this.#parts.assignments.get(taskKey(job.id, partner))?.value.nodeId ?? job[partner].nodeId
  }

  /** Two processes of one task are fenced, but the first should end in order before the second begins. */
  #stoppingOn(key: string): string | null {
    const { reports } = this.#parts
    const record = reports.get(key)?.value
    return record?.isRunning === true && reports.silenceMs(key) < stoppingSilenceMs ? record.nodeName : null
  }

  #isComplete(job: ReplicationJob): boolean {
    const key = taskKey(job.id, 'target')
    const assignment = this.#parts.assignments.get(key)?.value ?? null
    return isComplete(job, { assignment, record: this.#parts.reports.get(key)?.value ?? null })
  }

  async #record(key: string, next: Assignment, held: Versioned<Assignment> | undefined): Promise<void> {
    const { leaderTerm, ownerTerm, nodeId, unplacedReason } = next
    if (isDeepStrictEqual(next, held?.value ?? assignmentOf({ leaderTerm }))) return
    if ((held?.value.leaderTerm ?? 0) > leaderTerm) return
    const { assignments, log } = this.#parts
    try {
      const { bucket } = assignments
      const revision =
        held === undefined ? await bucket.create(key, next) : await bucket.update(key, next, held.revision)
      assignments.noteWrite({ key, value: next, revision })
      log.info({ task: key, nodeId, ownerTerm, leaderTerm, unplacedReason }, 'task placed')
    } catch (error) {
      // Somebody wrote it meanwhile; the watch will tell, and the next look decides again.
      if (!(error instanceof ConflictError)) throw error
    }
  }

  #assignmentAfter(placement: Placement, held: Assignment): Assignment {
    const placed = { ...held, unplacedReason: null, unplacedSince: null }
    switch (placement.kind) {
      case 'keep':
        return placed
      case 'assign': {
        const ownerTerm = nextOwnerTerm(held.ownerTerm, this.#parts.clock.now())
        return { ...placed, nodeId: placement.nodeId, ownerTerm }
      }
      case 'withdraw':
        return { ...placed, nodeId: null }
      case 'unplaceable':
        return { ...this.#unplaced(placement.reason, held), nodeId: null }
      case 'wait':
        return this.#unplaced(placement.reason, held)
    }
  }

  #unplaced(reason: string, held: Assignment): Assignment {
    const isOld = held.unplacedReason === reason && held.unplacedSince !== null
    return { ...held, unplacedReason: reason, unplacedSince: isOld ? held.unplacedSince : this.#parts.clock.now() }
  }

  #burdens(): Map<string, NodeBurden> {
    const burdens = new Map<string, NodeBurden>()
    for (const { nodeId, nodeName } of this.#parts.members())
      burdens.set(nodeId, { tasks: 0, commands: this.#parts.loadOf(nodeName)?.running ?? 0 })
    for (const { value } of this.#parts.assignments.list())
      if (value.nodeId !== null) addTasks(burdens, value.nodeId, 1)
    return burdens
  }
}

function addTasks(burdens: Map<string, NodeBurden>, nodeId: string, count: number): void {
  const before = burdens.get(nodeId) ?? { tasks: 0, commands: 0 }
  burdens.set(nodeId, { ...before, tasks: before.tasks + count })
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
