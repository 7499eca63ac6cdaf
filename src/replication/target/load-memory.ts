/**
 * Memory for the texts that one session loads, lent again and again: memory outside the JavaScript heap that is thrown away
 * after each load makes the engine look through its whole heap every few megabytes.
 */

/** More is not kept: it was for a row of unusual length. */
const mostKeptBytes = 4 * 1024 * 1024

export class LoadMemory {
  #kept: Buffer | null = null

  /** @returns as many bytes as asked for, of any content */
  lend(sizeBytes: number): Buffer {
    const kept = this.#kept
    this.#kept = null
    if (kept !== null && kept.length >= sizeBytes) return kept.subarray(0, sizeBytes)
    return Buffer.allocUnsafeSlow(sizeBytes)
  }

  /** What was lent is used by nobody any more. Who can't tell doesn't give it back. */
  takeBack(lent: Buffer): void {
    const { buffer, byteOffset } = lent
    if (buffer.byteLength > mostKeptBytes || byteOffset > 0) return
    if (this.#kept === null || this.#kept.length < buffer.byteLength) this.#kept = Buffer.from(buffer)
  }
}
