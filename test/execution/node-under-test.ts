/**
 * A node's executor with its real runner process, and orders and results in memory in place of the cluster.
 *
 * Easy to get wrong: the runner outlives its executor, as it should; closing the node ends it by its pid.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { NodeExecutor, type NodeExecutorOptions } from '../../src/execution/node-executor.ts'
import type { ExecutionSink, OrderInbox } from '../../src/execution/ports.ts'
import { type Execution, executionKey, type StartOrder } from '../../src/model/execution.ts'
import { eventually } from '../harness/eventually.ts'
import { type TempDir, tempDir } from '../harness/temp-dir.ts'

export const nodeName = 'n1'
let lastGroup = 1_700_000_000_000_000_000n

/** An order of its own fire, for `/bin/sh` unless said otherwise. */
export function orderOf(command: string, change: Partial<StartOrder> = {}): StartOrder {
  lastGroup += 1n
  return {
    jobName: 'job',
    group: String(lastGroup),
    attempt: 1,
    scheduledAt: 1_700_000_000_000,
    command,
    isShell: true,
    runAsUser: null,
    concurrency: 'allow',
    timeLimitMs: null,
    startBeforeAt: null,
    ...change,
  }
}

export const idOf = (order: StartOrder) => `${order.group}-${order.attempt}-${nodeName}`
export const keyOf = (order: StartOrder) => executionKey(order.jobName, idOf(order))

/** Messages that come again until they were accepted. */
export class MemoryInbox implements OrderInbox {
  #messages: StartOrder[][] = []
  acceptedCount = 0
  refusals: unknown[] = []

  send(...orders: StartOrder[]): void {
    this.#messages.push(orders)
  }

  async consume(accept: (orders: readonly StartOrder[]) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const message = this.#messages[0]
      if (message === undefined) {
        await systemClock.sleep(5, signal).catch(() => {})
        continue
      }
      try {
        await accept(message)
        this.#messages.shift()
        this.acceptedCount += 1
      } catch (error) {
        this.refusals.push(error)
        await systemClock.sleep(50, signal).catch(() => {})
      }
    }
  }
}

/** A history; while `isAway` it takes nothing. */
export class MemorySink implements ExecutionSink {
  readonly executions: Execution[] = []
  isAway = false

  async append(execution: Execution): Promise<void> {
    if (this.isAway) throw new Error('the cluster is away')
    this.executions.push(execution)
  }

  of(order: StartOrder): Execution | undefined {
    return this.executions.find((execution) => executionKey(execution.jobName, execution.id) === keyOf(order))
  }
}

export type NodeChanges = Partial<NodeExecutorOptions>

export class NodeUnderTest implements AsyncDisposable {
  readonly inbox = new MemoryInbox()
  readonly sink = new MemorySink()
  readonly dir: string
  readonly #folder: TempDir | null
  readonly #changes: NodeChanges
  #executor: NodeExecutor | null = null

  private constructor(dir: string, folder: TempDir | null, changes: NodeChanges) {
    this.dir = dir
    this.#folder = folder
    this.#changes = changes
  }

  /** @param dir the runner's folder; by default one that vanishes afterwards */
  static async start(changes: NodeChanges = {}, dir?: string): Promise<NodeUnderTest> {
    const folder = dir === undefined ? await tempDir() : null
    const node = new NodeUnderTest(dir ?? join(folder?.path ?? '', 'runner'), folder, changes)
    await node.openAgent()
    return node
  }

  get executor(): NodeExecutor {
    if (this.#executor === null) throw new Error('the agent is closed')
    return this.#executor
  }

  async openAgent(): Promise<void> {
    const { dir, inbox, sink } = this
    this.#executor = await NodeExecutor.open({
      runnerDir: dir,
      nodeName,
      inbox,
      sink,
      turns: { claim: async () => null },
      clock: systemClock,
      log: silentLog,
      env: process.env,
      ...this.#changes,
    })
  }

  async closeAgent(): Promise<void> {
    await this.#executor?.close()
    this.#executor = null
  }

  /** Sends an order and waits for its record. */
  async run(order: StartOrder, withinMs = 10_000): Promise<Execution> {
    this.inbox.send(order)
    return this.recordOf(order, withinMs)
  }

  recordOf(order: StartOrder, withinMs = 10_000): Promise<Execution> {
    return eventually(() => this.sink.of(order), withinMs, `a record of ${keyOf(order)}`)
  }

  /** Waits until its command runs. */
  async pidOf(order: StartOrder): Promise<number> {
    const find = async () => (await this.executor.running()).find(({ id }) => id === idOf(order))?.pid
    return eventually(find, 10_000, `${keyOf(order)} running`)
  }

  async runnerPid(): Promise<number> {
    return (JSON.parse(await readFile(join(this.dir, 'runner.pid'), 'utf8')) as { pid: number }).pid
  }

  async killRunner(): Promise<void> {
    process.kill(await this.runnerPid(), 'SIGKILL')
  }

  /** Every process that is this folder's runner, or about to become it. */
  runnerPids(): readonly number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && commandLineOf(name).includes(this.dir))
      .map(Number)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeAgent()
    const pid = await this.runnerPid().catch(() => null)
    if (pid !== null) await endProcess(pid)
    await this.#folder?.[Symbol.asyncDispose]()
  }
}

function commandLineOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

/** SIGTERM makes the runner end its commands first. */
async function endProcess(pid: number): Promise<void> {
  signalProcess(pid, 'SIGTERM')
  await eventually(() => !isThere(pid), 8_000, 'the end of the runner').catch(() => signalProcess(pid, 'SIGKILL'))
}

export function isThere(pid: number): boolean {
  return signalProcess(pid, 0)
}

function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}
