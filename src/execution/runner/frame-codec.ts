/** Messages to bytes and back: a length of four bytes, most significant first, then JSON. */
import { longestMessageBytes, type Message } from './protocol.ts'

const lengthBytes = 4

export function encodeMessage(message: Message): Buffer {
  const json = JSON.stringify(message)
  const frame = Buffer.allocUnsafe(lengthBytes + Buffer.byteLength(json))
  frame.writeUInt32BE(frame.length - lengthBytes)
  frame.write(json, lengthBytes)
  return frame
}

/** Cuts a stream of bytes into messages. */
export class MessageReader {
  #chunks: Buffer[] = []
  #heldBytes = 0

  /** @returns the messages that are whole now. @throws RangeError when one is too long, SyntaxError when not JSON */
  push(chunk: Buffer): Message[] {
    this.#chunks.push(chunk)
    this.#heldBytes += chunk.length
    const messages: Message[] = []
    for (let frame = this.#take(); frame !== null; frame = this.#take())
      messages.push(JSON.parse(frame.toString()) as Message)
    return messages
  }

  #take(): Buffer | null {
    if (this.#heldBytes < lengthBytes) return null
    const bodyBytes = this.#first(lengthBytes).readUInt32BE()
    if (bodyBytes > longestMessageBytes) throw new RangeError(`message of ${bodyBytes} bytes is too long`)
    if (this.#heldBytes < lengthBytes + bodyBytes) return null
    const frame = this.#first(lengthBytes + bodyBytes)
    this.#chunks = frame.length === this.#heldBytes ? [] : [this.#joined().subarray(frame.length)]
    this.#heldBytes -= frame.length
    return frame.subarray(lengthBytes)
  }

  #first(count: number): Buffer {
    const first = this.#chunks[0]
    return first !== undefined && first.length >= count ? first.subarray(0, count) : this.#joined().subarray(0, count)
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] ?? Buffer.alloc(0)
  }
}
