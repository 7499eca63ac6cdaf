/** Frames from the real log of a real server: what a source task would send, without copy and handshake. */
import { openBinlogStream } from '../../src/binlog/dump-connection.ts'
import { EventType } from '../../src/binlog/event-type.ts'
import type { Position } from '../../src/binlog/position.ts'
import type { RawEvent } from '../../src/binlog/raw-event.ts'
import { decodeRowsTarget, plainRowsEvent } from '../../src/binlog/rows-event.ts'
import { decodeTableName } from '../../src/binlog/table-map-event.ts'
import type { TransactionPart } from '../../src/binlog/transaction-part.ts'
import { TransactionReader } from '../../src/binlog/transaction-reader.ts'
import type { FrameItem, SourceServer } from '../../src/replication/pipe/frame.ts'
import type { TestServer } from '../harness/mysql-servers.ts'
import type { MemoryPipe } from './memory-pipe.ts'

export async function positionOf(server: TestServer): Promise<Position> {
  const name = server.vendor === 'mysql' ? '@@GLOBAL.gtid_executed' : '@@GLOBAL.gtid_current_pos'
  const [row] = await server.query<{ gtids: string }[]>(`SELECT ${name} AS gtids`)
  const gtids = (row?.gtids ?? '').replaceAll('\n', '')
  return server.vendor === 'mysql'
    ? { kind: 'mysql-gtid', executed: gtids, file: '', offset: 0 }
    : { kind: 'mariadb-gtid', gtid: gtids, file: '', offset: 0 }
}

export async function sourceServerOf(server: TestServer): Promise<SourceServer> {
  const [row] = await server.query<{ version: string; charset: string; collation: string }[]>(
    'SELECT VERSION() AS version, @@character_set_server AS charset, @@collation_server AS collation',
  )
  const uuid = server.vendor === 'mysql' ? await server.query<{ uuid: string }[]>('SELECT @@server_uuid AS uuid') : []
  return {
    vendor: server.vendor,
    version: row?.version ?? '',
    serverId: server.serverId,
    serverUuid: uuid[0]?.uuid ?? '',
    lowerCaseTableNames: 0,
    characterSetServer: row?.charset ?? '',
    collationServer: row?.collation ?? '',
  }
}

/** Sends what the server logs for `schemas` from `pipe.position` on, until `signal` aborts. */
export async function sendLog(
  server: TestServer,
  pipe: MemoryPipe,
  schemas: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const start = pipe.position
  const stream = await openBinlogStream({
    host: server.host,
    port: server.port,
    user: server.user,
    password: server.password,
    serverId: 4_000_000 + Math.floor(Math.random() * 1_000_000),
    start,
    heartbeatMs: 500,
    signal,
  })
  const sender = new LogSender(new Set(schemas))
  pipe.append([{ kind: 'epoch', source: await sourceServerOf(server) }])
  const reader = new TransactionReader(start)
  try {
    for (let batch = await stream.nextBatch(); batch !== null; batch = await stream.nextBatch()) {
      const items: FrameItem[] = []
      for (const event of batch) for (const part of reader.read([event])) items.push(...sender.itemsOf(part, event))
      pipe.append(items, reader.position)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    await stream.close()
  }
}

class LogSender {
  readonly #schemas: ReadonlySet<string>
  readonly #inScope = new Map<number, boolean>()
  #gtid: string | null = null

  constructor(schemas: ReadonlySet<string>) {
    this.#schemas = schemas
  }

  itemsOf(part: TransactionPart, event: RawEvent): FrameItem[] {
    switch (part.kind) {
      case 'format':
        return [{ kind: 'format', event: Buffer.from(part.event.buffer) }]
      case 'begin':
        this.#gtid = part.transaction.gtid
        return [{ kind: 'begin', gtid: this.#gtid, serverId: part.transaction.serverId }]
      case 'table-map': {
        const { tableId, schema } = decodeTableName(part.event)
        this.#inScope.set(tableId, this.#schemas.has(schema))
        return this.#inScope.get(tableId) === true ? [{ kind: 'event', event: part.event.buffer }] : []
      }
      case 'rows': {
        const { tableId } = decodeRowsTarget(part.event)
        return this.#inScope.get(tableId) === true ? [{ kind: 'event', event: plainRowsEvent(part.event).buffer }] : []
      }
      case 'savepoint':
      case 'rollback-to-savepoint':
        return [{ kind: 'statement', event: event.buffer }]
      case 'commit':
        return [{ kind: 'commit', place: placeOf(part.position), committed: part.committed }]
      case 'ddl': {
        const { gtid } = part.transaction
        const place = placeOf(part.position)
        const isInScope =
          this.#schemas.has(part.query.schema) || [...this.#schemas].some((name) => part.query.sql.includes(name))
        return isInScope
          ? [{ kind: 'ddl', event: Buffer.from(event.buffer), gtid, place, committed: part.committed }]
          : [{ kind: 'skip', gtid, place, committed: part.committed }]
      }
      case 'idle':
        return event.header.type === EventType.Heartbeat || event.header.type === EventType.HeartbeatV2
          ? [{ kind: 'heartbeat', sourceMicros: BigInt(Date.now()) * 1000n }]
          : []
      default:
        return []
    }
  }
}

function placeOf(position: Position): { file: string; offset: number } {
  return { file: position.file, offset: position.offset }
}
