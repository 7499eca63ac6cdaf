/**
 * Where a job stands at the target.
 *
 * Easy to get wrong: `nextFrame` and `nextItem` count within `epoch` and name the first item that is not applied, so a
 * frame that is applied as a whole leaves (number + 1, 0).
 */
import type { Position } from '../../binlog/position.ts'
import type { SourceServer } from '../pipe/frame.ts'

/** `fresh`: nothing was applied yet. */
export type CheckpointStage = 'fresh' | 'copying' | 'streaming' | 'complete'

export interface Checkpoint {
  readonly epoch: number
  readonly nextFrame: number
  readonly nextItem: number
  readonly stage: CheckpointStage
  /** Everything up to here is applied; null while fresh. */
  readonly position: Position | null
  /** When the last applied transaction was committed on the source, in microseconds; null before the first. */
  readonly committedMicros: bigint | null
  readonly source: SourceServer | null
  /** The FORMAT_DESCRIPTION_EVENT that holds for the events after the checkpoint. */
  readonly formatEvent: Buffer | null
  readonly ddlIntent: DdlIntent | null
}

/**
 * Written before a DDL statement runs, so that a new run knows that it may have run; kept after, so that the same
 * statement is known when a source that begins again sends it once more.
 *
 * Easy to get wrong: frames are numbered anew when the source begins again, so the statement is named by its place in
 * the source's history.
 */
export interface DdlIntent {
  /** The source's GTID of the statement, and where its event ends. */
  readonly gtid: string | null
  readonly file: string
  readonly offset: number
  /** Of the statement's bytes. */
  readonly digest: string
  /** The GTID it runs under at the target, where that lets us choose; its presence tells the outcome. */
  readonly ownGtid: string | null
  /** Digest of the definitions of what the statement names, before it ran. */
  readonly fingerprint: string
  readonly isDone: boolean
}
