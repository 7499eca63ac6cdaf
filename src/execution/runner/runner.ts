/**
 * The runner: has all commands of a node started, watches them, and owns its journal.
 *
 * Easy to get wrong: `start` answers when the journal holds the orders, not when the commands run. From then on the
 * order is this node's, whatever happens to the agent.
 */
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import {
  type Execution,
  executionKey,
  type RunningExecution,
  type StartOrder,
  stoppedByRequest,
} from '../../model/execution.ts'
import { decideStart } from './decide-start.ts'
import { acceptedOrder, recordOfRun, recordWithoutRun, runningRecord } from './execution-record.ts'
import type { KeyJournal } from './key-journal.ts'
import type { AcceptedOrder } from './key-state.ts'
import { type LaunchResult, launchCommand } from './launch-command.ts'
import type { LiveCommand } from './live-command.ts'
import type { PipePool } from './pipe-pool.ts'
import {
  type Hello,
  type OutputAnswer,
  protocolVersion,
  type RunnerEvent,
  type RunnerStats,
  type SequencedResult,
} from './protocol.ts'
import type { ResultStore } from './result-store.ts'
import type { Spawners } from './spawners.ts'
import { StartQueue } from './start-queue.ts'

/** All tails of output in one answer together. */
const tailsBytes = 8_388_608
const shortageLimitMs = 60_000
const scratchBytes = 65_536
/** The agent may be away for long; the results themselves are on disk. */
const mostJustEnded = 1_000

export interface RunnerParts {
  readonly journal: KeyJournal
  readonly results: ResultStore
  readonly pipes: PipePool
  readonly spawners: Spawners
  readonly clock: Clock
  readonly log: Log
  readonly onEvent: (event: RunnerEvent) => void
}

interface Live {
  readonly accepted: AcceptedOrder
  readonly command: LiveCommand
}

export class Runner {
  readonly #parts: RunnerParts
  readonly #queue: StartQueue
  /** Accepted, not yet spawned. */
  readonly #queued = new Map<string, AcceptedOrder>()
  /** Of those, the ones that the spawner has, and for what reason to stop each as soon as it runs. */
  readonly #launching = new Map<string, string | null>()
  readonly #live = new Map<string, Live>()
  /** Their results are not known to be in the history yet: without them they would be nowhere for a moment. */
  readonly #justEnded = new Map<string, RunningExecution>()
  /** How many executions of a job wait or run. */
  readonly #activeJobs = new Map<string, number>()
  readonly #scratch = Buffer.allocUnsafeSlow(scratchBytes)
  #hello: Hello | null = null
  /** Orders are taken one message after the other: each decision sees what the one before became. */
  #accepting: Promise<unknown> = Promise.resolve()
  #recordingCount = 0
  #startedCount = 0
  #longestWaitMs = 0
  #isEnding = false
  #isTelling = false

