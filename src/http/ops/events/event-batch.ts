/**
 * What happened since readers were told last: at most one event of each kind, each of bounded size.
 *
 * Easy to get wrong: what does not fit is not lost in silence. `more` says that there was more, and a reader then asks
 * for everything again.
 */

export interface ExecutionItem {
  readonly job: string
  readonly id: string
  readonly node_name: string
  /** Nanoseconds since the epoch as decimal text: what all executions of one fire have in common. */
  readonly group: string
  readonly attempt: number
  readonly outcome: string
  readonly scheduled_at: string | null
  readonly started_at: string
  readonly finished_at: string | null
  readonly duration_ms: number | null
}

const mostNames = 200
const mostExecutions = 100

export class EventBatch {
  #hasCluster = false
  readonly #jobs = new NameSet()
  readonly #replications = new NameSet()
  /** The last that is known of each, newest last. */
  readonly #executions = new Map<string, ExecutionItem>()
  #hasMoreExecutions = false

  get isEmpty(): boolean {
    return !this.#hasCluster && this.#jobs.isEmpty && this.#replications.isEmpty && this.#executions.size === 0
  }

  noteCluster(): void {
    this.#hasCluster = true
  }

  noteJob(name: string): void {
    this.#jobs.add(name)
  }

  /** More jobs than could be named. */
  noteManyJobs(): void {
    this.#jobs.hasMore = true
  }

  noteReplication(jobId: string): void {
    this.#replications.add(jobId)
  }

  noteExecution(item: ExecutionItem): void {
    const key = `${item.job}/${item.id}`
    this.#executions.delete(key)
    this.#executions.set(key, item)
    const [oldest] = this.#executions.keys()
    if (this.#executions.size <= mostExecutions || oldest === undefined) return
    this.#executions.delete(oldest)
    this.#hasMoreExecutions = true
  }

  /** Adds what happened later. */
  add(later: EventBatch): void {
    if (later.#hasCluster) this.#hasCluster = true
    this.#jobs.addAll(later.#jobs)
    this.#replications.addAll(later.#replications)
    if (later.#hasMoreExecutions) this.#hasMoreExecutions = true
    for (const item of later.#executions.values()) this.noteExecution(item)
  }

  /** As a stream of server-sent events carries it; empty when nothing happened. */
  text(): string {
    const events: string[] = []
    if (this.#hasCluster) events.push(eventText('cluster', {}))
    if (!this.#jobs.isEmpty)
      events.push(eventText('scheduled-jobs', { names: this.#jobs.list(), more: this.#jobs.hasMore }))
    if (this.#executions.size > 0)
      events.push(eventText('executions', { items: [...this.#executions.values()], more: this.#hasMoreExecutions }))
    if (!this.#replications.isEmpty)
      events.push(eventText('replication-jobs', { ids: this.#replications.list(), more: this.#replications.hasMore }))
    return events.join('')
  }
}

/** One server-sent event. JSON has no line breaks, so one line of data holds it. */
export function eventText(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

class NameSet {
  readonly #names = new Set<string>()
  hasMore = false

  get isEmpty(): boolean {
    return this.#names.size === 0 && !this.hasMore
  }

  add(name: string): void {
    if (this.#names.size < mostNames) this.#names.add(name)
    else if (!this.#names.has(name)) this.hasMore = true
  }

  addAll(others: NameSet): void {
    if (others.hasMore) this.hasMore = true
    for (const name of others.#names) this.add(name)
  }

  list(): readonly string[] {
    return [...this.#names]
  }
}
