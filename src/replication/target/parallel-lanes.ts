/**
 * Groups of transactions over several sessions at once. Groups that touch the same rows follow each other; all commit in
 * the source's order, each with its checkpoint, so at every moment the target is a state that the source had.
 *
 * A group is written part by part while it is still collected, so that two large transactions can be under way beside each
 * other. One group more than there are sessions is taken, so that the next one is ready when a session is.
 *
 * Easy to get wrong: an earlier group may wait for a lock that a later one holds, which waits for its turn to commit: the
 * server sees no deadlock there. The sessions' short lock_wait_timeout ends it, and the run with it; the next run goes
 * one group after another for a while.
 */
import type { Session } from '../../mysql/session.ts'
import type { ApplyStrategy } from './apply-strategy.ts'
import type { CheckpointChange, CheckpointStore } from './checkpoint-store.ts'
import { conflicts, GatheredTokens, keyBytesOf, mostKeyBytes, type Tokens } from './conflict-tokens.ts'
import { freeMergedEvent } from './merged-events.ts'
import type { Change } from './row-changes.ts'
import { writeChanges } from './write-changes.ts'

/** Under way at once before what comes in is collected rather than applied as it came. */
const busyGroups = 2
/** Of all groups; a part waits when it would be more. */
const mostWaitingBytes = 8 * 1024 * 1024

export interface Lane {
  readonly session: Session
  readonly strategy: ApplyStrategy
}

/** Changes of a group that follow those of its parts before. */
export interface GroupPart {
  readonly changes: readonly Change[]
  readonly tokens: Tokens
  readonly sizeBytes: number
}

export interface GroupEnd {
  readonly transactions: number
  readonly checkpoint: CheckpointChange
}

/** A group under way. */
export interface LaneGroup {
  /** What its parts touch, those that are written included. */
  readonly tokens: GatheredTokens
  /** Not yet written; the first is being written. */
  readonly parts: GroupPart[]
  /** Null: more parts may come. */
  end: GroupEnd | null
  isCommitted: boolean
}

export interface LanesParts {
  readonly lanes: readonly Lane[]
  readonly checkpoints: CheckpointStore
  readonly onCommit: (change: CheckpointChange, transactions: number) => void
}

export class ParallelLanes {
  readonly #parts: LanesParts
  readonly #free: Lane[]
  #waitingForLane: ((lane: Lane) => void)[] = []
  #underWay: readonly LaneGroup[] = []
  #waitingBytes = 0
  #failure: { readonly error: unknown } | null = null
  #wake: (() => void)[] = []

  constructor(parts: LanesParts) {
    this.#parts = parts
    this.#free = [...parts.lanes]
  }

  /** Bytes of changes not yet written. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /**
   * Begins a group, after the one before was sealed; waits while as many as can be under way are.
   * @throws what an earlier group met
   */
  async open(): Promise<LaneGroup> {
    await this.#until(() => this.#underWay.length <= this.#parts.lanes.length)
    const group: LaneGroup = { tokens: new GatheredTokens(), parts: [], end: null, isCommitted: false }
    const earlier = this.#underWay
    this.#underWay = [...earlier, group]
    this.#apply(group, earlier).catch((error: unknown) => {
      this.#failure ??= { error }
      this.#wakeAll()
    })
    return group
  }

  /** Takes the next part of a group; waits while too much is not yet written, or known. @throws what any group met */
  async add(group: LaneGroup, part: GroupPart): Promise<void> {
    const keyBytes = keyBytesOf(part.tokens)
    await this.#until(
      () =>
        (this.#waitingBytes === 0 || this.#waitingBytes + part.sizeBytes <= mostWaitingBytes) &&
        (this.#underWay.length === 1 || this.#keyBytes + keyBytes <= mostKeyBytes),
    )
    group.tokens.add(part.tokens)
    group.parts.push(part)
    this.#waitingBytes += part.sizeBytes
    this.#wakeAll()
  }

  /** The group is whole: it is committed in its turn. */
  seal(group: LaneGroup, end: GroupEnd): void {
    group.end = end
    this.#wakeAll()
  }

  /** True when one more group would only wait for the others, which take more of the server each than together. */
  get isBusy(): boolean {
    return this.#underWay.length >= busyGroups && this.#failure === null
  }

  /** Waits until not so many groups are under way any more. @throws what one of them met */
  async lessBusy(): Promise<void> {
    await this.#until(() => !this.isBusy)
  }

  /** Waits until every group that is whole is committed. @throws what one of them met */
  async settle(): Promise<void> {
    await this.#until(() => this.#underWay.every(({ end }) => end === null))
  }

  /** Waits until every part is written, and every group committed that is whole. @throws what one of them met */
  async written(): Promise<void> {
    await this.settle()
    await this.#until(() => this.#waitingBytes === 0)
  }

  async #apply(group: LaneGroup, earlier: readonly LaneGroup[]): Promise<void> {
    // Asked for in the order of the groups, so that an earlier one never waits for a session that a later one has.
    const lane = await this.#lane()
    const { session, strategy } = lane
    await strategy.prepare()
    await session.execute('BEGIN')
    const end = await this.#write(group, earlier, lane)
    await this.#until(() => earlier.every(({ isCommitted }) => isCommitted))
    await this.#parts.checkpoints.change(session, end.checkpoint, 'COMMIT')
    group.isCommitted = true
    this.#underWay = this.#underWay.filter((other) => other !== group)
    this.#giveBack(lane)
    this.#parts.onCommit(end.checkpoint, end.transactions)
    this.#wakeAll()
  }

  /** Writes the parts of a group as they come. @returns its end */
  async #write(group: LaneGroup, earlier: readonly LaneGroup[], { session, strategy }: Lane): Promise<GroupEnd> {
    for (;;) {
      await this.#until(() => group.parts.length > 0 || group.end !== null)
      const [part] = group.parts
      if (part === undefined) return group.end as GroupEnd
      const before = earlier.filter((other) => !other.isCommitted && conflicts(other.tokens, part.tokens))
      await this.#until(() => before.every(({ isCommitted }) => isCommitted))
      await writeChanges(session, strategy, part.changes, false)
      group.parts.shift()
      for (const change of part.changes)
        if (change.kind === 'rows' && change.isMerged === true) freeMergedEvent(change.event)
      this.#waitingBytes -= part.sizeBytes
      this.#wakeAll()
    }
  }

  #lane(): Lane | Promise<Lane> {
    return this.#free.shift() ?? new Promise((resolve) => this.#waitingForLane.push(resolve))
  }

  #giveBack(lane: Lane): void {
    const next = this.#waitingForLane.shift()
    if (next === undefined) this.#free.push(lane)
    else next(lane)
  }

  get #keyBytes(): number {
    return this.#underWay.reduce((sum, { tokens }) => sum + tokens.keyBytes, 0)
  }

  /** Waits until something is so. @throws what a group met before */
  async #until(isSo: () => boolean): Promise<void> {
    while (this.#failure === null && !isSo()) await new Promise<void>((resolve) => this.#wake.push(resolve))
    if (this.#failure !== null) throw this.#failure.error
  }

  #wakeAll(): void {
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }
}
