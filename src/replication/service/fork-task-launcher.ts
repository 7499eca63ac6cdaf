/**
 * Runs each task in a Node process of its own: a busy copy cannot make the agent late, a crash takes down nothing else.
 *
 * Easy to get wrong: the process gets a session of its own (`detached`), because Ctrl-C in a terminal reaches the whole
 * foreground group; the agent must end its tasks itself, in order. It still ends with its agent: its channel closes.
 */
import { type ChildProcess, fork } from 'node:child_process'
import type { ReplicationJob } from '../../model/replication-job.ts'
import type { TaskReport } from '../task-context.ts'
import { openPassword, type PasswordSources } from './open-password.ts'
import type { ExitInfo, StopOptions, TaskLauncher, TaskProcess, TaskSpec } from './ports.ts'
import type { ReportMessage, TaskOrder } from './task-messages.ts'

export interface ForkTaskLauncherParts extends PasswordSources {
  /** The program of a task's process; see `task-messages.ts` for what it must do. */
  readonly entryPath: string
  /** How a task reaches NATS, in whatever form the program at `entryPath` reads; must survive JSON. */
  natsFor(job: ReplicationJob): unknown
  /** Takes each line that a process writes, without its end. A line of the program's logger is JSON already. */
  writeLine(line: string, spec: TaskSpec): void
  /** A folder where processes keep compiled modules, so that the next one starts faster; absent: none. */
  readonly compileCachePath?: string
  /** Of the JavaScript heap; buffers are outside it. */
  readonly heapLimitMb?: number
}

const defaultHeapLimitMb = 256
/** Of its newest objects: in less room rows would outlive it, in more the buffers that they hold would wait for long. */
const youngHeapMb = 8
/**
 * How much a heap and the buffers that it holds may grow, in percent of what lived before, until all of it is looked
 * through again. Of so small a heap the engine would do so for every 8 MB of buffers, and spend as much on it as a task
 * on its work.
 */
const heapGrowthPercent = 40
/**
 * For the C library's allocator, mallopt(3): few arenas, for in one for each thread it would keep 40 MB and more in holes;
 * and freed frames and statements, up to 16 MiB of them at the end of the heap, do not go back to the system, for memory
 * that comes from there has to be cleared first, which took a quarter of the tasks' time.
 */
const allocatorSettings = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '33554432',
  MALLOC_TRIM_THRESHOLD_: '16777216',
}
const longestLine = 65_536
/** What a Node process needs of its environment; the agent's own may hold secrets that are no task's business. */
const passedOn = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS']

export class ForkTaskLauncher implements TaskLauncher {
  readonly #parts: ForkTaskLauncherParts
  readonly #running = new Map<ChildProcess, ReplicationJob>()

  constructor(parts: ForkTaskLauncherParts) {
    this.#parts = parts
  }

  async launch(spec: TaskSpec, onReport: (report: TaskReport) => void): Promise<TaskProcess> {
    const { host, port, user } = spec.job[spec.role].server
    const password = await openPassword(spec.job[spec.role].server, this.#parts)
    const child = this.#fork()
    const ended = Promise.withResolvers<ExitInfo>()
    const end = (info: ExitInfo) => {
      this.#running.delete(child)
      ended.resolve(info)
    }
    child.once('exit', (code, signal) => end({ code, signal }))
    // Without a listener a failed fork or send would end the agent; `exit` does not come when the fork failed.
    child.on('error', () => child.pid === undefined && end({ code: null, signal: null }))
    child.on('message', (message: unknown) => {
      if (isReport(message)) onReport(message.report)
    })
    for (const output of [child.stdout, child.stderr]) readLines(output, (line) => this.#parts.writeLine(line, spec))
    const server = { host, port, user, password }
    const { job, role, ownerTerm } = spec
    this.#running.set(child, job)
    tell(child, { kind: 'start', spec: { job, role, server, ownerTerm, nats: this.#parts.natsFor(job) } })
    return { exited: ended.promise, stop: (options) => stop(child, ended.promise, options) }
  }

  /** Every process that runs learns how it reaches NATS from now on. */
  tellNats(): void {
    for (const [child, job] of this.#running) tell(child, { kind: 'nats', nats: this.#parts.natsFor(job) })
  }

  #fork(): ChildProcess {
    const { entryPath, environment, compileCachePath, heapLimitMb = defaultHeapLimitMb } = this.#parts
    const own = Object.fromEntries(passedOn.flatMap((name) => (name in environment ? [[name, environment[name]]] : [])))
    const env = { ...own, ...allocatorSettings }
    return fork(entryPath, [], {
      detached: true,
      env: compileCachePath === undefined ? env : { ...env, NODE_COMPILE_CACHE: compileCachePath },
      execArgv: [
        `--max-old-space-size=${heapLimitMb}`,
        `--max-semi-space-size=${youngHeapMb}`,
        `--heap-growing-percent=${heapGrowthPercent}`,
        '--disable-warning=ExperimentalWarning',
      ],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
  }
}

async function stop(child: ChildProcess, exited: Promise<ExitInfo>, { timeoutMs, forget }: StopOptions): Promise<void> {
  tell(child, { kind: 'stop', forget })
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  await exited
  clearTimeout(timer)
}

function tell(child: ChildProcess, order: TaskOrder): void {
  // A process that ended meanwhile cannot be told anything; its exit says enough.
  if (child.connected) child.send(order, () => undefined)
}

function isReport(message: unknown): message is ReportMessage {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'report'
}

/** Cuts a stream into lines; what is too long for a line is cut too. */
function readLines(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  if (stream === null) return
  let rest = ''
  const flush = () => {
    if (rest !== '') onLine(rest)
    rest = ''
  }
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') onLine(line.slice(0, longestLine))
    if (rest.length > longestLine) flush()
  })
  stream.on('end', flush)
  stream.on('error', flush)
}
