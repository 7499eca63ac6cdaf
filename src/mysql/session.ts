/**
 * A session with a server: one connection, one statement at a time, texts and bytes in and out.
 *
 * Easy to get wrong: values come as the server prints them, in text; nothing is turned into numbers or dates, so nothing
 * loses a digit or a zone. `query` is for short answers in UTF-8; what may be large or of any bytes goes by `rawRows`.
 */
import { MillraceError } from '../core/errors.ts'
import type { BlockMemory } from './block-memory.ts'
import { connectDriver, type DriverConnection } from './driver.ts'
import { connectError, describePeer, lostConnection, type Peer, statementError } from './driver-errors.ts'
import { LostConnectionError, UnsupportedServerError } from './errors.ts'
import { QueryCommand, type ResultSink } from './query-command.ts'
import { RowBatches } from './row-batches.ts'
import { type RowBlock, RowBlocks } from './row-blocks.ts'
import type { OkPacket } from './server-packets.ts'
import { parseServerVersion, type ServerVersion } from './server-version.ts'
import { askForSession, type SessionSign } from './session-probe.ts'
import { freeSpentChunks } from './spent-chunks.ts'
import { readTextRow } from './text-row.ts'

export interface SessionServer {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
}

export interface SessionOptions {
  /** Until the end of authentication. Default 10000. */
  readonly connectTimeoutMs?: number
  readonly database?: string
  /**
   * A statement may take as long as it needs. But when it gets no byte for this long, the server is asked over another
   * connection whether it still works on it; if not, the session is lost. Default 15000.
   */
  readonly silenceMs?: number
  /** Allow several statements in one `execute`. */
  readonly multipleStatements?: boolean
  /** Allow LOAD DATA LOCAL with the `infile` of `execute`. */
  readonly localInfile?: boolean
}

/** Cells by column name, as text; null is NULL. */
export type Row = Readonly<Record<string, string | null>>

export interface ExecuteResult {
  readonly affectedRows: number
  readonly insertId: bigint
  readonly warningCount: number
  readonly info: string
}

export interface Session {
  readonly vendor: 'mysql' | 'mariadb'
  readonly version: ServerVersion
  /** The server's id of this connection, as KILL takes it. */
  readonly connectionId: number
  /** `host:port`, for messages. */
  readonly where: string
  readonly isOpen: boolean
  /**
   * Runs a statement and reads its rows; of several results, the last that has rows.
   * @throws SqlError, LockConflictError, MissingPrivilegeError, ServerSettingError from the server; LostConnectionError
   */
  query(sql: string | Buffer): Promise<readonly Row[]>
  /**
   * Runs a statement whose rows, if any, nobody needs. Of several statements in one text the counts are summed.
   * @throws as `query`; SqlError.statementIndex tells which statement failed
   */
  execute(sql: string | Buffer, options?: ExecuteOptions): Promise<ExecuteResult>
  /**
   * Row packets of a single statement, undecoded (see text-row.ts), in batches as they arrive. While nobody takes the
   * next batch the socket is paused. A consumer that stops early waits until the server has sent the rest.
   */
  rawRows(sql: string | Buffer): AsyncIterable<readonly Buffer[]>
  /**
   * The same in blocks of at least `blockBytes`, save the last: for many rows that nobody looks at. See row-blocks.ts.
   * Blocks are in `memory` where there is one, and the caller gives them back.
   */
  rowBlocks(sql: string | Buffer, blockBytes: number, memory?: BlockMemory): AsyncIterable<RowBlock>
  /** Says goodbye and waits for the end; safe to repeat. */
  close(): Promise<void>
  /** Drops the connection at once; what is under way fails with LostConnectionError. Safe to repeat. */
  destroy(): void
  /** Called once when the connection breaks, not after `close` or `destroy`. */
  onLost(listener: (error: LostConnectionError) => void): void
}

export interface ExecuteOptions {
  /** What the server gets when the statement is LOAD DATA LOCAL. */
  readonly infile?: AsyncIterable<Uint8Array>
}

