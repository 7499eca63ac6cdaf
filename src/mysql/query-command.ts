/**
 * One COM_QUERY and all its results, as a command of the driver's connection.
 *
 * Easy to get wrong: the statement is bytes and is sent as it is. The driver would encode a text with what it believes
 * the connection's character set to be, which a `SET NAMES` or a statement of another character set makes false.
 */
import type { DriverCommand, DriverConnection, DriverPacket } from './driver.ts'
import {
  columnName,
  type ErrPacket,
  eofHasMoreResults,
  isEof,
  isErr,
  type OkPacket,
  parseErr,
  parseOk,
  readLength,
} from './server-packets.ts'

/** Where the results of a query go. Exactly one of `onEnd`, `onServerError` and `onBroken` comes last. */
export interface ResultSink {
  onOk(ok: OkPacket): void
  onColumns(names: readonly string[]): void
  /** `payload` is a view of the socket's chunk. */
  onRow(payload: Buffer): void
  /** Instead of `onRow`, without a view: the row lies in `buffer` from `start` to `end`. */
  onRowBytes?(buffer: Buffer, start: number, end: number): void
  onEnd(): void
  onServerError(error: ErrPacket, statementIndex: number): void
  onBroken(error: unknown): void
}

/** The longest payload of one packet; a longer message goes on in the next packet. */
const packetLimit = 0xff_ffff
const commandQuery = 0x03
const localInfile = 0xfb
/** See server-packets.ts. */
const errMark = 0xff
const eofMark = 0xfe
const longestEof = 9

export class QueryCommand implements DriverCommand {
  readonly #sql: Buffer
  readonly #sink: ResultSink
  readonly #infile: AsyncIterable<Uint8Array> | null
  #handle: (payload: Buffer, connection: DriverConnection) => boolean = this.#onHeader
  #isStarted = false
  #isOver = false
  /** Rows come, and go to `onRowBytes`. */
  #isInRows = false
  #columnsLeft = 0
  #columns: string[] = []
  #resultIndex = 0

  constructor(sql: Buffer, sink: ResultSink, infile: AsyncIterable<Uint8Array> | null = null) {
    this.#sql = sql
    this.#sink = sink
    this.#infile = infile
  }

  execute(packet: DriverPacket | undefined, connection: DriverConnection): boolean {
    if (!this.#isStarted) {
      this.#isStarted = true
      connection.sequenceId = 0
      writeMessage(connection, [Buffer.of(commandQuery), this.#sql])
      return false
    }
    if (packet === undefined) return false
    if (this.#isInRows && this.#takeRow(packet)) return false
    const payload = packet.buffer.subarray(packet.start + 4, packet.end)
    if (!isErr(payload)) return this.#handle(payload, connection)
    this.#isOver = true
    this.#sink.onServerError(parseErr(payload), this.#resultIndex)
    return true
  }

  onResult(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#sink.onBroken(error)
  }

  #onHeader(payload: Buffer, connection: DriverConnection): boolean {
    if (payload[0] === 0x00) {
      const ok = parseOk(payload)
      this.#sink.onOk(ok)
      return this.#endOfResult(ok.hasMoreResults)
    }
    if (payload[0] === localInfile) {
      void this.#sendFile(connection)
      return false
    }
    this.#columnsLeft = Number(readLength(payload, 0).value)
    this.#columns = []
    this.#handle = this.#onColumn
    return false
  }

  #onColumn(payload: Buffer): boolean {
    this.#columns.push(columnName(payload))
    this.#columnsLeft -= 1
    if (this.#columnsLeft === 0) this.#handle = this.#onColumnsEnd
    return false
  }

  #onColumnsEnd(): boolean {
    this.#sink.onColumns(this.#columns)
    this.#handle = this.#onRow
    this.#isInRows = this.#sink.onRowBytes !== undefined
    return false
  }

  /** @returns false for what is no row */
  #takeRow({ buffer, start, end }: DriverPacket): boolean {
    const first = buffer[start + 4]
    if (first === errMark || (first === eofMark && end - start - 4 < longestEof)) return false
    this.#sink.onRowBytes?.(buffer, start + 4, end)
    return true
  }

  #onRow(payload: Buffer): boolean {
    if (isEof(payload)) return this.#endOfResult(eofHasMoreResults(payload))
    this.#sink.onRow(payload)
    return false
  }

  #endOfResult(hasMore: boolean): boolean {
    this.#handle = this.#onHeader
    this.#isInRows = false
    this.#resultIndex += 1
    if (hasMore) return false
    this.#isOver = true
    this.#sink.onEnd()
    return true
  }

  /** Sends what the caller gave, whatever file the server names, and an empty packet as the end. */
  async #sendFile(connection: DriverConnection): Promise<void> {
    try {
      for await (const chunk of this.#infile ?? []) {
        for (let at = 0; at < chunk.length; at += packetLimit - 1) {
          if (this.#isOver) return
          const isFull = writeMessage(connection, [viewOf(chunk.subarray(at, at + packetLimit - 1))])
          if (isFull) await drained(connection)
        }
      }
      if (!this.#isOver) writeMessage(connection, [])
    } catch (error) {
      // The protocol has no way to take back what was sent: only a broken connection keeps the server from using it.
      connection.stream.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }
}

/**
 * Writes a message as one packet or several, and counts them.
 *
 * @returns true when the socket's buffer is full
 */
function writeMessage(connection: DriverConnection, parts: readonly Buffer[]): boolean {
  let left = parts.reduce((sum, part) => sum + part.length, 0)
  const stream = connection.stream
  if (left < 65_536) {
    const isRoomLeft = stream.write(Buffer.concat([packetHeader(connection, left), ...parts]))
    return !isRoomLeft
  }
  let isRoomLeft = true
  let roomInPacket = 0
  let lastPacketBytes = packetLimit
  stream.cork()
  for (const part of parts) {
    for (let at = 0; at < part.length; ) {
      if (roomInPacket === 0) {
        roomInPacket = lastPacketBytes = Math.min(left, packetLimit)
        stream.write(packetHeader(connection, roomInPacket))
      }
      const piece = part.subarray(at, at + roomInPacket)
      isRoomLeft = stream.write(piece)
      at += piece.length
      left -= piece.length
      roomInPacket -= piece.length
    }
  }
  // A message whose last packet is full ends with an empty one.
  if (lastPacketBytes === packetLimit) isRoomLeft = stream.write(packetHeader(connection, 0))
  stream.uncork()
  return !isRoomLeft
}

/** The same bytes, not a copy. */
function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

function packetHeader(connection: DriverConnection, length: number): Buffer {
  const header = Buffer.of(length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff, connection.sequenceId)
  connection.sequenceId = (connection.sequenceId + 1) % 256
  return header
}

function drained(connection: DriverConnection): Promise<void> {
  return new Promise((resolve) => {
    const { stream } = connection
    const done = () => {
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    stream.on('drain', done)
    stream.on('close', done)
  })
}
