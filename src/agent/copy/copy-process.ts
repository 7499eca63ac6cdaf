/**
 * The process that makes a copy, as the command sees it: started, listened to, told to stop, cleaned up after.
 *
 * Easy to get wrong: it gets a session of its own, because Ctrl-C in a terminal reaches the whole foreground group, and it
 * is this command that decides what Ctrl-C means. It ends by itself when the command is killed: its channel closes.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CopyMessage, CopyOrder, CopySpec } from './copy-messages.ts'
import { CopyEndedError, CopyFailedError, CopyWorkDirError } from './errors.ts'

const passedOn = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS']
const heapLimitMb = 512
/** The tasks get ten seconds each, and then NATS has to sync its store. */
const stopWithinMs = 60_000
const lastLines = 5

export type CopyNews = Extract<CopyMessage, { readonly kind: 'news' }>
export type CopyStopped = Omit<Extract<CopyMessage, { readonly kind: 'stopped' }>, 'kind'>

export class CopyProcess {
  /** Rejects with what ended the process though nobody told it to. */
  readonly failed: Promise<never>
  readonly #child: ChildProcess
  readonly #spec: CopySpec
  readonly #ended: Promise<CopyMessage | null>
  #isTold = false

  constructor(spec: CopySpec, onNews: (news: CopyNews) => void) {
    this.#spec = spec
    this.#child = start(spec)
    let last: CopyMessage | null = null
    this.#child.on('message', (message: CopyMessage) => {
      if (message.kind === 'news') onNews(message)
      else last = message
    })
    const exited = new Promise<string>((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(signal === null ? `with exit status ${code}` : `by ${signal}`))
      // Without a listener a failed fork or send would end the command.
      this.#child.on('error', (error) => this.#child.pid === undefined && resolve(`at once: ${error.message}`))
    })
    this.#ended = exited.then(() => last)
    this.failed = exited.then((how) => {
      if (!this.#isTold || last?.kind === 'failed') throw this.#failureOf(last, how)
      return new Promise<never>(() => {})
    })
    this.failed.catch(() => {})
  }

  /**
   * Ends it at a transaction boundary. Safe to repeat; a second call may change `forget` only until the process has ended.
   *
   * @param forget also what the target's bookkeeping holds of the copy
   */
  async stop(forget: boolean): Promise<CopyStopped> {
    this.#isTold = true
    this.#tell({ kind: 'stop', forget })
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopWithinMs)
    const last = await this.#ended
    clearTimeout(timer)
    if (last?.kind === 'stopped') return { position: last.position, leftovers: last.leftovers }
    const { host, port } = this.#spec.plan.to
    const leftovers = forget
      ? `rows of job_id ${this.#spec.jobId} may stay in the schema millrace on ${host}:${port}`
      : ''
    return { position: '', leftovers }
  }

  #tell(order: CopyOrder): void {
    if (this.#child.connected) this.#child.send(order, () => undefined)
  }

  #failureOf(last: CopyMessage | null, how: string): Error {
    if (last?.kind === 'failed' && last.code === 'AGENT_DATA_DIRECTORY_IN_USE')
      return new CopyWorkDirError(
        `--work-dir ${this.#spec.folder} is in use by another copy that runs now; wait for its end, or name another folder`,
      )
    if (last?.kind === 'failed') return new CopyFailedError(last.message, last.code, last.remedy)
    return new CopyEndedError(how, endOfLog(this.#spec.folder))
  }
}

/** What the copy's processes write. */
function logPath(folder: string): string {
  return join(folder, 'copy.log')
}

/** This file is TypeScript in development and JavaScript when built; its neighbour is the same. */
function program(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./copy-agent-main.${extension}`, import.meta.url).pathname
}

function start(spec: CopySpec): ChildProcess {
  const log = openSync(logPath(spec.folder), 'a', 0o600)
  try {
    const env = Object.fromEntries(passedOn.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])))
    const child = fork(program(), [], {
      detached: true,
      env,
      execArgv: [`--max-old-space-size=${heapLimitMb}`, '--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', log, log, 'ipc'],
    })
    child.send({ kind: 'start', spec } satisfies CopyOrder, () => undefined)
    return child
  } finally {
    closeSync(log)
  }
}

function endOfLog(folder: string): string {
  try {
    return readFileSync(logPath(folder), 'utf8').trimEnd().split('\n').slice(-lastLines).join(' | ')
  } catch {
    return ''
  }
}
