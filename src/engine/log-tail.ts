/** Reads what a program of ours adds to its log. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const longestRead = 1_048_576

/** What is added to a log; one that became shorter was begun anew. */
export class LogTail {
  readonly #path: string
  #offset = 0
  #rest = ''

  /** @param from `now`, or `start` for what is there already as well */
  constructor(path: string, from: 'start' | 'now') {
    this.#path = path
    if (from === 'now') this.#offset = this.#read((descriptor) => fstatSync(descriptor).size) ?? 0
  }

  newLines(): readonly string[] {
    const text = this.#read((descriptor) => {
      const { size } = fstatSync(descriptor)
      if (size < this.#offset) this.#offset = 0
      // Of very much, only the end: the last words tell enough.
      this.#offset = Math.max(this.#offset, size - longestRead)
      const bytes = Buffer.alloc(size - this.#offset)
      const count = readSync(descriptor, bytes, 0, bytes.length, this.#offset)
      this.#offset += count
      return bytes.toString('utf8', 0, count)
    })
    // A server that writes on a full disk cuts its lines off, and may say nothing more: half a line counts, too, when
    // nothing was added to it, and again when it is whole.
    if (!text) return this.#rest === '' ? [] : [this.#rest]
    const lines = `${this.#rest}${text}`.split('\n')
    this.#rest = lines.pop() ?? ''
    return lines
  }

  #read<Result>(act: (descriptor: number) => Result): Result | null {
    let descriptor: number | null = null
    try {
      descriptor = openSync(this.#path, 'r')
      return act(descriptor)
    } catch {
      return null
    } finally {
      if (descriptor !== null) closeSync(descriptor)
    }
  }
}
