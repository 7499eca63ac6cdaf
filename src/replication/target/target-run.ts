/**
 * One run of a target task: from the checkpoint on, item by item, until something fails or the job is over.
 *
 * A run never repairs itself. Whatever goes wrong ends it; the next run begins at the checkpoint, as after a crash, so
 * there is one way to begin and it is always in use.
 *
 * Easy to get wrong: frames that hold the parts of a source transaction whose end has not come are given back to the
 * stream only when they would fill it. A run that fails after that asks the source to send again.
 */
import { comparePositions, formatPosition } from '../../binlog/position.ts'
import type { CommitTime } from '../../binlog/transaction-part.ts'
import type { BinlogPlace, Frame, FrameItem, SourceServer } from '../pipe/frame.ts'
import { AppliedPosition } from './applied-position.ts'
import type { CheckpointStage } from './checkpoint.ts'
import type { CheckpointChange } from './checkpoint-store.ts'
import { tokensOf } from './conflict-tokens.ts'
import { CopyApplier } from './copy-applier.ts'
import { CopyStore, isWholeTable } from './copy-store.ts'
import { DdlStep } from './ddl-step.ts'
import { FrameGapError } from './errors.ts'
import { type FedFrame, FrameFeed } from './frame-feed.ts'
import { mergeChanges } from './merge-changes.ts'
import { MissingRows } from './missing-rows.ts'
import { type Change, ChangeReader } from './row-changes.ts'
import { type RunParts, runLimits } from './run-parts.ts'
import { RunStrategies } from './run-strategies.ts'
import { TableCatalog } from './table-catalog.ts'
import { checkSource } from './target-checks.ts'
import { TransactionGroup } from './transaction-group.ts'

export class TargetRun {
  readonly #parts: RunParts
  readonly #feed: FrameFeed
  readonly #changes = new ChangeReader()
  readonly #applied = new AppliedPosition()
  readonly #catalog: TableCatalog
  readonly #copies: CopyStore
  readonly #missing: MissingRows
  readonly #copy: CopyApplier
  readonly #strategies: RunStrategies
  readonly #ddl: DdlStep
  readonly #group: TransactionGroup
  readonly #epoch: number
  #stage: CheckpointStage
  #place: { frame: number; item: number }
  /** Of the frame that is applied. */
  #itemCount = 0
  #transaction: { readonly gtid: string | null } | null = null
  #committedMicros: bigint | null
  /** What the next checkpoint has to say besides the place. */
  #unsaved: CheckpointChange = {}
  #savedAtMs = 0
  #savedPlace: { readonly frame: number; readonly item: number } | null = null
  #groupSinceMs = 0
  #quiet: Promise<void> | null = null
  #hasCommitted = false
  readonly #onCommit = (change: CheckpointChange, transactions: number) => this.#committed(change, transactions)

