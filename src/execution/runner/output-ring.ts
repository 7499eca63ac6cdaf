/**
 * The end of what a command wrote, in memory that grows with it up to a limit and then stays.
 *
 * Easy to get wrong: the cut must not split a character, and the text must not be longer than the limit once bytes
 * that are not UTF-8 have become U+FFFD (three bytes each).
 */
const firstBytes = 1_024
/** Of those that hold nothing: most commands write nothing. */
const empty = Buffer.alloc(0)
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export class OutputRing {
  readonly #limitBytes: number
  #ring: Buffer = empty
  /** Where the next byte goes. */
  #at = 0
  #totalBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** All bytes ever written, kept or not. */
  get totalBytes(): number {
    return this.#totalBytes
  }

  /** Copies `bytes`; the caller may use its buffer again. */
  write(bytes: Uint8Array): void {
    const kept = bytes.length > this.#limitBytes ? bytes.subarray(bytes.length - this.#limitBytes) : bytes
    this.#growFor(kept.length)
    this.#totalBytes += bytes.length
    const untilEnd = Math.min(kept.length, this.#ring.length - this.#at)
    this.#ring.set(kept.subarray(0, untilEnd), this.#at)
    this.#ring.set(kept.subarray(untilEnd), 0)
    this.#at = this.#ring.length === 0 ? 0 : (this.#at + kept.length) % this.#ring.length
  }

  /** The last bytes as text, at most `limitBytes` of UTF-8. */
  text(limitBytes: number = this.#limitBytes): string {
    const held = Math.min(this.#totalBytes, this.#ring.length)
    const wanted = Math.min(held, limitBytes)
    let bytes = this.#last(wanted)
    if (wanted < this.#totalBytes) bytes = bytes.subarray(continuationBytes(bytes))
    const text = decoder.decode(bytes)
    return Buffer.byteLength(text) <= limitBytes ? text : lastOfText(text, limitBytes)
  }

  /**
   * A copy of what was written from byte `fromOffset` on, at most `limitBytes`; where that is not kept any more, from the
   * oldest byte that is.
   */
  read(fromOffset: number, limitBytes: number): { readonly offset: number; readonly bytes: Buffer } {
    const held = Math.min(this.#totalBytes, this.#ring.length)
    const offset = Math.min(Math.max(fromOffset, this.#totalBytes - held), this.#totalBytes)
    const bytes = Buffer.alloc(Math.min(limitBytes, this.#totalBytes - offset))
    if (bytes.length === 0) return { offset, bytes }
    const length = this.#ring.length
    const from = (((this.#at - (this.#totalBytes - offset)) % length) + length) % length
    const copied = this.#ring.copy(bytes, 0, from, Math.min(length, from + bytes.length))
    this.#ring.copy(bytes, copied, 0, bytes.length - copied)
    return { offset, bytes }
  }

  #last(count: number): Buffer {
    const from = this.#at - count
    if (from >= 0) return this.#ring.subarray(from, this.#at)
    return Buffer.concat([this.#ring.subarray(this.#ring.length + from), this.#ring.subarray(0, this.#at)])
  }

  /** Until the limit is reached the ring has not wrapped: its bytes are its start. */
  #growFor(count: number): void {
    const needed = Math.min(this.#totalBytes + count, this.#limitBytes)
    if (needed <= this.#ring.length) return
    const used = Math.min(this.#totalBytes, this.#ring.length)
    const larger = Buffer.alloc(Math.min(this.#limitBytes, Math.max(needed, firstBytes, this.#ring.length * 2)))
    this.#last(used).copy(larger)
    this.#ring = larger
    this.#at = used % larger.length
  }
}

/** The end of a text, at most `limitBytes` of UTF-8, not starting inside a character. */
export function lastOfText(text: string, limitBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= limitBytes) return text
  const end = bytes.subarray(bytes.length - limitBytes)
  return decoder.decode(end.subarray(continuationBytes(end)))
}

/** How many bytes at the front belong to a character whose first byte was cut off: at most three. */
function continuationBytes(bytes: Uint8Array): number {
  let count = 0
  while (count < 3 && count < bytes.length && ((bytes[count] ?? 0) & 0xc0) === 0x80) count += 1
  return count
}
