/**
 * What the command and the process that makes its copy tell each other, over the IPC channel alone: it carries passwords.
 */
import type { CopyPlan } from '../../cli/copy/ports.ts'
import type { Remedy } from '../../core/errors.ts'
import type { TableProgress, TaskReport, TaskStage } from '../../replication/task-context.ts'

export interface CopySpec {
  readonly plan: CopyPlan
  readonly jobId: string
  /** Everything that the copy keeps. */
  readonly folder: string
  /** When nobody can say how it ends any more: leave nothing behind. */
  readonly forgetsWhenAlone: boolean
  /** For --nats-server; empty: found. */
  readonly natsServer: string
  /** For --stream-limit. */
  readonly streamLimit: string
}

export type CopyOrder =
  | { readonly kind: 'start'; readonly spec: CopySpec }
  /** `forget`: also what the target's bookkeeping holds of the copy. */
  | { readonly kind: 'stop'; readonly forget: boolean }

/** What one task told last, and when, by this machine's clock. */
export interface TaskNews {
  readonly at: number
  readonly stage: TaskStage
  readonly problem: { readonly code: string; readonly message: string; readonly remedy: Remedy } | null
  readonly report: Pick<
    TaskReport,
    | 'description'
    | 'rowsPerSecond'
    | 'bytesPerSecond'
    | 'transactionsPerSecond'
    | 'transactionsTotal'
    | 'lagMs'
    | 'appliedUpTo'
    | 'etaMs'
    | 'position'
    | 'ddlTotal'
  >
  readonly copied: {
    readonly rowsDone: number
    readonly rowsTotal: number
    readonly bytesDone: number
    readonly bytesTotal: number
  }
  /** At most a thousand, those that are not done first. */
  readonly tables: readonly TableProgress[]
}

export type CopyMessage =
  /** Null: it has told nothing since this process began. */
  | { readonly kind: 'news'; readonly source: TaskNews | null; readonly target: TaskNews | null }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly remedy: Remedy }
  /** Everything is closed; `position` of the source up to which the target has everything, empty when it is not known. */
  | { readonly kind: 'stopped'; readonly position: string; readonly leftovers: string }
