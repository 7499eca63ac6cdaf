/**
 * Groups of transactions over several sessions at once. Groups that touch the same rows follow each other; all commit in
 * the source's order, each with its checkpoint, so at every moment the target is a state that the source had.
 *
 * One group more than there are sessions is taken, so that the next one is ready when a session is.
 *
 * Easy to get wrong: an earlier group may wait for a lock that a later one holds, which waits for its turn to commit: the
 * server sees no deadlock there. The sessions' short lock_wait_timeout ends it, and the run with it; the next run goes
 * one group after another for a while.
 */
import type { Session } from '../../mysql/session.ts'
import type { ApplyStrategy } from './apply-strategy.ts'
import type { CheckpointChange, CheckpointStore } from './checkpoint-store.ts'
import { conflicts, type Tokens } from './conflict-tokens.ts'
import type { Change } from './row-changes.ts'
import { writeChanges } from './write-changes.ts'

/** Under way at once before what comes in is collected rather than applied as it came. */
const busyGroups = 2

export interface Lane {
  readonly session: Session
  readonly strategy: ApplyStrategy
}

export interface SealedGroup {
  readonly changes: readonly Change[]
  readonly tokens: Tokens
  readonly transactions: number
  readonly checkpoint: CheckpointChange
}

interface UnderWay {
  readonly tokens: Tokens
  readonly committed: Promise<void>
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
  #underWay: UnderWay[] = []
  #failure: { readonly error: unknown } | null = null
  #wake: (() => void)[] = []

  constructor(parts: LanesParts) {
    this.#parts = parts
    this.#free = [...parts.lanes]
  }

  /** Takes a group; waits while as many as can be under way are. @throws what an earlier group met */
  async submit(group: SealedGroup): Promise<void> {
    while (this.#underWay.length > this.#parts.lanes.length && this.#failure === null) await this.#change()
    if (this.#failure !== null) throw this.#failure.error
    const before = this.#underWay
      .filter((other) => conflicts(other.tokens, group.tokens))
      .map((other) => other.committed)
    const previous = this.#underWay.at(-1)?.committed ?? Promise.resolve()
    const entry: UnderWay = { tokens: group.tokens, committed: this.#apply(group, before, previous) }
    this.#underWay.push(entry)
    entry.committed.then(
      () => this.#ended(entry),
      (error: unknown) => this.#failed(error),
    )
  }

  /** True when one more group would only wait for the others, which take more of the server each than together. */
  get isBusy(): boolean {
    return this.#underWay.length >= busyGroups && this.#failure === null
  }

  /** Waits until not so many groups are under way any more. @throws what one of them met */
  async lessBusy(): Promise<void> {
    while (this.isBusy) await this.#change()
    if (this.#failure !== null) throw this.#failure.error
  }

  /** Waits until every group is committed. @throws what one of them met */
  async settle(): Promise<void> {
    while (this.#underWay.length > 0 && this.#failure === null) await this.#change()
    if (this.#failure !== null) throw this.#failure.error
  }

  async #apply(group: SealedGroup, before: readonly Promise<void>[], previous: Promise<void>): Promise<void> {
    // Asked for in the order of the groups, so that an earlier one never waits for a session that a later one has.
    const lane = await this.#lane()
    await Promise.all(before)
    const { session, strategy } = lane
    await strategy.prepare()
    await session.execute('BEGIN')
    await writeChanges(session, strategy, group.changes, false)
    await previous
    await this.#parts.checkpoints.change(session, group.checkpoint, 'COMMIT')
    this.#giveBack(lane)
    this.#parts.onCommit(group.checkpoint, group.transactions)
  }

  #lane(): Lane | Promise<Lane> {
    return this.#free.shift() ?? new Promise((resolve) => this.#waitingForLane.push(resolve))
  }

  #giveBack(lane: Lane): void {
    const next = this.#waitingForLane.shift()
    if (next === undefined) this.#free.push(lane)
    else next(lane)
  }

  #ended(entry: UnderWay): void {
    this.#underWay = this.#underWay.filter((other) => other !== entry)
    this.#wakeAll()
  }

  #failed(error: unknown): void {
    this.#failure ??= { error }
    this.#wakeAll()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  #wakeAll(): void {
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }
}
