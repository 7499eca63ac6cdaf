/** What a run of the target task is given, and the measures it works by. */
import type { FrameSource } from '../ports.ts'
import type { TargetTaskContext } from '../task-context.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import type { Progress } from './progress.ts'
import type { TargetConnections } from './target-connections.ts'
import type { TargetStatus } from './target-status.ts'

export const runLimits = {
  /** A group takes no more when it holds this much, or has waited this long; less when nothing more is at hand. */
  groupTransactions: 4_000,
  groupBytes: 2 * 1024 * 1024,
  groupAgeMs: 200,
  /** A checkpoint that nothing depends on is written this often. */
  lazyCheckpointMs: 1_000,
  /** More frames than this are not kept for a transaction whose end has not come. */
  heldFramesBytes: 128 * 1024 * 1024,
  /** A migration has caught up when it is this close. */
  caughtUpMs: 2_000,
} as const

export interface RunParts {
  readonly context: TargetTaskContext
  readonly connections: TargetConnections
  readonly checkpoints: CheckpointStore
  readonly frames: FrameSource
  readonly progress: Progress
  readonly status: TargetStatus
  /** Changes go one by one until the first commit, so that an error names its row. */
  readonly isolates: boolean
  /** After a lock conflict: until then, by the monotonic clock, one group is applied after another. */
  readonly serialUntilMs: number | null
}
