/** Reads what a program of ours adds to its log. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const longestRead = 1_048_576

/** What is added to a log from now on; one that became shorter was begun anew. */
export class LogTail {
  readonly #path: string
  #offset: number
  #rest = ''

  constructor(path: string) {
    this.#path = path
    this.#offset = this.#read((descriptor) => fstatSync(descriptor).size) ?? 0
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
    if (!text) return []
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
