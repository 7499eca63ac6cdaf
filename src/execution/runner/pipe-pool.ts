/**
 * Named pipes that take the output of commands, one each, for both standard output and standard error.
 *
 * Why named pipes: both streams go into one pipe, so they interleave as they were written; a command may open
 * /dev/stderr, which it cannot when its output is a socket, as Node's own pipes are; and a runner that takes over
 * from a killed one opens the same pipe again. mkfifo(1) makes many at once, since Node has no call for it.
 *
 * Easy to get wrong: commands get the pipe opened for reading and writing, so that one whose runner was killed does
 * not die of SIGPIPE before the next runner is there.
 */
import { execFile } from 'node:child_process'
import { constants, openSync, rmSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const pipesPerCall = 64
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

  /** Makes sure that `count` pipes can be taken. @throws if the folder takes none */
  async reserve(count: number): Promise<void> {
    while (this.#free.length < count) await this.#make()
    // Waiting for mkfifo would cost a start some 30 ms on a busy machine. If this fails, whoever has to wait is told.
    if (this.#free.length < count + keptReady) this.#make().catch(() => {})
  }

  /** A fresh pipe's name. @throws if none was reserved */
  take(): string {
    const name = this.#free.shift()
    if (name === undefined) throw new Error('no pipe was reserved')
    return name
  }

  pathOf(name: string): string {
    return join(this.#dir, name)
  }

  /** A descriptor to read from without waiting for a writer. */
  openForReading(name: string): number {
    return openSync(this.pathOf(name), constants.O_RDONLY | constants.O_NONBLOCK)
  }

  /** The descriptor that a command writes to. */
  openForCommand(name: string): number {
    return openSync(this.pathOf(name), constants.O_RDWR)
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
}
