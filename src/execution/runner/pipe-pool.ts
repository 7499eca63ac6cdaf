/**
 * Named pipes that take the output of commands, one each, for both standard output and standard error.
 *
 * Why named pipes: both streams go into one pipe, so they interleave as they were written; a command may open
 * /dev/stderr, which it cannot when its output is a socket, as Node's own pipes are; and a runner that takes over
 * from a killed one opens the same pipe again. mkfifo(1) makes many at once, since Node has no call for it.
 *
 * Easy to get wrong: a pipe goes on to another command only when nobody has it open any more. What a process of another
 * user once had never does: it might have opened it again to read what comes.
 */
import { execFile } from 'node:child_process'
import { constants, openSync, rmSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const pipesPerCall = 64
/** More are not kept for other commands: once there may have been very many. */
const mostFree = 256
/** With fewer left than this, more are made while the commands at hand are started. */
const keptReady = 32
const run = promisify(execFile)

export class PipePool {
  readonly #dir: string
  readonly #free: string[] = []
  #next = 1
  #making: Promise<void> | null = null

  private constructor(dir: string) {
    this.#dir = dir
  }

  /** Opens the folder, removing pipes of earlier runners that are not in `keep`. */
  static async open(dir: string, keep: ReadonlySet<string>): Promise<PipePool> {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const pool = new PipePool(dir)
    for (const name of await readdir(dir)) {
      if (keep.has(name)) pool.#next = Math.max(pool.#next, Number(name) + 1)
      else await rm(join(dir, name), { force: true })
    }
    return pool
  }

  /** Whether one can be taken now. */
  get hasFree(): boolean {
    return this.#free.length > 0
  }

  /** Makes sure that `count` pipes can be taken. @throws if the folder takes none */
  async reserve(count: number): Promise<void> {
    while (this.#free.length < count) await this.#make()
    // Waiting for mkfifo would cost a start some 30 ms on a busy machine. If this fails, whoever has to wait is told.
    if (this.#free.length < count + keptReady) this.#make().catch(() => {})
  }

  /** The name of a pipe that nobody has open. @throws if none was reserved */
  take(): string {
    const name = this.#free.pop()
    if (name === undefined) throw new Error('no pipe was reserved')
    return name
  }

  pathOf(name: string): string {
    return join(this.#dir, name)
  }

  /** A descriptor to read from without waiting for a writer. Until somebody has opened it for writing, it is at its end. */
  openForReading(name: string): number {
    return openSync(this.pathOf(name), constants.O_RDONLY | constants.O_NONBLOCK)
  }

  #make(): Promise<void> {
    this.#making ??= this.#makeMany().finally(() => {
      this.#making = null
    })
    return this.#making
  }

  async #makeMany(): Promise<void> {
    const names = Array.from({ length: pipesPerCall }, () => String(this.#next++))
    await run('mkfifo', ['-m', '600', '--', ...names.map((name) => this.pathOf(name))])
    this.#free.push(...names)
  }

  /** Nobody opens it by name any more; who has it open goes on. */
  release(name: string): void {
    rmSync(this.pathOf(name), { force: true })
  }

  /** As `release`, of a pipe that only processes of our own user ever had, and that is at its end: it will do again. */
  giveBack(name: string): void {
    if (this.#free.length < mostFree) this.#free.push(name)
    else this.release(name)
  }
}
