/**
 * The runner's own log: JSON lines in one file that never grows past two times its limit.
 *
 * Easy to get wrong: standard error is the same file, opened for appending, so that what a crash prints is found
 * there too. The file is emptied, not renamed, and that goes on to work.
 */
import { closeSync, copyFileSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import type { Log } from '../../core/log.ts'

const limitBytes = 1_048_576

export class RunnerLog implements Log {
  readonly #path: string
  readonly #descriptor: number
  readonly #facts: Readonly<Record<string, unknown>>

  private constructor(path: string, descriptor: number, facts: Readonly<Record<string, unknown>>) {
    this.#path = path
    this.#descriptor = descriptor
    this.#facts = facts
  }

  static open(path: string): RunnerLog {
    return new RunnerLog(path, openSync(path, 'a', 0o600), { pid: process.pid })
  }

  /** Only chatter; not kept. */
  debug(): void {}

  info(facts: Readonly<Record<string, unknown>>, message: string): void {
    this.#write('info', facts, message)
  }

  warn(facts: Readonly<Record<string, unknown>>, message: string): void {
    this.#write('warn', facts, message)
  }

  error(facts: Readonly<Record<string, unknown>>, message: string): void {
    this.#write('error', facts, message)
  }

  child(facts: Readonly<Record<string, unknown>>): Log {
    return new RunnerLog(this.#path, this.#descriptor, { ...this.#facts, ...facts })
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  #write(level: string, facts: Readonly<Record<string, unknown>>, message: string): void {
    const line = JSON.stringify({ time: new Date().toISOString(), level, ...this.#facts, ...facts, msg: message })
    try {
      if (fstatSync(this.#descriptor).size > limitBytes) {
        copyFileSync(this.#path, `${this.#path}.1`)
        ftruncateSync(this.#descriptor)
      }
      writeSync(this.#descriptor, `${line}\n`)
    } catch {
      // A full disk: there is nowhere to say so.
    }
  }
}
