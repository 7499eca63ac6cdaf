/**
 * One spawner as the runner sees it: launches go out together, answers and ends come back.
 *
 * Easy to get wrong: what it had not answered when it died is either surely not started or in doubt, and only the first
 * is the latter (spawner-protocol.ts says why). Its commands go on; nobody can see their exit status any more.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FromSpawner, Launch, ToSpawner } from './spawner-protocol.ts'

/** Its memory is what a fork costs: little room for garbage, and no threads of V8's own, nor one that waits for a debugger. */
const smallMemory = ['--max-semi-space-size=1', '--single-threaded', '--v8-pool-size=0', '--disable-sigusr1']

/** How a command ended, by the machine's monotonic clock. */
export interface SeenExit {
  readonly code: number | null
  readonly signal: string | null
  readonly atMs: number
}

export type LaunchAnswer =
  | {
      readonly kind: 'spawned'
      readonly pid: number
      readonly startTicks: string
      /** By the machine's monotonic clock. */
      readonly atMs: number
      /** Null when the spawner died first. Never rejects. */
      readonly exited: Promise<SeenExit | null>
    }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  /** The spawner was gone before it came to this one. */
  | { readonly kind: 'unsent' }
  /** The spawner died, and may have started this one just before. */
  | { readonly kind: 'in-doubt' }

export type LaunchRequest = Omit<Launch, 'id'>

export class SpawnerProcess {
  readonly #child: ChildProcess
  /** In the order in which they are sent. */
  readonly #unanswered = new Map<number, (answer: LaunchAnswer) => void>()
  readonly #running = new Map<number, (exit: SeenExit | null) => void>()
  #unsent: Launch[] = []
  /** Launches from this number on have not been sent. */
  #firstUnsentId = 1
  #nextId = 1
  #isReady = false
  #isGone = false
  #isFlushing = false
  /** Resolves with the reason when it has ended and all it said was heard. */
  readonly ended: Promise<string>

  /** @param dir where it runs. @throws the system's error when it can't be started */
  constructor(dir: string) {
    this.#child = spawn(process.execPath, [...smallMemory, spawnerEntry()], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      cwd: dir,
      // Commands get the agent's environment; this process needs none.
      env: {},
    })
    this.#child.on('message', (message) => this.#receive(message as FromSpawner))
    this.ended = this.#untilEnded().finally(() => this.#giveUp())
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** It has begun to take launches, and has not ended. */
  get isReady(): boolean {
    return this.#isReady && !this.#isGone
  }

  /** How many launches it has not answered. */
  get load(): number {
    return this.#unanswered.size
  }

  /** For launches that come after it. */
  configure(env: Readonly<Record<string, string>>, workingDir: string): void {
    this.#flush()
    this.#send({ kind: 'settings', env, workingDir })
  }

  /** Never rejects. Launches begin in the order of these calls. */
  launch(request: LaunchRequest): Promise<LaunchAnswer> {
    if (this.#isGone) return Promise.resolve({ kind: 'unsent' })
    const id = this.#nextId++
    this.#unsent.push({ id, ...request })
    const isIdle = this.#unanswered.size === 0
    const answer = new Promise<LaunchAnswer>((resolve) => this.#unanswered.set(id, resolve))
    // One that has nothing to do begins while the runner prepares the others.
    if (isIdle) this.#flush()
    else this.#flushSoon()
    return answer
  }

  /** It ends by itself; commands go on. */
  close(): void {
    if (this.#child.connected) this.#child.disconnect()
  }

  #receive(message: FromSpawner): void {
    switch (message.kind) {
      case 'ready':
        this.#isReady = true
        this.#flush()
        return
      case 'spawned': {
        const { id, pid, startTicks, atMs } = message
        const exited = new Promise<SeenExit | null>((resolve) => this.#running.set(id, resolve))
        this.#answer(id, { kind: 'spawned', pid, startTicks, atMs, exited })
        return
      }
      case 'failed':
        this.#answer(message.id, { kind: 'failed', code: message.code, message: message.message })
        return
      case 'exited': {
        const { id, code, signal, atMs } = message
        this.#running.get(id)?.({ code, signal, atMs })
        this.#running.delete(id)
      }
    }
  }

  #answer(id: number, answer: LaunchAnswer): void {
    this.#unanswered.get(id)?.(answer)
    this.#unanswered.delete(id)
  }

  /** Once for all that are at hand. */
  #flushSoon(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    setImmediate(() => {
      this.#isFlushing = false
      this.#flush()
    })
  }

  #flush(): void {
    if (!this.#isReady || this.#unsent.length === 0) return
    const launches = this.#unsent
    this.#unsent = []
    this.#firstUnsentId = this.#nextId
    this.#send({ kind: 'launch', launches })
  }

  #send(message: ToSpawner): void {
    // What could not be sent is found unanswered when it has ended.
    if (this.#child.connected) this.#child.send(message, undefined, undefined, () => {})
  }

  async #untilEnded(): Promise<string> {
    const child = this.#child
    if (child.pid === undefined) return new Promise((resolve) => child.once('error', (error) => resolve(error.message)))
    child.on('error', () => {})
    const exited = new Promise<string>((resolve) =>
      child.once('exit', (code, signal) => resolve(signal === null ? `exit status ${code}` : `signal ${signal}`)),
    )
    await new Promise<void>((resolve) => child.once('disconnect', resolve))
    // One that lives on without its channel must start nothing more either.
    child.kill('SIGKILL')
    return exited
  }

  #giveUp(): void {
    this.#isGone = true
    let isFirst = true
    for (const [id, resolve] of this.#unanswered) {
      resolve({ kind: isFirst && id < this.#firstUnsentId ? 'in-doubt' : 'unsent' })
      isFirst = false
    }
    this.#unanswered.clear()
    for (const resolve of this.#running.values()) resolve(null)
    this.#running.clear()
  }
}

/** Beside this file, and of its kind: .ts in development, .js when built. */
function spawnerEntry(): string {
  const here = fileURLToPath(import.meta.url)
  return fileURLToPath(new URL(`./spawner${extname(here)}`, import.meta.url))
}
