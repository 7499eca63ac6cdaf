/**
 * The part of mysql2 that we build on: its connection (authentication, TLS, packets) and the hook for own commands.
 *
 * Easy to get wrong: these members are not in mysql2's published types. Everything we take from inside the driver is
 * named here and nowhere else, so that an update of the driver is checked against this file.
 */
import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { createConnection } from 'mysql2'

export interface DriverPacket {
  readonly buffer: Buffer
  /** The payload lies from `start + 4` to `end`. */
  readonly start: number
  readonly end: number
}

/** What mysql2 calls once a command's turn has come, and then for each packet. */
export interface DriverCommand {
  /** @param packet absent on the first call @returns true when the command is over */
  execute(packet: DriverPacket | undefined, connection: DriverConnection): boolean
  /** Called when the connection breaks before the command is over. */
  onResult(error: unknown): void
}

export interface DriverConnection extends EventEmitter {
  readonly stream: Socket
  readonly threadId: number
  readonly _handshakePacket: { readonly serverVersion: string; readonly capabilityFlags: number }
  /** What it has of a packet that is not whole yet: views of the socket's chunks. */
  readonly packetParser?: { readonly buffer?: readonly Uint8Array[]; readonly largePacketParts?: readonly Uint8Array[] }
  sequenceId: number
  addCommand(command: DriverCommand): void
  pause(): void
  resume(): void
  end(done: () => void): void
  close(): void
}

export interface DriverOptions {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database?: string
  readonly connectTimeoutMs: number
  readonly multipleStatements: boolean
  readonly localInfile: boolean
}

const keepAliveAfterMs = 10_000

/** Opens a connection and waits for the end of authentication. @throws the driver's own errors */
export function connectDriver(options: DriverOptions): Promise<DriverConnection> {
  // IGNORE_SPACE would be in sql_mode for every statement; query attributes would change the form of COM_QUERY.
  const flags = ['-IGNORE_SPACE', '-ODBC', '-CLIENT_QUERY_ATTRIBUTES', '-SESSION_TRACK']
  if (!options.localInfile) flags.push('-LOCAL_FILES')
  const connection = createConnection({
    host: options.host,
    port: options.port,
    user: options.user,
    password: options.password,
    ...(options.database === undefined ? {} : { database: options.database }),
    connectTimeout: options.connectTimeoutMs,
    multipleStatements: options.multipleStatements,
    charset: 'UTF8MB4_GENERAL_CI',
    enableKeepAlive: true,
    keepAliveInitialDelay: keepAliveAfterMs,
    flags,
  }) as unknown as DriverConnection
  return new Promise((resolve, reject) => {
    const onConnect = () => {
      connection.off('error', onError)
      resolve(connection)
    }
    const onError = (error: unknown) => {
      connection.off('connect', onConnect)
      // The driver may report the end of the socket once more.
      connection.on('error', () => {})
      connection.stream.destroy()
      reject(isOtherProtocol(connection, error) ? new OtherProtocolError(error) : error)
    }
    connection.once('connect', onConnect)
    connection.once('error', onError)
  })
}

/** Something answered, but not with the greeting of a MySQL server. */
export class OtherProtocolError extends Error {
  constructor(cause: unknown) {
    super('something else than a MySQL server answers there', { cause })
  }
}

/** Bytes came and no greeting was made of them: either they were waited for in vain, or they could not be read. */
function isOtherProtocol(connection: DriverConnection, error: unknown): boolean {
  const { code } = error as { code?: unknown }
  const hasGreeted = (connection._handshakePacket as DriverConnection['_handshakePacket'] | null) !== null
  return !hasGreeted && connection.stream.bytesRead > 0 && (code === 'ETIMEDOUT' || error instanceof RangeError)
}
