/**
 * How the two tasks agree where to begin. The target's database is the only truth.
 *
 * 1. The source task marks its server and asks `resume`. The target task finishes or drops what it is applying, refuses
 *    when it finds the mark on its own server, raises its epoch by one in the checkpoint row (so that older frames are
 *    void), and answers.
 * 2. The source task begins at that position and writes frame 0 of that epoch.
 *    A source task with a smaller term than another one had is refused, and ends: its node was cut off, and the task moved.
 * 3. A target that sees a gap in frame numbers, or frames that begin elsewhere than it stands, asks `rewind`; the source
 *    task then starts over at 1.
 */
import type { Position } from '../binlog/position.ts'
import type { KeyTuple } from './pipe/frame.ts'

export interface ResumeRequest {
  readonly jobId: string
  /** The source task's own. */
  readonly ownerTerm: number
  /**
   * How often that source task has asked, this time included. A request that a cut network held back comes when a later one
   * has been answered, and must not begin another epoch then. Absent from older agents.
   */
  readonly attempt?: number
  /** What `markServer` left on the source for as long as the request lasts; absent where it can't, and from older agents. */
  readonly sourceMark?: string
}

export interface ResumeAnswer {
  readonly epoch: number
  readonly from: ResumePoint
}

/** Instead of an answer. */
export type ResumeRefusal =
  /** A source task with a greater term was here: the one that asked is over. */
  | { readonly newerTerm: number }
  /** Source and target are one server: why that is so, and what to do. */
  | { readonly sameServer: string }

export type ResumePoint =
  /** Nothing is there yet: full copy, or the job's own `gtid`. */
  | { readonly kind: 'fresh' }
  /** A copy is under way: events from `position` on, and the chunks that are missing. */
  | { readonly kind: 'copying'; readonly position: Position; readonly tables: readonly CopiedTable[] }
  | { readonly kind: 'streaming'; readonly position: Position }

export interface CopiedTable {
  readonly tableId: number
  readonly schema: string
  readonly table: string
  readonly isDone: boolean
  /**
   * Ranges that are done, in no order; those that lead from the table's start are enough. A range begins where another
   * one ends when their tuples are equal.
   */
  readonly chunks: readonly { readonly after: KeyTuple | null; readonly upTo: KeyTuple | null }[]
  readonly rowsDone: number
  /** Rows that the target lacks, for only parts of them came: to be read again. */
  readonly missing: readonly KeyTuple[]
}

export interface RewindRequest {
  readonly jobId: string
  readonly reason: string
}
