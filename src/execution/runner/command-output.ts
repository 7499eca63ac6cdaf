/**
 * Reads a command's pipe into a ring.
 *
 * Easy to get wrong: a process that the command left behind may hold the pipe for ever. After `discard` it is still
 * read, and forgotten, so that the process is neither blocked nor killed for writing.
 */
import { Socket } from 'node:net'
import { OutputRing } from './output-ring.ts'

export class CommandOutput {
  #ring: OutputRing
  readonly #socket: Socket
  #isDiscarding = false
  #hasEnded = false
  /** Resolves when nobody holds the pipe's other end any more. */
  readonly ended: Promise<void>

  /**
   * @param descriptor of the pipe's reading end; closed when the pipe ends
   * @param scratch what reads go through; may be shared, since every read is copied at once
   */
  constructor(descriptor: number, limitBytes: number, scratch: Uint8Array) {
    this.#ring = new OutputRing(limitBytes)
    const onread = { buffer: scratch, callback: (count: number, bytes: Uint8Array) => this.#take(count, bytes) }
    this.#socket = new Socket({ fd: descriptor, readable: true, writable: false, onread })
    this.ended = new Promise((resolve) => {
      this.#socket.once('close', () => {
        this.#hasEnded = true
        resolve()
      })
      this.#socket.on('error', () => this.#socket.destroy())
    })
    this.#socket.resume()
  }

  /** As `ended` says. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  get totalBytes(): number {
    return this.#ring.totalBytes
  }

  /** What the command itself did not write but the reader of its output should know. */
  note(text: string): void {
    this.#ring.write(Buffer.from(text))
  }

  /** As `OutputRing.read`. */
  read(fromOffset: number, limitBytes: number): ReturnType<OutputRing['read']> {
    return this.#ring.read(fromOffset, limitBytes)
  }

  text(limitBytes?: number): string {
    return this.#ring.text(limitBytes)
  }

  /** Forgets what was read and throws away what comes. The runner may end although somebody still holds the pipe. */
  discard(): void {
    this.#isDiscarding = true
    this.#ring = new OutputRing(0)
    this.#socket.unref()
  }

  #take(count: number, bytes: Uint8Array): boolean {
    if (!this.#isDiscarding) this.#ring.write(bytes.subarray(0, count))
    return true
  }
}
