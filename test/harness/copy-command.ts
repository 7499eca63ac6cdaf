/** `millrace copy` as a process: what it says while it runs, and what it leaves behind. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { eventually } from './eventually.ts'
import { programArguments } from './millrace-command.ts'
import type { TestServer } from './mysql-servers.ts'
import { type TempDir, tempDir } from './temp-dir.ts'

export interface CopyEvent {
  readonly event: string
  readonly [field: string]: unknown
}

export interface EndedCopy {
  /** 128 and the signal's number for one that was killed. */
  readonly status: number
  readonly out: string
  readonly errors: string
}

export class CopyCommand implements AsyncDisposable {
  readonly ended: Promise<EndedCopy>
  readonly #child: ChildProcess
  readonly #temporary: TempDir
  #out = ''
  #errors = ''

  private constructor(child: ChildProcess, temporary: TempDir) {
    this.#child = child
    this.#temporary = temporary
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text
    })
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        const status = code ?? (signal === 'SIGKILL' ? 137 : 128)
        resolve({ status, out: this.#out, errors: this.#errors })
      })
    })
  }

  /** @param args after `copy`; passwords come from `env` */
  static async start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CopyCommand> {
    const temporary = await tempDir()
    const [command, ...program] = programArguments()
    const child = spawn(command, [...program, 'copy', ...args], {
      env: { ...process.env, TMPDIR: temporary.path, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return new CopyCommand(child, temporary)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get out(): string {
    return this.#out
  }

  /** With --json: what was said so far. */
  events(): readonly CopyEvent[] {
    const whole = this.#out.slice(0, this.#out.lastIndexOf('\n') + 1)
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as CopyEvent)
  }

  /** Waits for an event. @throws with all that was said when the command ends before */
  async whenEvent(wanted: (event: CopyEvent) => boolean, withinMs = 90_000): Promise<CopyEvent> {
    const early = this.ended.then(({ status, out, errors }) => {
      if (this.events().some(wanted)) return undefined
      throw new Error(`the copy ended with ${status} before that: ${out}\n${errors}`)
    })
    const found = eventually(() => this.events().find(wanted), withinMs, 'the event')
    await Promise.race([found, early])
    return found
  }

  /** As a reader such as head does. */
  closeOutput(): void {
    this.#child.stdout?.destroy()
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Files in the folder for temporary ones, and processes that have it in their arguments or environment. */
  leftovers(): readonly string[] {
    const files = readdirSync(this.#temporary.path)
    return [...files, ...processesNaming(this.#temporary.path)]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM')
    await this.ended
    await eventually(() => processesNaming(this.#temporary.path).length === 0, 30_000, 'the end of what was started')
    await this.#temporary[Symbol.asyncDispose]()
  }
}

/** Processes whose arguments or environment name `text`, this one left out. */
export function processesNaming(text: string): readonly string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return []
    try {
      const [command, environment] = ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8'))
      return `${command}${environment}`.includes(text) ? [`${pid} ${command?.replaceAll('\0', ' ')}`] : []
    } catch {
      return []
    }
  })
}

export function urlOf(server: Pick<TestServer, 'host' | 'port' | 'user'>, user = server.user): string {
  return `mysql://${user}@${server.host}:${server.port}`
}

export function passwordsOf(source: TestServer, target: TestServer): Readonly<Record<string, string>> {
  return { MILLRACE_FROM_PASSWORD: source.password, MILLRACE_TO_PASSWORD: target.password }
}
