/**
 * Keeps one spawner: a new one when it died, and none of an earlier runner beside it.
 *
 * Easy to get wrong: a spawner outlives its runner for a moment, longer when it was stopped, and might still start what
 * it had been sent. The next runner ends it before it looks for what runs.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { isAlive, readProcess } from './process-table.ts'
import { type LaunchAnswer, type LaunchRequest, SpawnerProcess } from './spawner-process.ts'

const endPollMs = 5
/** A killed process that is still there is stuck in the kernel. */
const endLimitMs = 5_000

export class SpawnerLink {
  readonly #dir: string
  readonly #pidPath: string
  readonly #log: Log
  #spawner: SpawnerProcess | null = null
  #settings: { readonly env: Readonly<Record<string, string>>; readonly workingDir: string } | null = null
  #isClosed = false

  private constructor(dir: string, pidPath: string, log: Log) {
    this.#dir = dir
    this.#pidPath = pidPath
    this.#log = log
  }

  /**
   * Ends an earlier runner's spawner.
   *
   * @param name of this one among the runner's; its pid is in `<name>.pid`
   */
  static async open(dir: string, name: string, clock: Clock, log: Log): Promise<SpawnerLink> {
    const pidPath = join(dir, `${name}.pid`)
    await endEarlierSpawner(pidPath, clock)
    return new SpawnerLink(dir, pidPath, log)
  }

  /** How many launches it has not answered. */
  get load(): number {
    return this.#spawner?.load ?? 0
  }

  /** It takes launches at once. */
  get isReady(): boolean {
    return this.#spawner?.isReady ?? false
  }

  /** Makes sure that there is a spawner, or will be soon. */
  start(): void {
    this.#current()
  }

  /** What commands get that are launched from now on. */
  configure(env: Readonly<Record<string, string>>, workingDir: string): void {
    this.#settings = { env, workingDir }
    this.#spawner?.configure(env, workingDir)
  }

  /** As `SpawnerProcess.launch`; without a spawner, one is started. Never rejects. */
  launch(request: LaunchRequest): Promise<LaunchAnswer> {
    return this.#current()?.launch(request) ?? Promise.resolve({ kind: 'unsent' })
  }

  close(): void {
    this.#isClosed = true
    this.#spawner?.close()
    rmSync(this.#pidPath, { force: true })
  }

  /** @returns null when there is none now */
  #current(): SpawnerProcess | null {
    if (this.#isClosed) return null
    if (this.#spawner?.isGone !== false) this.#spawner = this.#start()
    return this.#spawner
  }

  #start(): SpawnerProcess | null {
    const log = this.#log
    let spawner: SpawnerProcess
    try {
      spawner = new SpawnerProcess(this.#dir)
      this.#notePid(spawner)
    } catch (error) {
      log.error({ err: messageOf(error) }, 'the spawner cannot be started')
      return null
    }
    if (this.#settings !== null) spawner.configure(this.#settings.env, this.#settings.workingDir)
    void spawner.ended.then((why) => {
      if (!this.#isClosed) log.error({ spawner: spawner.pid, why }, 'the spawner is gone; what it started runs on')
    })
    return spawner
  }

  /** Before it is sent anything. @throws when it can't be noted; then the spawner ends */
  #notePid(spawner: SpawnerProcess): void {
    if (spawner.pid === undefined) return
    const path = this.#pidPath
    const facts = { pid: spawner.pid, startTicks: readProcess(spawner.pid)?.startTicks ?? '' }
    try {
      writeFileSync(`${path}.new`, JSON.stringify(facts), { mode: 0o600 })
      renameSync(`${path}.new`, path)
    } catch (error) {
      spawner.close()
      throw error
    }
  }
}

async function endEarlierSpawner(path: string, clock: Clock): Promise<void> {
  let earlier: { readonly pid: number; readonly startTicks: string }
  try {
    earlier = JSON.parse(readFileSync(path, 'utf8')) as typeof earlier
  } catch {
    return
  }
  const { pid, startTicks } = earlier
  const endAtMs = clock.monotonicMs() + endLimitMs
  while (isAlive(pid, startTicks) && clock.monotonicMs() < endAtMs) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has just ended.
    }
    await clock.sleep(endPollMs)
  }
}
