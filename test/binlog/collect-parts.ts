/** Reads a test server's log from one position to another, as transaction parts. */
import {
  type DumpOptions,
  isAtOrAfter,
  openBinlogStream,
  type Position,
  type TransactionPart,
  TransactionReader,
} from '../../src/binlog/index.ts'
import type { TestServer } from '../harness/mysql-servers.ts'

let lastServerId = 50_000

/** Options to read `server` from `start`, with a replica id of its own. */
export function dumpOptions(server: TestServer, start: Position): DumpOptions {
  const { host, port, user, password } = server
  lastServerId += 1
  return { host, port, user, password, serverId: lastServerId, start, heartbeatMs: 500 }
}

/** Where the server's log ends now, by GTID. */
export async function endOfLog(server: TestServer): Promise<Position> {
  if (server.vendor === 'mariadb') {
    const [row] = await server.query('SELECT @@global.gtid_binlog_pos AS gtid')
    return { kind: 'mariadb-gtid', gtid: String(row?.gtid), file: '', offset: 0 }
  }
  const [row] = await server.query('SELECT @@global.gtid_executed AS executed')
  return { kind: 'mysql-gtid', executed: String(row?.executed).replaceAll('\n', ''), file: '', offset: 0 }
}

/** Where the server's log ends now, by file and offset. */
export async function endOfFile(server: TestServer): Promise<Position> {
  const sql = server.kind === 'mysql-9.7' ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS'
  const [row] = await server.query(sql)
  return { kind: 'file', file: String(row?.File), offset: Number(row?.Position) }
}

/** Every part after `start` up to a position at or after `until`. */
export async function collectParts(
  server: TestServer,
  start: Position,
  until: Position,
  options: Partial<DumpOptions> = {},
): Promise<TransactionPart[]> {
  await using stream = await openBinlogStream({ ...dumpOptions(server, start), ...options })
  const reader = new TransactionReader(start)
  const parts: TransactionPart[] = []
  for (;;) {
    const events = await stream.nextBatch()
    if (events === null) return parts
    for (const part of reader.read(events)) parts.push(part)
    if (isAtOrAfter(reader.position, until)) return parts
  }
}

/** Runs statements, then gives what they wrote to the log. */
export async function partsOf(server: TestServer, run: () => Promise<unknown>): Promise<TransactionPart[]> {
  const start = await endOfLog(server)
  await run()
  return collectParts(server, start, await endOfLog(server))
}
