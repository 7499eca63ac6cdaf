/**
 * What a run knows about its source, and the strategies that follow from it.
 *
 * Easy to get wrong: a new format description, or a new source, makes a new session state necessary: the strategies are
 * made anew then, at the next use.
 */
import { rawEvent } from '../../binlog/raw-event.ts'
import type { Session } from '../../mysql/session.ts'
import type { SourceServer } from '../pipe/frame.ts'
import type { TargetTaskContext } from '../task-context.ts'
import type { ApplyStrategy } from './apply-strategy.ts'
import type { CheckpointStage } from './checkpoint.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import type { CopyDoubt } from './copy-cascades.ts'
import type { CopyStore } from './copy-store.ts'
import { FrameGapError } from './errors.ts'
import type { MissingRows } from './missing-rows.ts'
import { MixedStrategy } from './mixed-strategy.ts'
import { type LanesParts, ParallelLanes } from './parallel-lanes.ts'
import { chooseStrategy } from './strategy-choice.ts'
import type { TableCatalog, TargetTable } from './table-catalog.ts'
import type { TargetConnections } from './target-connections.ts'
import type { TargetStatus } from './target-status.ts'

export interface RunStrategiesParts {
  readonly context: TargetTaskContext
  readonly connections: TargetConnections
  readonly catalog: TableCatalog
  readonly copies: CopyStore
  readonly missing: MissingRows
  readonly status: TargetStatus
  readonly checkpoints: CheckpointStore
}

export class RunStrategies {
  readonly #parts: RunStrategiesParts
  #source: SourceServer | null
  #format: Buffer | null
  #made: MixedStrategy | null = null
  #lanes: ParallelLanes | null = null
  /** Doubts noted in this run; a run that fails begins without them, as its transaction did. */
  readonly #doubts = new Set<string>()

  constructor(parts: RunStrategiesParts) {
    const { checkpoint } = parts.connections
    this.#parts = parts
    this.#source = checkpoint.source
    this.#format = checkpoint.formatEvent
  }

  /** @throws FrameGapError when the frame that tells was never applied */
  get source(): SourceServer {
    if (this.#source === null) throw new FrameGapError('nothing is known about the source: it has to begin again')
    return this.#source
  }

  set source(source: SourceServer) {
    this.#source = source
    this.#made = null
    this.#lanes = null
  }

  /** A FORMAT_DESCRIPTION_EVENT for what comes now. */
  set format(event: Buffer) {
    this.#format = event
    this.#made = null
    this.#lanes = null
  }

  /** Triggers of the target would fire for what is applied. */
  get appliesSql(): boolean {
    const { connections, context } = this.#parts
    return chooseStrategy(this.source, connections.facts, context.job.target.forceSql).name === 'sql'
  }

  /** Exact for a target that is a state of the source, idempotent before. */
  forStage(stage: CheckpointStage): ApplyStrategy {
    this.#made ??= this.#make(this.#parts.connections.main)
    return stage === 'streaming' ? this.#made.exact : this.#made.idempotent
  }

  /** Sessions beside each other, for a target that is a state of the source. */
  async lanes(onCommit: LanesParts['onCommit']): Promise<ParallelLanes> {
    const { connections, checkpoints } = this.#parts
    if (this.#lanes !== null) return this.#lanes
    const sessions = await connections.laneSessions()
    const lanes = sessions.map((session) => ({ session, strategy: this.#make(session).exact }))
    this.#lanes = new ParallelLanes({ lanes, checkpoints, onCommit })
    return this.#lanes
  }

  #make(session: Session): MixedStrategy {
    const { connections, context, catalog, status } = this.#parts
    const choice = chooseStrategy(this.source, connections.facts, context.job.target.forceSql)
    context.log.info({ strategy: choice.name, reason: choice.reason }, 'apply strategy chosen')
    return new MixedStrategy({
      session,
      catalog,
      maxPacketBytes: connections.facts.maxAllowedPacket,
      noteDoubt: (table, doubt) => this.#noteDoubt(table, doubt),
      missing: this.#parts.missing,
      wanted: choice.name,
      format: this.#format === null ? null : rawEvent(this.#format),
      log: context.log,
      onChoice: (name) => status.strategyIs(name),
    })
  }

  #noteDoubt(table: TargetTable, doubt: CopyDoubt): Buffer | null {
    const note = `${table.quoted} ${doubt}`
    if (this.#doubts.has(note)) return null
    this.#doubts.add(note)
    return this.#parts.copies.doubtStatement(table.schema, table.name, doubt)
  }
}