const defaultConnectTimeoutMs = 10_000
const closeWithinMs = 2_000
const defaultSilenceMs = 15_000
const probeWithinMs = 10_000
const signTexts = {
  rests: 'the server waits for a statement',
  gone: 'the server does not know the session any more',
  unreachable: 'another connection does not get through either',
} as const

/**
 * Opens a session. The session's state is the server's default with utf8mb4; see session-state.ts.
 *
 * @throws ServerUnreachableError to try again; AccessDeniedError, UnsupportedServerError for a person
 */
export async function openSession(server: SessionServer, options: SessionOptions = {}): Promise<Session> {
  const connection = await connectDriver({
    host: server.host,
    port: server.port,
    user: server.user,
    password: server.password,
    ...(options.database === undefined ? {} : { database: options.database }),
    connectTimeoutMs: options.connectTimeoutMs ?? defaultConnectTimeoutMs,
    multipleStatements: options.multipleStatements === true,
    localInfile: options.localInfile === true,
  }).catch((error: unknown) => {
    throw connectError(error, server)
  })
  const session = new DriverSession(connection, server, options.silenceMs ?? defaultSilenceMs)
  refuseOldServers(session)
  return session
}

function refuseOldServers(session: DriverSession): void {
  const { vendor, text, major, minor } = session.version
  const isKnown = vendor === 'mariadb' ? major > 10 || (major === 10 && minor >= 2) : major > 5 || minor >= 6
  if (isKnown) return
  session.destroy()
  throw new UnsupportedServerError(
    `${session.where} is ${vendor === 'mariadb' ? 'MariaDB' : 'MySQL'} ${text}; MySQL 5.6 and MariaDB 10.2 are the oldest that work`,
  )
}

class DriverSession implements Session {
  readonly version: ServerVersion
  readonly connectionId: number
  readonly #connection: DriverConnection
  readonly #peer: Peer
  readonly #pending = new Set<QueryCommand>()
  readonly #silenceTimer: NodeJS.Timeout
  readonly #lookAgain: () => Promise<SessionSign>
  readonly #lostListeners: ((error: LostConnectionError) => void)[] = []
  #ended: LostConnectionError | null = null

