/**
 * One machine of a cluster under test: an agent, and whatever it starts there.
 *
 * Easy to get wrong: killing the agent alone leaves its NATS server, its runner and the commands running; the death of the
 * machine ends them all.
 */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, readPidFile } from '../../../src/core/process-identity.ts'
import { partOf } from '../../harness/agent-cluster.ts'
import { natsServerPath } from '../../harness/nats-server.ts'
import { whenReady } from '../../harness/ready.ts'
import { ServerProcess } from '../../harness/server-process.ts'
import type { HttpReply } from '../network/hub.ts'
import type { Machine, Network } from '../network/network.ts'
import { agentProgram } from './agent-program.ts'
import { OddClock } from './odd-clock.ts'
import { SmallDisk } from './small-disk.ts'

export const dkronPort = 8080
export const udupPort = 8190
export const natsPort = 8193
export const routePort = 8194

export interface NodeOptions {
  readonly name: string
  readonly network: Network
  /** For everything of this machine's. */
  readonly folder: string
  /** Further flags of `millrace agent`. */
  readonly args: readonly string[]
  readonly hasSmallDisk: boolean
  readonly hasOddClock: boolean
}

export type ApiName = 'dkron' | 'udup'

const startWithinMs = 60_000

export class ClusterNode implements AsyncDisposable {
  readonly name: string
  readonly machine: Machine
  readonly dataDir: string
  readonly disk: SmallDisk | null
  readonly clock: OddClock | null
  readonly #options: NodeOptions
  readonly #logPath: string
  readonly #pids: number[] = []
  #agent: ServerProcess | null = null

  constructor(options: NodeOptions) {
    this.#options = options
    this.name = options.name
    this.machine = options.network.machine(options.name)
    mkdirSync(options.folder, { recursive: true, mode: 0o700 })
    this.dataDir = join(options.folder, 'data')
    this.disk = options.hasSmallDisk ? SmallDisk.mount(this.dataDir) : null
    this.clock = options.hasOddClock ? new OddClock(join(options.folder, 'clock')) : null
    this.#logPath = join(options.folder, 'agent.log')
  }

  get isRunning(): boolean {
    return this.#agent?.hasExited === false
  }

  /** Of the agent's process, or null when it has ended. */
  get pid(): number | null {
    return this.isRunning ? (this.#agent?.pid ?? null) : null
  }

  /** Its store's name is in that of the file. */
  get natsPid(): number | null {
    const folder = join(this.dataDir, 'nats')
    const files = existsSync(folder) ? readdirSync(folder).filter((name) => /^nats.*\.pid$/.test(name)) : []
    return files.map((name) => this.#notedPid(`nats/${name}`)).find((pid) => pid !== null) ?? null
  }

  /** The cluster has one NATS server now, and it is this node's. */
  get hasOnlyServer(): boolean {
    return partOf(this) === 'home'
  }

  get runnerPid(): number | null {
    return this.#notedPid('runner/runner.pid')
  }

  /** Everything on this machine: agent, NATS server, runner, tasks, commands. */
  pids(): readonly number[] {
    return this.#options.network.pidsOf(this.name)
  }

  /** Starts the agent, unless it runs, and returns at once. */
  launch(): ServerProcess {
    if (this.#agent?.hasExited === false) return this.#agent
    const [command, ...program] = agentProgram()
    appendFileSync(this.#logPath, `--- start at ${new Date().toISOString()}\n`)
    const start = this.#options.network.on(this.name, {
      command,
      args: [...program, 'agent', ...this.#flags()],
      cwd: this.#options.folder,
      // What MILLRACE_ variables there are, commands do not see: this one they do.
      env: { MR_NODE: this.name, ...this.clock?.env },
      logPath: this.#logPath,
    })
    this.#agent = new ServerProcess(start)
    this.#pids.push(this.#agent.pid)
    return this.#agent
  }

  /** Starts the agent and waits until its API answers. @throws Error with the end of its log */
  async start(withinMs = startWithinMs): Promise<void> {
    const answers = async () => {
      const { status } = await this.api('dkron', 'GET', '/v1/members', undefined, 2_000)
      if (status !== 200) throw new Error(`GET /v1/members answered ${status}`)
    }
    await whenReady(this.launch(), `the agent of ${this.name}`, answers, withinMs)
  }

  /** SIGKILL to the agent alone. */
  async killAgent(): Promise<void> {
    await this.#agent?.kill()
  }

  /** The machine dies: nothing on it lives on. */
  async die(): Promise<void> {
    // Once more for what was being started at that moment.
    for (let round = 0; round < 2; round += 1) this.signalAll('SIGKILL')
    await this.#agent?.kill()
    this.signalAll('SIGKILL')
  }

  /** SIGTERM, and waits for the end. */
  async stop(): Promise<void> {
    await this.#agent?.stop()
  }

  signalAll(signal: NodeJS.Signals): void {
    for (const pid of this.pids()) sendSignal(pid, signal)
  }

  /** Waits until the agent has ended by itself. */
  async ended(withinMs: number): Promise<void> {
    const endAt = performance.now() + withinMs
    while (this.isRunning) {
      if (performance.now() > endAt) throw new Error(`the agent of ${this.name} still runs after ${withinMs} ms`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** @throws Error when there is no answer in time */
  api(api: ApiName, method: string, path: string, body?: unknown, withinMs = 10_000): Promise<HttpReply> {
    const port = api === 'dkron' ? dkronPort : udupPort
    return this.#options.network.hub.http({
      host: this.machine.managementAddress,
      port,
      method,
      path,
      withinMs,
      ...(body === undefined ? {} : { body }),
    })
  }

  log(): string {
    return readFileSync(this.#logPath, 'utf8')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signalAll('SIGCONT')
    await this.die()
    this.disk?.[Symbol.dispose]()
    if (this.clock !== null) OddClock.clearAfter(this.#pids)
  }

  #flags(): readonly string[] {
    const { address, advertised, managementAddress } = this.machine
    return [
      ['--data-dir', this.dataDir],
      ['--node-name', this.name],
      ['--http-addr', `${managementAddress}:${dkronPort}`],
      ['--udup-addr', `${managementAddress}:${udupPort}`],
      ['--insecure'],
      ['--nats-addr', `${address}:${natsPort}`],
      ['--nats-route-addr', `${address}:${routePort}`],
      ['--advertise', advertised],
      ['--nats-server', natsServerPath()],
      ['--log-level', 'info'],
      this.#options.args,
    ].flat()
  }

  #notedPid(path: string): number | null {
    const identity = readPidFile(join(this.dataDir, path))
    return identity !== null && isAlive(identity) ? identity.pid : null
  }
}

export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended by itself in between.
  }
}
