/**
 * Groups of transactions over several sessions at once. Groups that touch the same rows follow each other; all commit in
 * the source's order, each with its checkpoint, so at every moment the target is a state that the source had.
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
  #underWay: UnderWay[] = []
  #failure: { readonly error: unknown } | null = null
  #wake: (() => void)[] = []

  constructor(parts: LanesParts) {
    this.#parts = parts
    this.#free = [...parts.lanes]
  }

  get isIdle(): boolean {
    return this.#underWay.length === 0
  }

  get hasFreeLane(): boolean {
    return this.#free.length > 0
  }

  /** Starts a group, once a session is free. @throws what an earlier group met */
  async submit(group: SealedGroup): Promise<void> {
    while (this.#free.length === 0 && this.#failure === null) await this.#change()
    if (this.#failure !== null) throw this.#failure.error
    const lane = this.#free.shift()
    if (lane === undefined) return
    const before = this.#underWay
      .filter((other) => conflicts(other.tokens, group.tokens))
      .map((other) => other.committed)
    const previous = this.#underWay.at(-1)?.committed ?? Promise.resolve()
    const entry: UnderWay = { tokens: group.tokens, committed: this.#apply(lane, group, before, previous) }
    this.#underWay.push(entry)
    entry.committed.then(
      () => this.#ended(entry, lane),
      (error: unknown) => this.#failed(error),
    )
  }

  /** Waits until every group is committed. @throws what one of them met */
  async settle(): Promise<void> {
    while (this.#underWay.length > 0 && this.#failure === null) await this.#change()
    if (this.#failure !== null) throw this.#failure.error
  }

  async #apply(
    { session, strategy }: Lane,
    group: SealedGroup,
    before: readonly Promise<void>[],
    previous: Promise<void>,
  ): Promise<void> {
    await Promise.all(before)
    await strategy.prepare()
    await session.execute('BEGIN')
    await writeChanges(session, strategy, group.changes, false)
    await previous
    await this.#parts.checkpoints.change(session, group.checkpoint, 'COMMIT')
    this.#parts.onCommit(group.checkpoint, group.transactions)
  }

  #ended(entry: UnderWay, lane: Lane): void {
    this.#underWay = this.#underWay.filter((other) => other !== entry)
    this.#free.push(lane)
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