  constructor(parts: RunnerParts) {
    this.#parts = parts
    this.#queue = new StartQueue({
      prepare: (orders) => this.#prepare(orders),
      launch: (accepted) => this.#launch(accepted),
      clock: parts.clock,
      log: parts.log,
    })
  }

  /** Nothing runs, waits or has still to be written. */
  get isIdle(): boolean {
    return this.#queued.size === 0 && this.#live.size === 0 && this.#recordingCount === 0
  }

  /** An agent is there, newest facts first; commands start only after the first. */
  hello(hello: Hello): { version: number; pid: number } {
    if (hello.version === protocolVersion) {
      this.#hello = hello
      this.#parts.spawners.configure(hello.env, hello.workingDir)
      if (!this.#isEnding) this.#queue.open()
    }
    return { version: protocolVersion, pid: process.pid }
  }

  /** Takes over what an earlier runner left. */
  adopt(accepted: AcceptedOrder, command: LiveCommand): void {
    this.#countJob(accepted, 1)
    this.#track(accepted, command)
  }

  /** Queues what an earlier runner had accepted and certainly not started. */
  resume(orders: readonly AcceptedOrder[]): void {
    this.#enqueue(orders)
  }

  /** Takes orders on. Orders known already are ignored. @throws if the journal can't be written; then none is taken */
  start(orders: readonly StartOrder[]): Promise<void> {
    const accepting = this.#accepting.then(() => this.#accept(orders))
    this.#accepting = accepting.catch(() => {})
    return accepting
  }

  /** What runs of a job, or of all jobs; and what has just ended, as long as its result may be seen nowhere else. */
  running(jobName: string | null, outputBytes: number = tailsBytes): RunningExecution[] {
    const wanted = [...this.#live.values()].filter(
      ({ accepted }) => jobName === null || accepted.order.jobName === jobName,
    )
    const ended = [...this.#justEnded.values()].filter((one) => jobName === null || one.jobName === jobName)
    const bytes = Math.min(outputBytes, Math.floor(tailsBytes / Math.max(1, wanted.length)))
    return [...ended, ...wanted.map(({ accepted, command }) => runningRecord(accepted, command, bytes))]
  }

  /** What an execution that runs has written from byte `fromOffset` on. */
  output(key: string, fromOffset: number, limitBytes: number): OutputAnswer {
    const live = this.#live.get(key)
    if (live === undefined) return { kind: this.#queued.has(key) || this.#parts.results.has(key) ? 'pending' : 'none' }
    const { output } = live.command
    const { offset, bytes } = output.read(fromOffset, limitBytes)
    return { kind: 'part', offset, data: bytes.toString('base64'), totalBytes: output.totalBytes }
  }

  /** Whether each of these waits or runs here, is over, or never came. */
  states(keys: readonly string[]): ('active' | 'ended' | 'unknown')[] {
    return keys.map((key) => {
      if (this.#queued.has(key) || this.#live.has(key)) return 'active'
      return this.#isKnown(key) ? 'ended' : 'unknown'
    })
  }

  /** @returns false when it neither waits nor runs here */
  stop(key: string, reason: string = stoppedByRequest): boolean {
    const queued = this.#queued.get(key)
    const launching = this.#launching.get(key)
    if (launching !== undefined) this.#launching.set(key, launching ?? reason)
    else if (queued !== undefined) this.#recordWithoutRun(queued, 'failed', `${reason} before it was started`)
    this.#live.get(key)?.command.stop(reason)
    return queued !== undefined || this.#live.has(key)
  }

  results(afterSequence: number, count: number, bytes: number): Promise<SequencedResult[]> {
    return this.#parts.results.read(afterSequence, { count, bytes })
  }

  /** These results are safe elsewhere; only their keys stay. */
  async delivered(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#justEnded.delete(key)
    await this.#parts.journal.delivered(keys)
    await this.#parts.results.drop(keys)
  }

  stats(): RunnerStats {
    return {
      running: this.#live.size,
      queued: this.#queued.size,
      undelivered: this.#parts.results.count,
      knownKeys: this.#parts.journal.keyCount,
      started: this.#startedCount,
      longestWaitMs: this.#longestWaitMs,
    }
  }

  /** Records how an accepted order ended without (our) running it. */
  recordWithoutRun(accepted: AcceptedOrder, outcome: 'missed' | 'skipped' | 'unknown', reason: string): void {
    this.#record(recordWithoutRun(accepted, outcome, reason, this.#parts.clock.now()))
  }

  /** Stops everything: the machine, or the service this belongs to, goes down. Resolves when nothing runs. */
  async endAll(reason: string): Promise<void> {
    this.#isEnding = true
    this.#queue.close()
    await this.#accepting
    for (const key of [...this.#queued.keys(), ...this.#live.keys()]) this.stop(key, reason)
    while (!this.isIdle) await this.#parts.clock.sleep(20)
  }

  async close(): Promise<void> {
    this.#queue.close()
    this.#parts.spawners.close()
    await this.#parts.results.close()
    await this.#parts.journal.close()
  }

  async #accept(orders: readonly StartOrder[]): Promise<void> {
    const hello = this.#hello
    if (hello === null || this.#isEnding) throw new Error('the runner takes no orders now')
    const nowMs = this.#parts.clock.now()
    const taken = new Map<string, AcceptedOrder>()
    const jobsTaken = new Set<string>()
    for (const order of orders) {
      const accepted = acceptedOrder(order, hello.nodeName, nowMs)
      const isKnown = taken.has(accepted.key) || this.#isKnown(accepted.key)
      const isJobActive = this.#activeJobs.has(order.jobName) || jobsTaken.has(order.jobName)
      const decision = decideStart({ order, nowMs, isKnown, isJobActive })
      if (decision.kind === 'ignore') continue
      if (decision.kind === 'start') jobsTaken.add(order.jobName)
      const refusal = decision.kind === 'refuse' ? { outcome: decision.outcome, reason: decision.reason } : null
      taken.set(accepted.key, { ...accepted, refusal })
    }
    if (taken.size > 0) await this.#take([...taken.values()])
  }

  async #take(taken: readonly AcceptedOrder[]): Promise<void> {
    await this.#parts.journal.accept(taken)
    this.#enqueue(taken.filter((accepted) => accepted.refusal === null))
    for (const accepted of taken)
      if (accepted.refusal !== null) this.recordWithoutRun(accepted, accepted.refusal.outcome, accepted.refusal.reason)
  }

  #isKnown(key: string): boolean {
    return this.#parts.journal.isKnown(key) || this.#parts.results.has(key)
  }

  #enqueue(orders: readonly AcceptedOrder[]): void {
    for (const accepted of orders) {
      this.#queued.set(accepted.key, accepted)
      this.#countJob(accepted, 1)
    }
    this.#queue.push(orders)
  }

  async #prepare(orders: readonly AcceptedOrder[]): Promise<void> {
    const keys = orders.map((accepted) => accepted.key).filter((key) => this.#queued.has(key))
    await this.#parts.pipes.reserve(keys.length)
    await this.#parts.journal.starting(keys)
  }

  async #launch(accepted: AcceptedOrder): Promise<'done' | 'later'> {
    const { clock, pipes } = this.#parts
    try {
      while (!pipes.hasFree) await pipes.reserve(1)
    } catch {
      return 'later'
    }
    const hello = this.#hello
    if (hello === null || !this.#queued.has(accepted.key)) return 'done'
    const startedAt = clock.now()
    const { startBeforeAt } = accepted.order
    if (startBeforeAt !== null && startedAt > startBeforeAt) {
      this.#recordWithoutRun(accepted, 'missed', 'not started: it waited too long for its turn on this node')
      return 'done'
    }
    this.#launching.set(accepted.key, null)
    const result = await launchCommand({ ...this.#parts, accepted, hello, startedAt, scratch: this.#scratch })
    const stopReason = this.#launching.get(accepted.key) ?? null
    this.#launching.delete(accepted.key)
    return this.#noteLaunch(accepted, result, stopReason)
  }

  #noteLaunch(accepted: AcceptedOrder, result: LaunchResult, stopReason: string | null): 'done' | 'later' {
    switch (result.kind) {
      case 'spawned':
        this.#noteStart(accepted, result.command)
        if (stopReason !== null) result.command.stop(stopReason)
        return 'done'
      case 'unknown':
        this.#recordWithoutRun(accepted, 'unknown', result.reason)
        return 'done'
      case 'failed': {
        const hasTime = this.#parts.clock.now() - accepted.acceptedAt < shortageLimitMs
        if (stopReason === null && result.isShortage && hasTime) return 'later'
        const reason = stopReason === null ? result.reason : `${stopReason} before it was started`
        this.#recordWithoutRun(accepted, 'failed', reason)
        return 'done'
      }
    }
  }

  #noteStart(accepted: AcceptedOrder, command: LiveCommand): void {
    const { key } = accepted
    const { pid, startTicks, startedAt, pipeName } = command
    const spawn = { key, pid, startTicks, startedAt, pipeName }
    this.#parts.journal.spawned([spawn]).catch((error) => {
      // Without it the process is still found by its environment.
      this.#parts.log.error({ key, err: messageOf(error) }, 'start could not be noted in the journal')
    })
    this.#startedCount += 1
    this.#longestWaitMs = Math.max(this.#longestWaitMs, startedAt - accepted.acceptedAt)
    this.#queued.delete(key)
    this.#track({ ...accepted, spawn }, command)
  }

  #track(accepted: AcceptedOrder, command: LiveCommand): void {
    this.#live.set(accepted.key, { accepted, command })
    this.#parts.onEvent({ event: 'started', execution: runningRecord(accepted, command, 0) })
    void command.ended.then((end) => {
      const execution = recordOfRun(accepted, command, end)
      this.#noteEnd(accepted.key, runningRecord(accepted, command, 0))
      const isReusable = command.output.hasEnded && accepted.order.runAsUser === null
      command.output.discard()
      if (isReusable) this.#parts.pipes.giveBack(command.pipeName)
      else this.#parts.pipes.release(command.pipeName)
      this.#live.delete(accepted.key)
      this.#countJob(accepted, -1)
      this.#record(execution)
    })
  }

  #noteEnd(key: string, execution: RunningExecution): void {
    this.#justEnded.set(key, execution)
    const [oldest] = this.#justEnded.keys()
    if (this.#justEnded.size > mostJustEnded && oldest !== undefined) this.#justEnded.delete(oldest)
  }

  #recordWithoutRun(accepted: AcceptedOrder, outcome: 'missed' | 'failed' | 'unknown', reason: string): void {
    if (!this.#queued.delete(accepted.key)) return
    this.#countJob(accepted, -1)
    this.#record(recordWithoutRun(accepted, outcome, reason, this.#parts.clock.now()))
  }

  #record(execution: Execution): void {
    this.#recordingCount += 1
    const { results, log } = this.#parts
    results
      .add(execution)
      .catch((error) => {
        const key = executionKey(execution.jobName, execution.id)
        this.#justEnded.delete(key)
        log.error({ key, err: messageOf(error) }, 'result could not be kept')
      })
      .finally(() => {
        this.#recordingCount -= 1
        this.#tellOfResults()
      })
  }

  /** Once for all that ended in this turn of the loop. */
  #tellOfResults(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    setImmediate(() => {
      this.#isTelling = false
      this.#parts.onEvent({ event: 'results' })
    })
  }

  #countJob({ order }: AcceptedOrder, change: 1 | -1): void {
    const count = (this.#activeJobs.get(order.jobName) ?? 0) + change
    if (count > 0) this.#activeJobs.set(order.jobName, count)
    else this.#activeJobs.delete(order.jobName)
  }
}
