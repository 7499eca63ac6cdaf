/**
 * Starts a job because somebody asked for it.
 *
 * Easy to get wrong: a job that forbids overlap is started by the leader alone, which decides one thing after another;
 * and the group is made by whoever was asked first, so that a request that two nodes answer starts the job once. Who
 * answers it later sends what was recorded on its way again: the first one may have died before it did.
 */
import type { Clock } from '../core/clock.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'
import { type DispatchParts, dispatchFires } from './dispatch-fires.ts'
import type { OverlapGate } from './overlap-gate.ts'
import type { Placer } from './placer.ts'
import type { FiredJob, FireLog } from './ports.ts'
import { explicitOrder } from './start-order.ts'

export interface RunParts extends DispatchParts {
  readonly fireLog: Pick<FireLog, 'createRun'>
  readonly placer: Placer
  readonly clock: Clock
}

/** Durable and dispatched when it resolves; the same group again changes nothing. @throws UnavailableError */
export async function runJob(parts: RunParts, job: ScheduledJob, group: string): Promise<void> {
  await (await recordRun(parts, job, group, null)).dispatch()
}

export interface ExclusiveRunParts extends RunParts {
  readonly gate: OverlapGate
  onRecorded(sequence: number, jobs: readonly FiredJob[]): void
}

/** Starts jobs that forbid overlap, on the leader. */
export class ExclusiveRuns {
  readonly #parts: ExclusiveRunParts

  constructor(parts: ExclusiveRunParts) {
    this.#parts = parts
  }

  /** As `runJob`. @throws UnavailableError, LeadershipLostError */
  run(job: ScheduledJob, group: string): Promise<void> {
    const { gate } = this.#parts
    return gate.inTurn(job.name, async () => {
      const obstacle = await gate.findObstacle(job.name, group)
      const { sequence, fire, dispatch } = await recordRun(this.#parts, job, group, obstacle)
      this.#parts.onRecorded(sequence, [fire])
      await dispatch()
    })
  }
}

/** Recorded when it resolves; `dispatch` does the rest. */
async function recordRun(parts: RunParts, job: ScheduledJob, group: string, obstacle: string | null) {
  const order = explicitOrder(job, group)
  const placement = parts.placer.begin().place(job.tags)
  const wanted: FiredJob =
    obstacle !== null
      ? { nodeNames: [], order, skippedReason: obstacle }
      : placement.kind === 'placed'
        ? { nodeNames: placement.nodeNames, order }
        : { nodeNames: [], order, unplacedReason: placement.reason }
  const { sequence, job: fire } = await parts.fireLog.createRun(group, wanted)
  const dispatch = () => dispatchFires(parts, `run-${job.name}-${group}`, [fire], parts.clock.now())
  return { sequence, fire, dispatch }
}
