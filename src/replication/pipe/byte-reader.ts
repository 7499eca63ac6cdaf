/** Reads what ByteWriter wrote. Bytes are views, not copies. */
import { MalformedFrameError } from './errors.ts'

export class ByteReader {
  readonly #buffer: Buffer
  #at = 0
  #repeated = ''

  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }

  get isAtEnd(): boolean {
    return this.#at === this.#buffer.length
  }

  byte(): number {
    const value = this.#buffer[this.#at]
    if (value === undefined) throw this.#endsEarly()
    this.#at += 1
    return value
  }

  varint(): number {
    let value = 0
    for (let factor = 1; ; factor *= 0x80) {
      const next = this.byte()
      value += (next & 0x7f) * factor
      if (!Number.isSafeInteger(value))
        throw new MalformedFrameError(`a number in a frame is too large at byte ${this.#at}`)
      if (next < 0x80) return value
    }
  }

  uint64(): bigint {
    if (this.#at + 8 > this.#buffer.length) throw this.#endsEarly()
    const value = this.#buffer.readBigUInt64LE(this.#at)
    this.#at += 8
    return value
  }

  bytes(): Buffer {
    const length = this.varint()
    const end = this.#at + length
    if (end > this.#buffer.length) throw this.#endsEarly()
    const value = this.#buffer.subarray(this.#at, end)
    this.#at = end
    return value
  }

  text(): string {
    return this.bytes().toString('utf8')
  }

  /** A text that is mostly the same as the last one that was read by this. */
  repeatedText(): string {
    const bytes = this.bytes()
    if (!isAscii(bytes, this.#repeated)) this.#repeated = bytes.toString('utf8')
    return this.#repeated
  }

  json(): unknown {
    const text = this.text()
    try {
      return JSON.parse(text)
    } catch (error) {
      throw new MalformedFrameError(`a description in a frame is no JSON before byte ${this.#at}`, { cause: error })
    }
  }

  #endsEarly(): MalformedFrameError {
    return new MalformedFrameError(`a frame of ${this.#buffer.length} bytes ends early`)
  }
}

function isAscii(bytes: Buffer, text: string): boolean {
  if (bytes.length !== text.length) return false
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte >= 0x80 || byte !== text.charCodeAt(at)) return false
  }
  return true
}
