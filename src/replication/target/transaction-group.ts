/**
 * Many source transactions in one target transaction, whole ones only, the checkpoint as its last statement.
 *
 * A source transaction larger than the limit is written part by part into an open target transaction, so memory stays
 * bounded; it commits when its end has come. What is written together is merged before.
 *
 * Easy to get wrong: when frames run dry inside a source transaction, the ones before it must not wait for its end. They
 * are committed alone as long as nothing of the unfinished one was written.
 */
import type { Position } from '../../binlog/position.ts'
import type { Session } from '../../mysql/session.ts'
import type { ApplyStrategy } from './apply-strategy.ts'
import type { CheckpointChange, CheckpointStore } from './checkpoint-store.ts'
import type { Tokens } from './conflict-tokens.ts'
import { type MergedChanges, unmerged } from './merge-changes.ts'
import type { LaneGroup, ParallelLanes } from './parallel-lanes.ts'
import type { Change, RowsChange } from './row-changes.ts'
import { writeChanges } from './write-changes.ts'

/** The part of an unfinished transaction is written out once it holds this many bytes. */
const writeOutBytes = 1024 * 1024

export interface GroupParts {
  readonly session: Session
  readonly checkpoints: CheckpointStore
  /** The strategy for changes that come now. */
  readonly strategy: () => ApplyStrategy
  /** Where the source stands after the last finished transaction; asked for at each commit, for it may be long. */
  readonly position: () => Position | null
  /** To apply groups beside each other; null: one after another. */
  readonly lanes: () => Promise<ParallelLanes | null>
  readonly tokens: (changes: readonly RowsChange[]) => Promise<Tokens>
  /** The same in fewer changes; see merge-changes.ts. */
  readonly merge: (changes: readonly Change[]) => Promise<MergedChanges>
  /** Called for all rows before they are written, once. */
  readonly onRows: (rowCount: number) => void
  /** Called after each commit. */
  readonly onCommit: (change: CheckpointChange, transactions: number) => void
}

interface Ready {
  readonly strategy: ApplyStrategy
  readonly changes: readonly Change[]
}

export class TransactionGroup {
  readonly #parts: GroupParts
  #pending: Change[] = []
  #pendingBytes = 0
  #isOpen = false
  #lanes: ParallelLanes | null = null
  /** Holds what was written out of a transaction, when groups are applied beside each other. */
  #laneGroup: { readonly lanes: ParallelLanes; readonly group: LaneGroup } | null = null
  /** How many of `#pending` belong to finished transactions, and the checkpoint after them. */
  #finished: { count: number; bytes: number; transactions: number; change: CheckpointChange } | null = null
  /** Something of an unfinished transaction is in the open target transaction, or on its way there. */
  #holdsUnfinished = false
  /** The part of an unfinished transaction that is on its way. */
  #writing: Promise<void> = Promise.resolve()
  isolates = false

  constructor(parts: GroupParts) {
    this.#parts = parts
  }

  get isEmpty(): boolean {
    const isWritingOut = this.#isOpen || this.#laneGroup !== null
    return this.#pending.length === 0 && !isWritingOut && this.#finished === null
  }

  /** Source transactions waiting for the commit. */
  get transactions(): number {
    return this.#finished?.transactions ?? 0
  }

  /** Bytes of changes that are still collected. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** Bytes of changes not yet written to the target. */
  get queuedBytes(): number {
    return this.#pendingBytes + (this.#lanes?.waitingBytes ?? 0)
  }

  /** True while the target transaction holds a part of a source transaction whose end has not come. */
  get holdsUnfinished(): boolean {
    return this.#holdsUnfinished
  }

  /** Adds a change of the source transaction under way. @returns what to wait for, if anything; it may fail as writing does */
  add(change: Change, sizeBytes: number): Promise<void> | undefined {
    this.#pending.push(change)
    this.#pendingBytes += sizeBytes
    return this.#pendingBytes - (this.#finished?.bytes ?? 0) < writeOutBytes ? undefined : this.#writeOut()
  }

  async #writeOut(): Promise<void> {
    if (!this.#holdsUnfinished) await this.#openTransaction()
    this.#holdsUnfinished = true
    // Made while the target works on the part before, so that it need not wait for it.
    const ready = await this.#ready(this.#take(this.#pending.length))
    if (this.#laneGroup !== null) {
      await this.#addToLane(ready.changes)
      return
    }
    await this.#writing
    // While the target works on this part the next is collected.
    this.#writing = this.#write(ready)
    this.#writing.catch(() => {})
  }

