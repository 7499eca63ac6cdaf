/**
 * What the dump needs of mysql2 beyond its types: raw commands on an open connection, and its bytes from then on.
 *
 * mysql2 3.24 calls `execute` once without a packet, when it is the command's turn, and then for every packet until it
 * answers true; `onResult` gets the error when the connection ends. Its Packet objects are used again for the next
 * packet, so only their buffer may be kept.
 */
import type { Socket } from 'node:net'
import type { Connection } from 'mysql2/promise'

export interface DriverPacket {
  readonly buffer: Buffer
  /** Where the payload begins in `buffer`. */
  readonly offset: number
  /** Where it ends. */
  readonly end: number
}

export interface DriverCommand {
  execute(packet: DriverPacket | undefined): boolean
  onResult(error: Error): void
}

interface CoreConnection {
  /** The socket, or TLS over it. */
  readonly stream: Socket
  sequenceId: number
  addCommand(command: DriverCommand): void
  writePacket(packet: { buffer: Buffer; length(): number; writeHeader(sequenceId: number): void }): void
  destroy(): void
}

const headBytes = 4

/** A connection whose raw side is used. After `close` nothing is called any more. */
export class DriverConnection {
  readonly #core: CoreConnection

  constructor(connection: Connection) {
    // The typings leave out the inner connection with addCommand, writePacket and stream, there since mysql2 1.0.
    this.#core = (connection as unknown as { readonly connection: CoreConnection }).connection
  }

  add(command: DriverCommand): void {
    this.#core.addCommand(command)
  }

  /** Sends the first packet of a command; it must be shorter than 16 MiB. */
  send(payload: Buffer): void {
    const buffer = Buffer.alloc(headBytes + payload.length)
    payload.copy(buffer, headBytes)
    this.#core.sequenceId = 0
    this.#core.writePacket({
      buffer,
      length: () => buffer.length,
      writeHeader: (sequenceId) => {
        buffer.writeUIntLE(payload.length, 0, 3)
        buffer.writeUInt8(sequenceId, 3)
      },
    })
  }

  /**
   * Every chunk of bytes goes to `onChunk` from now on, none to the driver: it would make an object of each packet. Of use
   * only while nothing of an answer has come; the driver still tells a running command when the connection is lost.
   */
  takeOver(onChunk: (chunk: Buffer) => void): void {
    this.#core.stream.removeAllListeners('data')
    this.#core.stream.on('data', onChunk)
  }

  pause(): void {
    this.#core.stream.pause()
  }

  resume(): void {
    this.#core.stream.resume()
  }

  close(): void {
    this.#core.destroy()
    this.#core.stream.destroy()
  }
}
