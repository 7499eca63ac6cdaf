/**
 * What a socket brings of NATS's protocol, cut so that no message is in two pieces: the client would put a large one
 * together in memory that it doubles again and again, which is three times the message in all.
 *
 * Easy to get wrong: it must begin at the beginning of a line. Nothing is changed or left out, whatever the bytes are; but
 * what looks like the head of a message is waited for until its last byte is there.
 * Source: the client protocol of nats-server, "MSG" and "HMSG": the last number of the line is the payload's size.
 */
import { freeBytes } from '../core/free-bytes.ts'

const newline = 0x0a
const carriageReturn = 0x0d
const [firstDigit, lastDigit] = [0x30, 0x39]
const messageLetters: ReadonlySet<number> = new Set([0x4d, 0x48])
/** Line ends are two bytes. */
const endBytes = 2
/** No server takes a larger one (nats-server: MAX_PAYLOAD_MAX_SIZE); what says so is no message. */
const largestMessage = 65 * 1024 * 1024
const noBytes = Buffer.alloc(0)

export class MessageGatherer {
  /** A line that has begun. */
  #line: Buffer = noBytes
  /** The message that has begun, with its line, and how much of it is there. */
  #message: Buffer | null = null
  #filled = 0

  /** Takes what came; `give` gets it in order. What was copied whole is freed. */
  take(chunk: Buffer, give: (bytes: Buffer) => void): void {
    const begun = this.#fill(chunk, give)
    if (begun === chunk.length) {
      freeBytes(chunk)
      return
    }
    const hasLine = this.#line.length > 0
    const rest = hasLine ? Buffer.concat([this.#line, chunk.subarray(begun)]) : chunk.subarray(begun)
    this.#line = noBytes
    const whole = wholeBytes(rest)
    if (whole.end > 0) give(rest.subarray(0, whole.end))
    this.#begin(rest.subarray(whole.end), whole.nextBytes)
    if (hasLine || whole.end === 0) freeBytes(chunk)
  }

  /** @returns how much of the chunk belonged to the message that had begun */
  #fill(chunk: Buffer, give: (bytes: Buffer) => void): number {
    const message = this.#message
    if (message === null) return 0
    const count = chunk.copy(message, this.#filled, 0, message.length - this.#filled)
    this.#filled += count
    if (this.#filled === message.length) {
      this.#message = null
      give(message)
    }
    return count
  }

  #begin(bytes: Buffer, messageBytes: number | null): void {
    if (messageBytes === null) {
      this.#line = Buffer.from(bytes)
      return
    }
    this.#message = Buffer.allocUnsafeSlow(messageBytes)
    this.#filled = bytes.copy(this.#message)
  }
}

/** Up to where whole lines and messages go, and the size of the message that begins there; null: its line is not whole. */
function wholeBytes(bytes: Buffer): { readonly end: number; readonly nextBytes: number | null } {
  let end = 0
  while (end < bytes.length) {
    const lineEnd = bytes.indexOf(newline, end)
    if (lineEnd === -1) break
    const next = lineEnd + 1 + payloadBytes(bytes, end, lineEnd)
    if (next > bytes.length) return { end, nextBytes: next - end }
    end = next
  }
  return { end, nextBytes: null }
}

/** What follows the line: 0, or a payload and its end. */
function payloadBytes(bytes: Buffer, start: number, lineEnd: number): number {
  if (!messageLetters.has(bytes[start] ?? 0)) return 0
  let at = bytes[lineEnd - 1] === carriageReturn ? lineEnd - 2 : lineEnd - 1
  let size = 0
  for (let factor = 1; at > start && isDigit(bytes[at] ?? 0) && size <= largestMessage; factor *= 10) {
    size += ((bytes[at] ?? 0) - firstDigit) * factor
    at -= 1
  }
  return size > largestMessage ? 0 : size + endBytes
}

function isDigit(byte: number): boolean {
  return byte >= firstDigit && byte <= lastDigit
}
