/**
 * What runs anywhere in the cluster, as of a second ago at most, while somebody looks.
 *
 * Easy to get wrong: an answer that is under way when an execution ends may still have it. So what ends while nodes are
 * asked is remembered until all have answered.
 */
import type { Clock } from '../../../core/clock.ts'
import type { RunningExecution } from '../../../model/execution.ts'

export type RunningBrief = Omit<RunningExecution, 'pid' | 'output'>

export interface RunningWatchParts {
  /** Nodes that may run something; each is asked, since what is known of its load is as old as its last heartbeat. */
  nodeNames(): readonly string[]
  /** Asks a node. @throws when it does not answer */
  ask(nodeName: string): Promise<readonly RunningBrief[]>
  readonly clock: Clock
  onStarted(execution: RunningBrief): void
  /** It runs no more; how it ended is told elsewhere. */
  onGone(execution: RunningBrief): void
}

const askEveryMs = 1_000
/** So long after somebody looked, it is kept up to date. */
const wantedForMs = 10_000
/** A first look at a cluster that has not been asked yet. */
const firstWithinMs = 300

export class RunningWatch {
  readonly #parts: RunningWatchParts
  readonly #byNode = new Map<string, Map<string, RunningBrief>>()
  readonly #countOfJob = new Map<string, number>()
  /** Keys of what ended since the nodes were asked. */
  readonly #ended = new Set<string>()
  #wantedUntilMs = Number.NEGATIVE_INFINITY
  #wake: () => void = () => {}
  #asked = Promise.withResolvers<void>()
  #isFresh = false

  constructor(parts: RunningWatchParts) {
    this.#parts = parts
  }

  /** Asks every second while somebody looks, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    const wake = () => this.#wake()
    signal.addEventListener('abort', wake)
    while (!signal.aborted) {
      if (!this.#isWanted) {
        this.#forgetAll()
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        continue
      }
      await this.#askAll()
      this.#isFresh = true
      this.#asked.resolve()
      await clock.sleep(askEveryMs, signal).catch(() => {})
    }
    signal.removeEventListener('abort', wake)
  }

  /** Somebody looks: from now on it is kept up to date for a while. Resolves when it is, or soon. */
  async look(): Promise<void> {
    const { clock } = this.#parts
    this.#wantedUntilMs = clock.monotonicMs() + wantedForMs
    this.#wake()
    if (this.#isFresh) return
    const waited = new AbortController()
    await Promise.race([this.#asked.promise, clock.sleep(firstWithinMs, waited.signal).catch(() => {})])
    waited.abort()
  }

  /** How many commands of a job run. */
  countOf(jobName: string): number {
    return this.#countOfJob.get(jobName) ?? 0
  }

  /** Everything that runs, of very much only the newest of each node. */
  list(): readonly RunningBrief[] {
    return [...this.#byNode.values()].flatMap((ofNode) => [...ofNode.values()])
  }

  /** A command was started, on this node. */
  noteStarted(execution: RunningBrief): void {
    if (this.#isWanted) this.#add(execution)
  }

  /** An execution was recorded, from whatever node. */
  noteEnded(execution: Pick<RunningBrief, 'jobName' | 'id' | 'nodeName'>): void {
    if (!this.#isWanted) return
    this.#ended.add(keyOf(execution))
    const known = this.#byNode.get(execution.nodeName)?.get(keyOf(execution))
    if (known !== undefined) this.#drop(known)
  }

  async #askAll(): Promise<void> {
    const { nodeNames, ask } = this.#parts
    this.#ended.clear()
    const present = new Set(nodeNames())
    for (const name of [...this.#byNode.keys()]) if (!present.has(name)) this.#replace(name, [])
    await Promise.all([...present].map(async (name) => this.#replace(name, await ask(name).catch(() => []))))
  }

  #replace(nodeName: string, executions: readonly RunningBrief[]): void {
    const found = new Set(executions.map(keyOf))
    for (const known of [...(this.#byNode.get(nodeName)?.values() ?? [])])
      if (!found.has(keyOf(known))) {
        this.#drop(known)
        this.#parts.onGone(known)
      }
    for (const execution of executions) if (execution.nodeName === nodeName) this.#add(execution)
  }

  #add(execution: RunningBrief): void {
    const { jobName, nodeName } = execution
    const key = keyOf(execution)
    const ofNode = this.#byNode.get(nodeName) ?? new Map<string, RunningBrief>()
    if (this.#ended.has(key) || ofNode.has(key)) return
    ofNode.set(key, execution)
    this.#byNode.set(nodeName, ofNode)
    this.#countOfJob.set(jobName, this.countOf(jobName) + 1)
    this.#parts.onStarted(execution)
  }

  #drop(execution: RunningBrief): void {
    const { jobName, nodeName } = execution
    const ofNode = this.#byNode.get(nodeName)
    if (ofNode?.delete(keyOf(execution)) !== true) return
    if (ofNode.size === 0) this.#byNode.delete(nodeName)
    const count = this.countOf(jobName) - 1
    if (count > 0) this.#countOfJob.set(jobName, count)
    else this.#countOfJob.delete(jobName)
  }

  get #isWanted(): boolean {
    return this.#parts.clock.monotonicMs() <= this.#wantedUntilMs
  }

  #forgetAll(): void {
    this.#isFresh = false
    this.#asked = Promise.withResolvers()
    this.#byNode.clear()
    this.#countOfJob.clear()
    this.#ended.clear()
  }
}

function keyOf({ jobName, id }: Pick<RunningBrief, 'jobName' | 'id'>): string {
  return `${jobName}/${id}`
}
