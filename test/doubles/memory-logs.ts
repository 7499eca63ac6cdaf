/** The logs that scheduling needs, in memory, with the promises of schedule/ports.ts. */
import { type Execution, executionKey, type StartOrder } from '../../src/model/execution.ts'
import type {
  Dispatcher,
  ExecutionLog,
  FireCursor,
  FireCursorStore,
  FiredJob,
  FireLog,
  FireRecord,
} from '../../src/schedule/ports.ts'

export class MemoryFireLog implements FireLog {
  readonly records: FireRecord[] = []
  readonly runs: { group: string; job: FiredJob }[] = []
  /** Runs before every `create`. */
  beforeCreate: (record: FireRecord) => void | Promise<void> = () => {}

  async create(record: FireRecord): Promise<'created' | 'exists'> {
    await this.beforeCreate(record)
    if (this.records.some(({ second, part }) => second === record.second && part === record.part)) return 'exists'
    this.records.push(record)
    return 'created'
  }

  async *listAfter(afterSecond: number): AsyncIterable<FireRecord> {
    yield* this.records
      .filter(({ second }) => second > afterSecond)
      .toSorted((a, b) => a.second - b.second || a.part - b.part)
  }

  async createRun(group: string, job: FiredJob): Promise<void> {
    this.runs.push({ group, job })
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
    this.stored = cursor
  }
}
