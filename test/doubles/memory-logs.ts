/** The logs that scheduling needs, in memory, with the promises of schedule/ports.ts. */
import { ConflictError, LeadershipLostError } from '../../src/core/errors.ts'
import { type Execution, executionKey, type StartOrder } from '../../src/model/execution.ts'
import type {
  Dispatcher,
  ExecutionLog,
  FireCursor,
  FireCursorStore,
  FiredJob,
  FireLog,
  FireLogEvent,
  FireRecord,
  FireWriter,
  RecordedFire,
  RecordedJob,
} from '../../src/schedule/ports.ts'

export class MemoryFireLog implements FireLog {
  readonly records: RecordedFire[] = []
  readonly runs: { sequence: number; group: string; job: FiredJob }[] = []
  readonly retries: { sequence: number; key: string; job: FiredJob }[] = []
  /** Runs before every append. */
  beforeCreate: (record: FireRecord) => void | Promise<void> = () => {}
  /** Runs after every append; a test throws here to lose the answer. */
  afterCreate: (record: FireRecord) => void = () => {}
  readonly #wakers = new Set<() => void>()
  #writer = 0
  #term = 0
  #sequence = 0

  async lead(term: number): Promise<FireWriter> {
    if (term < this.#term) throw new LeadershipLostError(term, this.#term)
    this.#term = term
    this.#writer += 1
    this.#sequence += 1
    const writer = this.#writer
    let turn: Promise<unknown> = Promise.resolve()
    const append = async (record: FireRecord) => {
      if (writer === this.#writer) await this.beforeCreate(record)
      if (term < this.#term) throw new LeadershipLostError(term, this.#term)
      if (writer !== this.#writer) throw new ConflictError('another writer')
      this.#sequence += 1
      this.records.push({ ...record, sequence: this.#sequence })
      this.#wake()
      this.afterCreate(record)
      return this.#sequence
    }
    return {
      append: (record) => {
        const appended = turn.then(() => append(record))
        turn = appended.catch(() => {})
        return appended
      },
    }
  }

  async confirm(term: number): Promise<void> {
    if (term < this.#term) throw new LeadershipLostError(term, this.#term)
  }

  async *listAfter(afterSecond: number): AsyncIterable<RecordedFire> {
    yield* this.records
      .filter(({ second }) => second > afterSecond)
      .toSorted((a, b) => a.second - b.second || a.sequence - b.sequence)
  }

  async createRun(group: string, job: FiredJob): Promise<RecordedJob> {
    const known = this.runs.find((run) => run.group === group)
    if (known !== undefined) return known
    this.#sequence += 1
    const run = { sequence: this.#sequence, group, job }
    this.runs.push(run)
    this.#wake()
    return run
  }

  async createRetry(key: string, job: FiredJob): Promise<RecordedJob> {
    const known = this.retries.find((retry) => retry.key === key)
    if (known !== undefined) return known
    this.#sequence += 1
    const retry = { sequence: this.#sequence, key, job }
    this.retries.push(retry)
    this.#wake()
    return retry
  }

  async lastSequence(): Promise<number> {
    return this.#sequence
  }

  async *follow(afterSequence: number, signal: AbortSignal): AsyncIterable<FireLogEvent> {
    let through = afterSequence
    let hasCaughtUp = false
    let wake = () => {}
    const waker = () => wake()
    this.#wakers.add(waker)
    signal.addEventListener('abort', waker)
    while (!signal.aborted) {
      const next = this.#after(through)
      if (next !== undefined) {
        through = next.sequence
        yield { kind: 'fired', ...next }
        continue
      }
      if (!hasCaughtUp) yield { kind: 'caught-up' }
      hasCaughtUp = true
      if (this.#after(through) !== undefined || signal.aborted) continue
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    this.#wakers.delete(waker)
  }

  #after(sequence: number): { sequence: number; jobs: readonly FiredJob[] } | undefined {
    const single = [...this.runs, ...this.retries].map((one) => ({ sequence: one.sequence, jobs: [one.job] }))
    const all = [...this.records.map((record) => ({ sequence: record.sequence, jobs: record.jobs })), ...single]
    return all.filter((one) => one.sequence > sequence).sort((a, b) => a.sequence - b.sequence)[0]
  }

  #wake(): void {
    for (const wake of this.#wakers) wake()
  }
}

/** What every node would start: each key once, as the journals promise. */
export class MemoryDispatcher implements Dispatcher {
  readonly messages: { nodeName: string; orders: readonly StartOrder[]; dedupeId: string; atMs: number }[] = []
  readonly started = new Map<string, StartOrder>()
  beforeDispatch: (nodeName: string) => void | Promise<void> = () => {}
  readonly #now: () => number

  constructor(now: () => number = () => 0) {
    this.#now = now
  }

  async dispatch(nodeName: string, orders: readonly StartOrder[], dedupeId: string): Promise<void> {
    await this.beforeDispatch(nodeName)
    this.messages.push({ nodeName, orders, dedupeId, atMs: this.#now() })
    for (const order of orders) this.started.set(`${order.jobName}/${order.group}-${order.attempt}-${nodeName}`, order)
  }

  /** The scheduled instants at which a job was started, in order. */
  startsOf(jobName: string): readonly (number | null)[] {
    const orders = [...this.started.values()].filter((order) => order.jobName === jobName)
    return orders.map((order) => order.scheduledAt).sort((a, b) => (a ?? 0) - (b ?? 0))
  }
}

export class MemoryExecutionLog implements ExecutionLog {
  readonly #known = new Set<string>()
  readonly #purged = new Set<number>()
  readonly #entries: { sequence: number; execution: Execution }[] = []
  readonly #wakers = new Set<() => void>()
  beforeAppend: (execution: Execution) => void | Promise<void> = () => {}

  get all(): readonly Execution[] {
    return this.#kept().map(({ execution }) => execution)
  }

  async append(execution: Execution): Promise<void> {
    await this.beforeAppend(execution)
    const key = executionKey(execution.jobName, execution.id)
    if (this.#known.has(key)) return
    this.#known.add(key)
    this.#add(execution)
  }

  async appendLost(execution: Execution): Promise<'recorded' | 'known'> {
    await this.beforeAppend(execution)
    if (this.all.some(({ jobName, id }) => jobName === execution.jobName && id === execution.id)) return 'known'
    this.#add(execution)
    return 'recorded'
  }

  async lastSequence(): Promise<number> {
    return this.#entries.length
  }

  #add(execution: Execution): void {
    this.#entries.push({ sequence: this.#entries.length + 1, execution })
    for (const wake of this.#wakers) wake()
  }

  async list(jobName: string): Promise<readonly Execution[]> {
    return this.all.filter((execution) => execution.jobName === jobName)
  }

  async purge(jobName: string): Promise<void> {
    for (const { sequence, execution } of this.#entries) if (execution.jobName === jobName) this.#purged.add(sequence)
  }

  /** Drops all but the newest `limit` of each job, as a history limit does. */
  trim(limit: number): void {
    const seen = new Map<string, number>()
    for (const { sequence, execution } of this.#kept().toReversed()) {
      const count = (seen.get(execution.jobName) ?? 0) + 1
      seen.set(execution.jobName, count)
      if (count > limit) this.#purged.add(sequence)
    }
  }

  async *follow(afterSequence: number, signal: AbortSignal) {
    let wake = () => {}
    const waker = () => wake()
    this.#wakers.add(waker)
    signal.addEventListener('abort', waker)
    for (let sequence = afterSequence + 1; !signal.aborted; ) {
      const entry = this.#entries[sequence - 1]
      if (entry === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      sequence += 1
      if (!this.#purged.has(entry.sequence)) yield entry
    }
    this.#wakers.delete(waker)
  }

  #kept() {
    return this.#entries.filter(({ sequence }) => !this.#purged.has(sequence))
  }
}

export class MemoryCursorStore implements FireCursorStore {
  stored: FireCursor | null = null

  async get(): Promise<FireCursor | null> {
    return this.stored
  }

  async put(cursor: FireCursor): Promise<void> {
    if (this.stored !== null && this.stored.term > cursor.term)
      throw new LeadershipLostError(cursor.term, this.stored.term)
    this.stored = cursor
  }
}
