/**
 * Many source transactions in one target transaction, whole ones only, the checkpoint as its last statement.
 *
 * A source transaction larger than the limit is written part by part into the open target transaction, so memory stays
 * bounded; it commits when its end has come.
 *
 * Easy to get wrong: when frames run dry inside a source transaction, the ones before it must not wait for its end. They
 * are committed alone as long as nothing of the unfinished one was written.
 */
import type { Position } from '../../binlog/position.ts'
import type { Session } from '../../mysql/session.ts'
import type { ApplyStrategy } from './apply-strategy.ts'
import type { CheckpointChange, CheckpointStore } from './checkpoint-store.ts'
import type { Change, RowsChange } from './row-changes.ts'

/** Changes are written out once they hold this many bytes. */
const writeOutBytes = 1024 * 1024

export interface GroupParts {
  readonly session: Session
  readonly checkpoints: CheckpointStore
  /** The strategy for changes that come now. */
  readonly strategy: () => ApplyStrategy
  /** Where the source stands after the last finished transaction; asked for at each commit, for it may be long. */
  readonly position: () => Position | null
  /** Called after each commit. */
  readonly onCommit: (change: CheckpointChange, transactions: number) => void
}

export class TransactionGroup {
  readonly #parts: GroupParts
  #pending: Change[] = []
  #pendingBytes = 0
  #isOpen = false
  /** How many of `#pending` belong to finished transactions, and the checkpoint after them. */
  #finished: { count: number; bytes: number; transactions: number; change: CheckpointChange } | null = null
  /** Something of an unfinished transaction is in the open target transaction. */
  #holdsUnfinished = false
  isolates = false

  constructor(parts: GroupParts) {
    this.#parts = parts
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0 && !this.#isOpen && this.#finished === null
  }

  /** Source transactions waiting for the commit. */
  get transactions(): number {
    return this.#finished?.transactions ?? 0
  }

  /** Bytes of changes not yet written to the target. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** True while the target transaction holds a part of a source transaction whose end has not come. */
  get holdsUnfinished(): boolean {
    return this.#holdsUnfinished
  }

  /** Adds a change of the source transaction under way. @throws what writing throws */
  async add(change: Change, sizeBytes: number): Promise<void> {
    this.#pending.push(change)
    this.#pendingBytes += sizeBytes
    if (this.#pendingBytes < writeOutBytes) return
    if (this.#finished !== null) await this.commit()
    if (this.#pendingBytes < writeOutBytes) return
    await this.#write(this.#pending.length)
    this.#holdsUnfinished = true
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

  /** Commits the finished transactions; of an unfinished one nothing. @throws StaleOwnerError, what writing throws */
  async commit(): Promise<void> {
    const finished = this.#finished
    if (finished === null) return
    await this.#write(finished.count)
    this.#finished = null
    const { session, checkpoints } = this.#parts
    const change = { ...finished.change, position: this.#parts.position() }
    await checkpoints.change(session, change, this.#isOpen ? 'COMMIT' : '')
    this.#isOpen = false
    this.isolates = false
    this.#parts.onCommit(change, finished.transactions)
  }

  /** Writes the first `count` pending changes into the target transaction. */
  async #write(count: number): Promise<void> {
    if (count === 0) return
    const changes = this.#pending.slice(0, count)
    this.#pending = this.#pending.slice(count)
    this.#pendingBytes = count === this.#finished?.count ? this.#pendingBytes - this.#finished.bytes : 0
    if (!this.#isOpen) {
      await this.#parts.strategy().prepare()
      await this.#parts.session.execute('BEGIN')
      this.#isOpen = true
    }
    let run: RowsChange[] = []
    for (const change of changes) {
      if (change.kind === 'rows') {
        run.push(change)
        continue
      }
      await this.#writeRows(run)
      run = []
      await this.#parts.session.execute(change.query.sql)
    }
    await this.#writeRows(run)
  }

  async #writeRows(run: readonly RowsChange[]): Promise<void> {
    if (run.length === 0) return
    await this.#parts.strategy().write(run, this.isolates)
  }
}