  /** Makes a target transaction that has nothing in it but what comes now. */
  async #openTransaction(): Promise<void> {
    const lanes = await this.#freeLanes()
    if (lanes === null) {
      await this.settle()
      return
    }
    await this.seal()
    this.#laneGroup = { lanes, group: await lanes.open() }
  }

  async #addToLane(changes: readonly Change[]): Promise<void> {
    if (this.#laneGroup === null) throw new RangeError('no group is open')
    const { lanes, group } = this.#laneGroup
    const rows = changes.filter((change) => change.kind === 'rows')
    const tokens = await this.#parts.tokens(rows)
    const sizeBytes = rows.reduce((sum, { event }) => sum + event.buffer.length, 0)
    await lanes.add(group, { changes, tokens, sizeBytes })
  }

  /** Waits for what is on its way to the target. @throws what writing it met */
  async written(): Promise<void> {
    await this.#lanes?.written()
    await this.#writing
  }

  /** The source transaction under way is whole. `change` is the checkpoint after it. */
  finish(change: CheckpointChange): void {
    this.#finished = {
      count: this.#pending.length,
      bytes: this.#pendingBytes,
      transactions: this.transactions + 1,
      change: { ...this.#finished?.change, ...change },
    }
    this.#holdsUnfinished = false
  }

  /** Nothing to write came after the finished transactions, but the place did move on. */
  passOver(change: CheckpointChange): void {
    if (this.#finished !== null) this.#finished = { ...this.#finished, change: { ...this.#finished.change, ...change } }
  }

  /**
   * No more transactions join the finished ones: they are committed now, or beside others soon, in order.
   * @throws StaleOwnerError, what writing throws, also for groups of before
   */
  async seal(): Promise<void> {
    const finished = this.#finished
    if (finished === null) return
    const checkpoint = { ...finished.change, position: this.#parts.position() }
    const lanes = this.#laneGroup?.lanes ?? (await this.#freeLanes())
    if (lanes === null) {
      await this.#commit(finished.count, finished.transactions, checkpoint)
      return
    }
    const { changes, rowCount } = await this.#parts.merge(this.#take(finished.count))
    this.#parts.onRows(rowCount)
    this.#finished = null
    this.#laneGroup ??= { lanes, group: await lanes.open() }
    await this.#addToLane(changes)
    lanes.seal(this.#laneGroup.group, { transactions: finished.transactions, checkpoint })
    this.#laneGroup = null
  }

  /** To apply beside each other; null while all must be one after another. */
  async #freeLanes(): Promise<ParallelLanes | null> {
    if (this.#isOpen || this.isolates) return null
    const lanes = await this.#parts.lanes()
    this.#lanes = lanes ?? this.#lanes
    return lanes
  }

  /** True when others would only wait for those under way: what is finished had better wait for more to join it. */
  get isBusy(): boolean {
    // What is finished then belongs to one of those under way, and it only has to be told.
    return this.#laneGroup === null && this.#lanes?.isBusy === true
  }

  /** Waits until it is not busy. @throws as `seal` */
  async lessBusy(): Promise<void> {
    if (this.isBusy) await this.#lanes?.lessBusy()
  }

  /** The finished transactions are committed, and all before them; of an unfinished one nothing. @throws as `seal` */
  async settle(): Promise<void> {
    await this.seal()
    await this.#lanes?.settle()
    await this.#writing
  }

  async #commit(count: number, transactions: number, checkpoint: CheckpointChange): Promise<void> {
    await this.#lanes?.settle()
    await this.#writing
    if (count > 0) await this.#write(await this.#ready(this.#take(count)))
    this.#finished = null
    const { session, checkpoints } = this.#parts
    await checkpoints.change(session, checkpoint, this.#isOpen ? 'COMMIT' : '')
    this.#isOpen = false
    this.isolates = false
    this.#parts.onCommit(checkpoint, transactions)
  }

  #take(count: number): Change[] {
    const changes = this.#pending.slice(0, count)
    this.#pending = this.#pending.slice(count)
    this.#pendingBytes = count === this.#finished?.count ? this.#pendingBytes - this.#finished.bytes : 0
    return changes
  }

  /** What is to be written of changes. */
  async #ready(taken: readonly Change[]): Promise<Ready> {
    const strategy = this.#parts.strategy()
    const isExact = strategy.mode === 'exact' && !this.isolates
    const { changes, rowCount } = isExact ? await this.#parts.merge(taken) : unmerged(taken)
    this.#parts.onRows(rowCount)
    return { strategy, changes }
  }

  /** Writes changes into the target transaction, which is open from now on. */
  async #write({ strategy, changes }: Ready): Promise<void> {
    const isFirst = !this.#isOpen
    this.#isOpen = true
    if (isFirst) {
      await strategy.prepare()
      await this.#parts.session.execute('BEGIN')
    }
    await writeChanges(this.#parts.session, strategy, changes, this.isolates)
  }
}
