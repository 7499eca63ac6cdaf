/**
 * What a node does with its orders: hands them to the runner and brings the results back.
 *
 * Easy to get wrong: closing this ends nothing that runs. Commands belong to the runner, and the next agent finds
 * them there.
 */
import { chmod, mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Clock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { type Execution, executionKey, type RunningExecution, type StartOrder } from '../model/execution.ts'
import { commandEnvironment } from './command-environment.ts'
import { ExclusiveStarts } from './exclusive-starts.ts'
import { OrderRefusals } from './order-refusals.ts'
import type { ExecutionSink, OrderInbox, StartTurns } from './ports.ts'
import { ResultPublisher } from './result-publisher.ts'
import { type OutputAnswer, protocolVersion, type RunnerEvent, type RunnerStats } from './runner/protocol.ts'
import { RunnerLink } from './runner-link.ts'

const drainPollMs = 50
const consumeRetryMs = 1_000
/** Orders that are claimed at a time. */
const claimBatch = 256
/** As JSON it may be six times as long, and must fit one message to the runner. */
const largestOutputBytes = 8_388_608

export interface NodeExecutorOptions {
  /** The runner's folder, `<data-dir>/runner`. Made if missing, for its owner alone. */
  readonly runnerDir: string
  readonly nodeName: string
  readonly inbox: OrderInbox
  readonly sink: ExecutionSink
  readonly turns: StartTurns
  readonly clock: Clock
  readonly log: Log
  /** The agent's environment; commands get it without `MILLRACE_*`. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Of each command's output, the last so many bytes are kept: at most 8 MiB, by default 256,000. */
  readonly outputLimitBytes?: number
  /** Between SIGTERM and SIGKILL. Default 5 s. */
  readonly stopGraceMs?: number
  /** Where commands run. Default: where the agent runs. */
  readonly workingDir?: string
  /** A command runs now. After a lost connection some calls may be missing; `running` always tells. */
  readonly onStarted?: (execution: RunningExecution) => void
  /** An execution has ended; called again by an agent that finds it undelivered. */
  readonly onFinished?: (execution: Execution) => void
}

export class NodeExecutor {
  readonly #options: NodeExecutorOptions
  readonly #link: RunnerLink
  readonly #publisher: ResultPublisher
  readonly #exclusive: ExclusiveStarts
  readonly #consuming = new AbortController()
  readonly #refusals: OrderRefusals
  #consumed: Promise<void> = Promise.resolve()

  private constructor(options: NodeExecutorOptions, runnerDir: string) {
    this.#options = options
    const { clock, log, sink } = options
    this.#refusals = new OrderRefusals(clock)
    this.#link = new RunnerLink({
      dir: runnerDir,
      hello: {
        version: protocolVersion,
        nodeName: options.nodeName,
        env: commandEnvironment(options.env),
        workingDir: options.workingDir ?? process.cwd(),
        outputLimitBytes: Math.min(options.outputLimitBytes ?? 256_000, largestOutputBytes),
        stopGraceMs: options.stopGraceMs ?? 5_000,
      },
      clock,
      log,
      onEvent: (event) => this.#onEvent(event),
      onConnected: () => this.#publisher.restart(),
    })
    const onFinished = (execution: Execution) => options.onFinished?.(execution)
    this.#publisher = new ResultPublisher({ link: this.#link, sink, clock, log, onFinished })
    const statesOf = (keys: readonly string[]) => this.statesOf(keys)
    const { nodeName, turns } = options
    this.#exclusive = new ExclusiveStarts({ nodeName, turns, sink, statesOf, onFinished, clock })
  }

  /**
   * Finds or starts the node's runner and begins to take orders and to deliver results.
   *
   * @throws RunnerUnavailableError when it can't be started, RunnerVersionError when another version's runner is
   *   still busy
   */
  static async open(options: NodeExecutorOptions): Promise<NodeExecutor> {
    const runnerDir = resolve(options.runnerDir)
    await mkdir(runnerDir, { recursive: true, mode: 0o700 })
    await chmod(runnerDir, 0o700)
    const executor = new NodeExecutor(options, runnerDir)
    await executor.#link.open()
    executor.#publisher.start()
    executor.#consumed = executor.#consume()
    return executor
  }

  /**
   * What runs of a job (or of all) on this node now, in the order in which it was started, with the end of its output.
   *
   * @param outputBytes how much of each at most; an earlier version's runner does not heed it
   * @throws RunnerUnavailableError
   */
  async running(jobName: string | null = null, outputBytes?: number): Promise<readonly RunningExecution[]> {
    const limit = outputBytes === undefined ? {} : { outputBytes }
    return (await this.#link.call('running', { jobName, ...limit })).executions
  }

  /**
   * What an execution on this node has written from byte `fromOffset` on, at most `limitBytes`.
   *
   * @throws RunnerUnavailableError; RunnerRefusedError when an earlier version's runner is still busy
   */
  outputOf(jobName: string, executionId: string, fromOffset: number, limitBytes: number): Promise<OutputAnswer> {
    return this.#link.call('output', { key: executionKey(jobName, executionId), fromOffset, limitBytes })
  }

  /** Whether executions wait or run here, are over, or never came; in the order of `keys`. @throws RunnerUnavailableError */
  async statesOf(keys: readonly string[]): Promise<readonly ('active' | 'ended' | 'unknown')[]> {
    return (await this.#link.call('states', { keys })).states
  }

  /**
   * Ends an execution with its whole process group; it is recorded as failed, "stopped by request".
   *
   * @returns false when it does not run here (any more). @throws RunnerUnavailableError
   */
  async stop(jobName: string, executionId: string): Promise<boolean> {
    return (await this.#link.call('stop', { key: executionKey(jobName, executionId) })).wasRunning
  }

  /** @throws RunnerUnavailableError */
  stats(): Promise<RunnerStats> {
    return this.#link.call('stats', null)
  }

  /** The runner takes no orders: it is away, or cannot write its journal. Until it takes one, or none came for a while. */
  get refusesOrders(): boolean {
    return this.#refusals.areRecent
  }

  /**
   * Takes no more orders and waits until nothing runs and every result is delivered.
   *
   * @returns false when that was not so within `timeoutMs`; what runs then runs on
   */
  async drain(timeoutMs: number): Promise<boolean> {
    const { clock } = this.#options
    const endAtMs = clock.monotonicMs() + timeoutMs
    await this.#stopConsuming()
    for (;;) {
      const stats = await this.stats().catch(() => null)
      if (stats !== null && stats.running + stats.queued + stats.undelivered === 0) return true
      if (clock.monotonicMs() >= endAtMs) return false
      await clock.sleep(drainPollMs)
    }
  }

  /** Lets go of the runner, which keeps its commands. Safe to repeat. */
  async close(): Promise<void> {
    await this.#stopConsuming()
    await this.#publisher.stop()
    await this.#link.close()
  }

  /** As `close`, and ends the runner when nothing runs. @returns false when something does */
  async shutdown(): Promise<boolean> {
    await this.#stopConsuming()
    await this.#publisher.stop()
    const answer = await this.#link.call('shutdown', null).catch(() => ({ willEnd: false }))
    await this.#link.close()
    return answer.willEnd
  }

  async #accept(orders: readonly StartOrder[]): Promise<void> {
    const free = orders.filter(({ concurrency }) => concurrency !== 'forbid')
    if (free.length > 0) await this.#link.call('start', { orders: free })
    const alone = orders.filter(({ concurrency }) => concurrency === 'forbid')
    for (let start = 0; start < alone.length; start += claimBatch) {
      const admitted = await this.#exclusive.admit(alone.slice(start, start + claimBatch))
      if (admitted.length > 0) await this.#link.call('start', { orders: admitted })
    }
  }

  async #consume(): Promise<void> {
    const { inbox, clock, log } = this.#options
    const { signal } = this.#consuming
    while (!signal.aborted) {
      try {
        await inbox.consume((orders) => this.#refusals.watch(() => this.#accept(orders)), signal)
      } catch (error) {
        if (signal.aborted) return
        log.error({ err: messageOf(error) }, 'orders could not be taken, trying again')
      }
      await clock.sleep(consumeRetryMs, signal).catch(() => {})
    }
  }

  async #stopConsuming(): Promise<void> {
    this.#consuming.abort(new Error('no more orders are taken'))
    await this.#consumed
  }

  #onEvent(event: RunnerEvent): void {
    if (event.event === 'results') this.#publisher.notify()
    else this.#options.onStarted?.(event.execution)
  }
}
