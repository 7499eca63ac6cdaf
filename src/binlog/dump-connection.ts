/**
 * A stream of binlog events from a server: we are one of its replicas.
 *
 * mysql2 connects, authenticates and encrypts; from the dump command on every byte is ours. When the consumer falls behind,
 * the socket is paused and the server waits.
 *
 * Easy to get wrong: while we pause, silence is our own doing; the watchdog counts only time in which we listened.
 */
import { hostname } from 'node:os'
import { createConnection } from 'mysql2/promise'
import type { MillraceError } from '../core/errors.ts'
import { DriverConnection, type DriverPacket } from './driver-connection.ts'
import { connectionFailure, dumpFailure } from './dump-failure.ts'
import type { BinlogStream, DumpOptions } from './dump-options.ts'
import { dumpPacket, largestDumpOffset, registerPacket } from './dump-packets.ts'
import { type DumpSession, prepareSession } from './dump-session.ts'
import { BinlogConnectionError, BinlogSilentError } from './errors.ts'
import { EventChecksum } from './event-checksum.ts'
import { EventQueue } from './event-queue.ts'
import { FileSkipper } from './file-skipper.ts'
import { PacketCutter } from './packet-cutter.ts'
import { rawEvent } from './raw-event.ts'

const defaultHeartbeatMs = 10_000
const defaultQueueBytes = 16 * 1024 * 1024
const defaultConnectTimeoutMs = 10_000
const missedHeartbeats = 3

const packetKind = { event: 0x00, eof: 0xfe, error: 0xff } as const

/**
 * Connects, registers as a replica and asks for the log from `options.start` on.
 *
 * @throws BinlogAccessError, BinlogConnectionError, BinlogPurgedError, BinlogDivergedError, BinlogDumpError,
 * InvalidPositionError. A purged or foreign position may also show at the first `nextBatch`.
 */
export async function openBinlogStream(options: DumpOptions): Promise<BinlogStream> {
  options.signal?.throwIfAborted()
  const address = `${options.host}:${options.port}`
  const heartbeatMs = options.heartbeatMs ?? defaultHeartbeatMs
  try {
    const connection = await createConnection(driverOptions(options))
    // Whatever goes wrong later reaches the running command; without a listener it would end the process.
    connection.on('error', () => {})
    try {
      const session = await prepareSession(connection, options, heartbeatMs)
      const stream = new DumpStream(new DriverConnection(connection), session, options, heartbeatMs)
      await stream.start()
      return stream
    } catch (error) {
      new DriverConnection(connection).close()
      throw error
    }
  } catch (error) {
    throw connectionFailure(error, address, options.user)
  }
}

function driverOptions(options: DumpOptions) {
  const { host, port, user, password, tls, connectTimeoutMs } = options
  return {
    host,
    port,
    user,
    password,
    connectTimeout: connectTimeoutMs ?? defaultConnectTimeoutMs,
    supportBigNumbers: true,
    ...(tls === undefined ? {} : { ssl: { rejectUnauthorized: true, ...tls } }),
  }
}