  constructor(parts: RunParts) {
    const { connections, checkpoints, frames, context, progress, status } = parts
    const { checkpoint } = connections
    this.#parts = parts
    this.#epoch = checkpoint.epoch
    this.#stage = checkpoint.stage
    this.#committedMicros = checkpoint.committedMicros
    this.#place = { frame: checkpoint.nextFrame, item: checkpoint.nextItem }
    if (checkpoint.position !== null) this.#applied.moveTo(checkpoint.position)
    this.#feed = new FrameFeed(frames, checkpoint, context.clock)
    this.#catalog = new TableCatalog(connections.plain)
    this.#copies = new CopyStore(checkpoints)
    const [catalog, copies] = [this.#catalog, this.#copies]
    this.#missing = new MissingRows({ checkpoints, copies, catalog, plain: connections.plain })
    const always = { connections, checkpoints, catalog, copies, missing: this.#missing }
    const { job, clock, log } = context
    const onSpent = (rows: Uint8Array) => frames.spent?.(rows)
    this.#copy = new CopyApplier({
      ...{ ...always, progress, job, clock, log, onSpent },
      onNote: (note) => status.note(note),
    })
    this.#strategies = new RunStrategies({ ...always, context, status })
    this.#ddl = new DdlStep({ run: parts, copies, strategies: this.#strategies })
    this.#group = new TransactionGroup({
      session: connections.main,
      checkpoints,
      strategy: () => this.#strategies.forStage(this.#stage),
      position: () => this.#applied.position(),
      lanes: async () => (this.#isSerial() ? null : this.#strategies.lanes(this.#onCommit)),
      tokens: (changes) => tokensOf(changes, this.#catalog),
      merge: (changes) => mergeChanges(changes, this.#catalog, !this.#strategies.appliesSql),
      onRows: (rowCount) => {
        progress.rowsTotal += rowCount
      },
      onCommit: this.#onCommit,
    })
    this.#group.isolates = parts.isolates
  }

  /** Applies until `signal` aborts or a migration has caught up. @throws whatever stops it */
  async run(signal: AbortSignal): Promise<'complete'> {
    const { status } = this.#parts
    status.runBegins()
    if (this.#stage === 'copying') await this.#copy.loadProgress()
    status.queuedBytes = () => this.#feed.queuedBytes + this.#group.queuedBytes + this.#copy.queuedBytes
    this.#tellPlace()
    const pumping = new AbortController()
    const pump = this.#feed.pump(AbortSignal.any([signal, pumping.signal]))
    try {
      while (this.#stage !== 'complete') {
        const fed = await this.#nextFrame(signal)
        signal.throwIfAborted()
        if (fed === null) throw new FrameGapError('the stream of frames ended')
        await this.#applyFrame(fed, signal)
      }
      return 'complete'
    } finally {
      pumping.abort(new Error('the run ended'))
      await pump
    }
  }

  /**
   * Waits for a frame. Meanwhile what was applied is recorded and given back: a stream that is full of it would never
   * bring another one.
   */
  async #nextFrame(signal: AbortSignal): Promise<FedFrame | null> {
    const next = this.#feed.next()
    while (!this.#feed.hasMore) {
      const isHeldBack = this.#group.transactions > 0
      const first = await Promise.race([next, isHeldBack ? this.#group.lessBusy() : this.#quietSecond(signal)])
      if (first !== undefined) return next
      signal.throwIfAborted()
      if (isHeldBack) await this.#group.seal()
      else if (this.#transaction === null) await this.#saveLazily()
      else {
        await this.#group.written()
        this.#feed.releaseBefore(this.#place.frame)
      }
    }
    return next
  }

  /** Over once there was nothing to do for as long as a checkpoint may wait; one timer for many frames. */
  #quietSecond(signal: AbortSignal): Promise<void> {
    this.#quiet ??= this.#parts.context.clock
      .sleep(runLimits.lazyCheckpointMs, signal)
      .catch(() => {})
      .finally(() => {
        this.#quiet = null
      })
    return this.#quiet
  }

  async #applyFrame({ frame, firstItem }: FedFrame, signal: AbortSignal): Promise<void> {
    this.#meet(frame, firstItem)
    this.#itemCount = frame.items.length
    for (let item = firstItem; item < frame.items.length; item += 1) {
      this.#place = { frame: frame.number, item: item + 1 }
      const waiting = this.#applyItem(frame.items[item] as FrameItem)
      if (waiting === undefined) continue
      await waiting
      signal.throwIfAborted()
    }
    this.#place = { frame: frame.number + 1, item: 0 }
    if (this.#transaction === null) {
      this.#applied.moveTo(frame.after)
      this.#group.passOver(this.#placeChange())
    }
    if (!this.#feed.hasMore && !this.#group.isBusy) await this.#group.seal()
    if (this.#transaction === null) await this.#saveLazily()
    else if (this.#holdsTooMuch) {
      // What is committed gives its own frames back.
      await this.#group.settle()
      if (this.#holdsTooMuch) this.#feed.releaseBefore(frame.number + 1)
    }
  }

  /** Frames of an unfinished transaction fill the stream, or would be kept for too long. */
  get #holdsTooMuch(): boolean {
    const { isCrowding, heldBytes } = this.#feed
    return isCrowding || (this.#group.holdsUnfinished && heldBytes > runLimits.heldFramesBytes)
  }

  /** Checks that the frame begins where we stand. @throws FrameGapError */
  #meet(frame: Frame, firstItem: number): void {
    const stand = this.#applied.position()
    if (frame.number === 0 && firstItem === 0 && stand !== null && comparePositions(frame.before, stand) !== 0)
      throw new FrameGapError(
        `the source began at ${formatPosition(frame.before)}, the target stands at ${formatPosition(stand)}`,
      )
    if (this.#transaction === null && firstItem === 0) this.#applied.moveTo(frame.before)
  }

  /** @returns what to wait for before the next one, if anything */
  #applyItem(item: FrameItem): Promise<void> | undefined {
    switch (item.kind) {
      case 'epoch':
        return this.#beginEpoch(item.source)
      case 'format':
        return this.#changeFormat(item.event)
      case 'begin':
        this.#transaction = { gtid: item.gtid }
        return undefined
      case 'event':
      case 'statement':
        return this.#applyChange(item.kind, item.event)
      case 'commit':
        return this.#endTransaction(item.place, item.committed)
      case 'skip':
        return this.#skip(item.gtid, item.place, item.committed)
      case 'ddl':
        return this.#runDdl(item)
      case 'copy':
      case 'structure':
      case 'chunk':
      case 'copied':
        return this.#applyCopyItem(item)
      case 'heartbeat':
        return this.#beat(item.sourceMicros)
    }
  }

  async #beginEpoch(source: SourceServer): Promise<void> {
    await this.#settle()
    checkSource(source, this.#parts.connections.facts)
    this.#strategies.source = source
    this.#unsaved = { ...this.#unsaved, source }
  }

  async #changeFormat(event: Buffer): Promise<void> {
    await this.#settle()
    const formatEvent = Buffer.from(event)
    this.#strategies.format = formatEvent
    this.#unsaved = { ...this.#unsaved, formatEvent }
  }

  #applyChange(kind: 'event' | 'statement', event: Buffer): Promise<void> | undefined {
    const change = kind === 'event' ? this.#changes.read(event) : this.#changes.readStatement(event)
    if (change === null) return undefined
    this.#leaveFreshStage()
    if (this.#stage === 'copying') return this.#copy.drain().then(() => this.#addChange(change, event.length))
    return this.#addChange(change, event.length)
  }

  #addChange(change: Change, sizeBytes: number): Promise<void> | undefined {
    if (this.#group.isEmpty) this.#groupSinceMs = this.#now()
    this.#parts.progress.bytesTotal += sizeBytes
    return this.#group.add(change, sizeBytes)
  }

  #endTransaction(place: BinlogPlace, committed: CommitTime): Promise<void> | undefined {
    this.#leaveFreshStage()
    this.#applied.advance(this.#transaction?.gtid ?? null, place)
    this.#transaction = null
    this.#committedMicros = committed.micros
    this.#group.finish({ ...this.#unsaved, ...this.#placeChange(), committedMicros: committed.micros })
    const isOld = this.#now() - this.#groupSinceMs > runLimits.groupAgeMs
    const { groupTransactions, groupBytes } = runLimits
    const isFull = this.#group.transactions >= groupTransactions || this.#group.pendingBytes >= groupBytes
    return isFull || isOld ? this.#group.seal() : undefined
  }

  async #skip(gtid: string | null, place: BinlogPlace, committed: CommitTime): Promise<void> {
    this.#leaveFreshStage()
    this.#applied.advance(gtid, place)
    this.#committedMicros = committed.micros
    this.#group.passOver({ ...this.#placeChange(), committedMicros: committed.micros })
    await this.#saveLazily()
  }

  async #runDdl(item: Extract<FrameItem, { kind: 'ddl' }>): Promise<void> {
    this.#leaveFreshStage()
    await this.#settle()
    if (this.#stage === 'copying') await this.#copy.beforeDdl()
    this.#applied.advance(item.gtid, item.place)
    this.#committedMicros = item.committed.micros
    const after = { ...this.#unsaved, ...this.#placeChange(), committedMicros: item.committed.micros }
    await this.#ddl.run(item, {
      isCopying: this.#stage === 'copying',
      after: { ...after, position: this.#applied.position() },
    })
    this.#catalog.clear()
    this.#missing.forgetTables()
    this.#changes.clear()
    this.#committed(after, 1)
  }

  async #applyCopyItem(item: Extract<FrameItem, { kind: 'copy' | 'structure' | 'chunk' | 'copied' }>): Promise<void> {
    switch (item.kind) {
      case 'structure':
        await this.#settle()
        return this.#copy.makeObject(item.object, this.#stage, this.#strategies)
      case 'copy':
        await this.#settle()
        await this.#copy.begin(item.tables, this.#stage)
        this.#stage = 'copying'
        return this.#save({ stage: 'copying' })
      case 'chunk':
        if (item.chunk.isReread) {
          await this.#settle()
          return this.#copy.reread(item.chunk)
        }
        await this.#group.settle()
        if (item.chunk.piece === 0 && isWholeTable(item.chunk)) await this.#saveBeforeWholeTable()
        return this.#copy.chunk(item.chunk, this.#epoch, this.#itemCount === 1)
      case 'copied':
        await this.#settle()
        return this.#endCopy()
    }
  }