  constructor(connection: DriverConnection, server: SessionServer, silenceMs: number) {
    this.#connection = connection
    // The password has no place in an object that makes messages.
    this.#peer = { host: server.host, port: server.port, user: server.user }
    this.#lookAgain = () => askForSession(server, connection.threadId, probeWithinMs)
    this.version = parseServerVersion(connection._handshakePacket.serverVersion)
    this.connectionId = connection.threadId
    connection.on('error', (error: unknown) => this.#lose(error))
    connection.stream.on('close', () => this.#lose(new Error('the server closed the connection')))
    this.#silenceTimer = this.#watchSilence(silenceMs)
  }

  get vendor(): 'mysql' | 'mariadb' {
    return this.version.vendor
  }

  get where(): string {
    return describePeer(this.#peer)
  }

  get isOpen(): boolean {
    return this.#ended === null
  }

  async query(sql: string | Buffer): Promise<readonly Row[]> {
    let names: readonly string[] = []
    let rows: Row[] = []
    await this.#run(sql, null, {
      onOk() {},
      onColumns(columns) {
        names = columns
        rows = []
      },
      onRow(payload) {
        const { cells } = readTextRow(payload, 0, names.length)
        rows.push(Object.fromEntries(names.map((name, index) => [name, cells[index]?.toString('utf8') ?? null])))
      },
    })
    return rows
  }

  async execute(sql: string | Buffer, options: ExecuteOptions = {}): Promise<ExecuteResult> {
    let sum: ExecuteResult = { affectedRows: 0, insertId: 0n, warningCount: 0, info: '' }
    await this.#run(sql, options.infile ?? null, {
      onOk(ok) {
        sum = addResult(sum, ok)
      },
      onColumns() {},
      onRow() {},
    })
    return sum
  }

  rawRows(sql: string | Buffer): AsyncIterable<readonly Buffer[]> {
    const batches = new RowBatches(this.#connection)
    const run = this.#run(sql, null, {
      onOk() {},
      onColumns() {},
      onRow: (payload) => batches.push(payload),
    })
    run.then(
      () => batches.end(),
      (error: unknown) => batches.fail(error),
    )
    return batches
  }

  rowBlocks(sql: string | Buffer, blockBytes: number, memory?: BlockMemory): AsyncIterable<RowBlock> {
    const blocks = new RowBlocks(this.#connection.stream, blockBytes, memory ?? null)
    const endFreeing = freeSpentChunks(this.#connection)
    const run = this.#run(sql, null, {
      onOk() {},
      onColumns() {},
      onRow() {},
      onRowBytes: (buffer, start, end) => blocks.push(buffer, start, end),
    })
    run.finally(endFreeing).then(
      () => blocks.end(),
      (error: unknown) => blocks.fail(error),
    )
    return blocks
  }

  async close(): Promise<void> {
    if (this.#ended !== null) return
    this.#end(new LostConnectionError(`the session with ${this.where} was closed`))
    const { stream } = this.#connection
    const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()))
    const timer = setTimeout(() => stream.destroy(), closeWithinMs)
    this.#connection.end(() => stream.destroy())
    await closed
    clearTimeout(timer)
  }

  destroy(): void {
    this.#end(new LostConnectionError(`the session with ${this.where} was dropped`))
    this.#connection.stream.destroy()
  }

  onLost(listener: (error: LostConnectionError) => void): void {
    this.#lostListeners.push(listener)
  }

  #run(
    sql: string | Buffer,
    infile: AsyncIterable<Uint8Array> | null,
    rows: Pick<ResultSink, 'onOk' | 'onColumns' | 'onRow' | 'onRowBytes'>,
  ): Promise<void> {
    if (this.#ended !== null) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        this.#pending.delete(command)
        act()
      }
      const command = new QueryCommand(
        typeof sql === 'string' ? Buffer.from(sql, 'utf8') : sql,
        {
          ...rows,
          onEnd: () => settle(resolve),
          onServerError: (packet, index) => settle(() => reject(statementError(packet, index, this.#peer))),
          onBroken: (error) => settle(() => reject(lostConnection(error, this.#peer))),
        },
        infile,
      )
      this.#pending.add(command)
      this.#silenceTimer.refresh()
      this.#connection.addCommand(command)
    })
  }

  #watchSilence(silenceMs: number): NodeJS.Timeout {
    const { stream } = this.#connection
    let toSend = 0
    const timer = setTimeout(() => {
      const isSending = stream.writableLength !== toSend
      toSend = stream.writableLength
      // Silence is the server's fault only while something is asked of it and we are listening.
      if (this.#pending.size === 0 || stream.isPaused() || isSending) timer.refresh()
      else void this.#doubt(timer)
    }, silenceMs)
    timer.unref()
    stream.on('data', () => timer.refresh())
    return timer
  }

  /** Breaks the connection when nobody works on our statement. */
  async #doubt(timer: NodeJS.Timeout): Promise<void> {
    const { stream } = this.#connection
    const heard = stream.bytesRead
    const sign = await this.#lookAgain()
    if (this.#ended !== null) return
    if (sign === 'works' || stream.bytesRead !== heard) timer.refresh()
    else stream.destroy(new Error(`no answer came, and ${signTexts[sign]}`))
  }

  #lose(reason: unknown): void {
    if (this.#ended !== null) return
    const error = lostConnection(reason, this.#peer)
    this.#end(error)
    this.#connection.stream.destroy()
    for (const listener of this.#lostListeners) listener(error)
  }

  #end(error: LostConnectionError): void {
    if (this.#ended !== null) return
    this.#ended = error
    clearTimeout(this.#silenceTimer)
    for (const command of [...this.#pending]) command.onResult(error)
  }
}

function addResult(sum: ExecuteResult, ok: OkPacket): ExecuteResult {
  return {
    affectedRows: sum.affectedRows + ok.affectedRows,
    insertId: ok.insertId,
    warningCount: sum.warningCount + ok.warningCount,
    info: ok.info,
  }
}

/** True for an error after which the same connection can't be used again. */
export function isConnectionLoss(error: unknown): boolean {
  return error instanceof MillraceError && error.code === 'MYSQL_CONNECTION_LOST'
}
