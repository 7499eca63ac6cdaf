/**
 * A server as a child process: started with its output in a file, killed or stopped by its process id.
 *
 * Easy to get wrong: no test may leave a server behind. When this process ends, the exit hook kills what still runs; when
 * it is killed itself, the kernel does (the parent-death signal that util-linux' setpriv sets before it becomes the server).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, closeSync, openSync, readFileSync } from 'node:fs'

export interface ProcessStart {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Standard output and error are appended here. */
  readonly logPath: string
}

const gracefulStopMs = 60_000
const running = new Set<ServerProcess>()
const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find(isThere)

process.prependListener('exit', () => {
  for (const server of running) server.signal('SIGKILL')
})
// A test run ends a worker that hangs by this signal, which by itself would pass the exit hooks by.
process.once('SIGTERM', () => process.exit(143))

export class ServerProcess {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #logPath: string
  readonly #exited: Promise<void>
  #hasExited = false

  /** @throws Error when the program cannot be started at all */
  constructor(start: ProcessStart) {
    const log = openSync(start.logPath, 'a')
    const [command, args] =
      setpriv === undefined
        ? [start.command, start.args]
        : [setpriv, ['--pdeathsig', 'KILL', '--', start.command, ...start.args]]
    this.#child = spawn(command, args, {
      ...(start.cwd === undefined ? {} : { cwd: start.cwd }),
      env: { ...process.env, ...start.env },
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    this.#logPath = start.logPath
    this.#exited = new Promise((resolve) => {
      const ended = () => {
        this.#hasExited = true
        running.delete(this)
        resolve()
      }
      this.#child.once('exit', ended)
      this.#child.once('error', ended)
    })
    if (this.#child.pid === undefined) throw new Error(`cannot start ${start.command}`)
    this.pid = this.#child.pid
    running.add(this)
  }

  get hasExited(): boolean {
    return this.#hasExited
  }

  signal(name: NodeJS.Signals): void {
    if (!this.#hasExited) this.#child.kill(name)
  }

  /** Ends it at once, as a crash would. Harmless when it has ended. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.#exited
  }

  /** Asks it to end and waits; after a minute it is killed. */
  async stop(): Promise<void> {
    this.signal('SIGTERM')
    const timer = setTimeout(() => this.signal('SIGKILL'), gracefulStopMs)
    await this.#exited
    clearTimeout(timer)
  }

  /** The end of what it wrote. */
  lastLogLines(count = 20): string {
    return readFileSync(this.#logPath, 'utf8').trimEnd().split('\n').slice(-count).join('\n')
  }

  /** Fails, with the end of the log, when the process has ended. */
  assertRunning(name: string): void {
    if (this.#hasExited)
      throw new ServerEndedError(
        `${name} ended (status ${this.#child.exitCode}, signal ${this.#child.signalCode}):\n${this.lastLogLines()}`,
      )
  }
}

/** The server is gone, so waiting for it makes no sense. */
export class ServerEndedError extends Error {}

function isThere(path: string): boolean {
  try {
    accessSync(path)
    return true
  } catch {
    return false
  }
}
