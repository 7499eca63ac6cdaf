/**
 * Cuts the bytes of a connection into the server's messages.
 *
 * A packet has a head of its length (3 bytes) and a counter; a message of 16 MiB and more comes in several packets, all
 * but the last one full (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html).
 *
 * Easy to get wrong: a message that lies whole in a chunk is given as a place in it, and keeps the whole chunk alive.
 */
const headBytes = 4
const fullPacket = 0xff_ffff

/** The message lies in `buffer` from `start` to `end`. */
export type MessageTaker = (buffer: Buffer, start: number, end: number) => void

export class PacketCutter {
  readonly #onMessage: MessageTaker
  readonly #head = Buffer.alloc(headBytes)
  /** Bytes of `#head` that have come. */
  #headCount = 0
  /** A packet that does not lie whole in one chunk, and what of it has come. */
  #packet: Buffer | null = null
  #filled = 0
  /** Full packets of the message under way. */
  #fullPackets: Buffer[] = []

  constructor(onMessage: MessageTaker) {
    this.#onMessage = onMessage
  }

  /** Gives every message that ends in this chunk. @throws what the taker throws; nothing may be given after that */
  take(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) at = this.#isBetween ? this.#takeWhole(chunk, at) : this.#goOn(chunk, at)
  }

  get #isBetween(): boolean {
    return this.#headCount === 0 && this.#fullPackets.length === 0
  }

  /** Gives the messages that lie whole in the chunk, and begins the one after them. @returns where the chunk goes on */
  #takeWhole(chunk: Buffer, from: number): number {
    let at = from
    while (chunk.length - at >= headBytes) {
      const size = packetSize(chunk, at)
      const end = at + headBytes + size
      if (end > chunk.length || size === fullPacket) break
      this.#onMessage(chunk, at + headBytes, end)
      at = end
    }
    return at < chunk.length ? this.#goOn(chunk, at) : at
  }

  /** Adds to the packet under way, to its end at most. @returns where the chunk goes on */
  #goOn(chunk: Buffer, from: number): number {
    const at = this.#takeHead(chunk, from)
    const packet = this.#packet
    if (packet === null) return at
    const count = Math.min(packet.length - this.#filled, chunk.length - at)
    chunk.copy(packet, this.#filled, at, at + count)
    this.#filled += count
    if (this.#filled === packet.length) this.#end(packet)
    return at + count
  }

  #takeHead(chunk: Buffer, from: number): number {
    const count = Math.min(headBytes - this.#headCount, chunk.length - from)
    if (count === 0) return from
    chunk.copy(this.#head, this.#headCount, from, from + count)
    this.#headCount += count
    if (this.#headCount === headBytes) this.#packet = Buffer.allocUnsafe(packetSize(this.#head, 0))
    return from + count
  }

  #end(packet: Buffer): void {
    this.#headCount = 0
    this.#packet = null
    this.#filled = 0
    if (packet.length === fullPacket) {
      this.#fullPackets.push(packet)
      return
    }
    const message = this.#fullPackets.length === 0 ? packet : Buffer.concat([...this.#fullPackets, packet])
    this.#fullPackets = []
    this.#onMessage(message, 0, message.length)
  }
}

function packetSize(bytes: Buffer, at: number): number {
  return bytes.readUInt16LE(at) | ((bytes[at + 2] ?? 0) << 16)
}