  /**
   * The source leaves out what a table without a key went through before this place, for its rows hold it already. Once
   * the rows are recorded as done it would not: so the position must not be an older one then.
   */
  async #saveBeforeWholeTable(): Promise<void> {
    await this.#settle()
    await this.#save({ nextItem: this.#place.item - 1 })
  }

  async #endCopy(): Promise<void> {
    const whyNot = await this.#copy.finish()
    if (whyNot !== null) {
      await this.#save({}, 'COMMIT')
      throw new FrameGapError(whyNot)
    }
    this.#stage = 'streaming'
    await this.#save({ stage: 'streaming' }, 'COMMIT')
    this.#missing.forgetTables()
    this.#parts.progress.copyEnded()
  }

  async #beat(sourceMicros: bigint): Promise<void> {
    const { status, context } = this.#parts
    this.#leaveFreshStage()
    await this.#group.settle()
    status.heartbeat(sourceMicros)
    const lagMs = context.clock.now() - Number(sourceMicros / 1000n)
    if (
      context.job.kind === 'migration' &&
      this.#stage === 'streaming' &&
      !this.#feed.hasMore &&
      lagMs < runLimits.caughtUpMs
    )
      await this.#save({ stage: 'complete' }).then(() => {
        this.#stage = 'complete'
      })
  }

  /** A job that begins at a position has no copy: its first change makes it a stream. */
  #leaveFreshStage(): void {
    if (this.#stage !== 'fresh' || this.#parts.context.job.source.gtid === null) return
    this.#stage = 'streaming'
    this.#unsaved = { ...this.#unsaved, stage: 'streaming' }
  }

  /** Everything before this item is committed. */
  async #settle(): Promise<void> {
    await this.#copy.drain()
    await this.#group.settle()
  }

  /** Writes the place once in a while when nothing else does. */
  async #saveLazily(): Promise<void> {
    if (this.#transaction !== null) return
    const isCrowding = this.#stage === 'copying' && this.#feed.isCrowding
    if (!isCrowding && this.#now() - this.#savedAtMs < runLimits.lazyCheckpointMs) return
    if (this.#savedPlace === this.#place) return
    await this.#settle()
    await this.#save({})
  }

  async #save(change: CheckpointChange, andThen = ''): Promise<void> {
    const { connections, checkpoints } = this.#parts
    const whole = {
      ...this.#unsaved,
      ...this.#placeChange(),
      position: this.#applied.position(),
      committedMicros: this.#committedMicros,
      ...change,
    }
    await checkpoints.change(connections.main, whole, andThen)
    this.#savedPlace = this.#place
    this.#committed(whole, 0)
  }

  #placeChange(): { nextFrame: number; nextItem: number } {
    return { nextFrame: this.#place.frame, nextItem: this.#place.item }
  }

  #committed(change: CheckpointChange, transactions: number): void {
    // What was learned since stays unsaved.
    if (Object.entries(this.#unsaved).every(([key, value]) => change[key as keyof CheckpointChange] === value))
      this.#unsaved = {}
    this.#savedAtMs = this.#now()
    this.#groupSinceMs = this.#now()
    this.#hasCommitted ||= transactions > 0
    this.#parts.progress.transactionsTotal += transactions
    if (change.nextFrame !== undefined) this.#feed.releaseBefore(change.nextFrame)
    this.#parts.status.goesWell()
    this.#tellPlace()
  }

  /**
   * True while one group must follow the other: before the target is a state of the source, and after a lock conflict. Then
   * at least until something is committed, for whatever met the lock would meet it again.
   */
  #isSerial(): boolean {
    const { serialUntilMs } = this.#parts
    if (this.#stage !== 'streaming') return true
    return serialUntilMs !== null && (!this.#hasCommitted || this.#now() < serialUntilMs)
  }

  #tellPlace(): void {
    const { status } = this.#parts
    status.standsAt(this.#stage, this.#applied.position(), this.#committedMicros, this.#feed.hasMore)
  }

  #now(): number {
    return this.#parts.context.clock.monotonicMs()
  }
}