class DumpStream implements BinlogStream {
  readonly vendor: 'mysql' | 'mariadb'
  readonly serverVersion: string
  readonly #connection: DriverConnection
  readonly #options: DumpOptions
  readonly #address: string
  readonly #heartbeatMs: number
  readonly #checksum: EventChecksum
  readonly #skipper: FileSkipper | null
  readonly #queue: EventQueue
  readonly #cutter = new PacketCutter((buffer, start, end) => this.#receive(buffer, start, end))
  readonly #onChunk = (chunk: Buffer) => {
    this.#heardAtMs = performance.now()
    try {
      this.#cutter.take(chunk)
    } catch (error) {
      this.#end(error)
    }
  }
  readonly #onAbort = () => this.#end(this.#options.signal?.reason)
  #watchdog: NodeJS.Timeout | null = null
  #heardAtMs = performance.now()
  /** At the last look, and how many looks in a row nothing had come since. */
  #heardBeforeMs = 0
  #silentLooks = 0
  #isEnded = false

  constructor(connection: DriverConnection, session: DumpSession, options: DumpOptions, heartbeatMs: number) {
    const { start } = options
    this.vendor = session.vendor
    this.serverVersion = session.serverVersion
    this.#connection = connection
    this.#options = options
    this.#address = `${options.host}:${options.port}`
    this.#heartbeatMs = heartbeatMs
    this.#checksum = new EventChecksum(session.checksum, options.checksum !== 'none')
    this.#skipper = start.kind === 'file' && start.offset > largestDumpOffset ? new FileSkipper(start) : null
    this.#queue = new EventQueue(options.queueBytes ?? defaultQueueBytes, () => this.#listenAgain())
  }

  get queuedBytes(): number {
    return this.#queue.sizeBytes
  }

  get idleMs(): number {
    return performance.now() - this.#heardAtMs
  }

  /** Registers and sends the dump command; events come from here on. @throws BinlogAccessError if registering is refused */
  async start(): Promise<void> {
    const { serverId, start, signal } = this.#options
    await this.#register(registerPacket(serverId, hostname()))
    this.#heardAtMs = performance.now()
    this.#watchdog = setInterval(() => this.#watch(), this.#heartbeatMs)
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    this.#connection.add({
      execute: () => {
        this.#connection.takeOver(this.#onChunk)
        this.#connection.send(dumpPacket(serverId, start))
        return false
      },
      onResult: (error) => this.#end(this.#lost(error)),
    })
    if (signal?.aborted === true) this.#onAbort()
  }

  nextBatch() {
    return this.#queue.take()
  }

  async close(): Promise<void> {
    this.#queue.clear()
    this.#end(null)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #register(packet: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#connection.add({
        execute: (answer) => {
          if (answer === undefined) {
            this.#connection.send(packet)
            return false
          }
          if (answer.buffer[answer.offset] === packetKind.error) reject(this.#serverFailure(answer))
          else resolve()
          return true
        },
        onResult: reject,
      })
    })
  }

  #receive(buffer: Buffer, start: number, end: number): void {
    if (this.#isEnded) return
    const kind = start < end ? buffer[start] : undefined
    if (kind === packetKind.event) this.#receiveEvent(buffer, start + 1, end)
    else if (kind === packetKind.error) this.#end(this.#serverFailure({ buffer, offset: start, end }))
    else this.#end(new BinlogConnectionError(`${this.#address} ended the stream, as servers do when they stop`))
  }

  #receiveEvent(bytes: Buffer, start: number, end: number): void {
    try {
      const event = rawEvent(this.#checksum.strip(bytes, start, end))
      if (this.#skipper?.skips(event) === true) return
      if (!this.#queue.push(event)) this.#connection.pause()
    } catch (error) {
      this.#end(error)
    }
  }

  #listenAgain(): void {
    if (this.#isEnded) return
    this.#heardAtMs = performance.now()
    this.#connection.resume()
  }

  #watch(): void {
    const hasHeard = this.#heardAtMs !== this.#heardBeforeMs
    this.#heardBeforeMs = this.#heardAtMs
    this.#silentLooks = hasHeard || this.#queue.isFull ? 0 : this.#silentLooks + 1
    // A process that stood still itself looks before it reads what has come meanwhile: one look proves nothing.
    if (this.#silentLooks < missedHeartbeats) return
    this.#end(
      new BinlogSilentError(
        `nothing came from ${this.#address} for ${Math.round(this.idleMs)} ms, with a heartbeat every ${this.#heartbeatMs} ms`,
      ),
    )
  }

  #end(error: unknown): void {
    if (this.#isEnded) return
    this.#isEnded = true
    if (this.#watchdog !== null) clearInterval(this.#watchdog)
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    this.#queue.end(error)
    this.#connection.close()
  }

  #lost(error: Error): MillraceError {
    return connectionFailure(error, this.#address, this.#options.user)
  }

  /** `0xff errno(2) # state(5) message` */
  #serverFailure({ buffer, offset, end }: DriverPacket): MillraceError {
    const errno = buffer.readUInt16LE(offset + 1)
    const messageAt = buffer[offset + 3] === 0x23 ? offset + 9 : offset + 3
    const message = buffer.toString('utf8', messageAt, end)
    return dumpFailure({ errno, message }, this.#address, this.#options.start)
  }
}
