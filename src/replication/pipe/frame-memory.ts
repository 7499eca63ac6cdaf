/**
 * Memory of frames, lent again when a frame is stored: memory outside the JavaScript heap that is thrown away frame by
 * frame makes the engine look through its whole heap every few megabytes.
 */

/** Smaller frames are cheap to throw away. */
const leastBytes = 65_536
/** Of what waits to be lent. */
const mostKeptBytes = 6 * 1024 * 1024

export class FrameMemory {
  #kept: Buffer[] = []
  #keptBytes = 0

  /** @returns as many bytes, of any content */
  lend(sizeBytes: number): Buffer {
    if (sizeBytes < leastBytes) return Buffer.allocUnsafe(sizeBytes)
    const place = this.#kept.findIndex(({ length }) => length >= sizeBytes && length <= 2 * sizeBytes)
    const [kept] = place === -1 ? [] : this.#kept.splice(place, 1)
    if (kept === undefined) return Buffer.allocUnsafeSlow(roundedUp(sizeBytes)).subarray(0, sizeBytes)
    this.#keptBytes -= kept.length
    return kept.subarray(0, sizeBytes)
  }

  /** Nobody uses the frame any more; what is too much is left to the engine. */
  takeBack({ buffer, byteLength }: Buffer): void {
    if (byteLength < leastBytes || this.#keptBytes + buffer.byteLength > mostKeptBytes) return
    this.#kept.push(Buffer.from(buffer))
    this.#keptBytes += buffer.byteLength
  }
}

/** So that frames of about one size fit each other's memory. */
function roundedUp(sizeBytes: number): number {
  return Math.ceil(sizeBytes / leastBytes) * leastBytes
}
