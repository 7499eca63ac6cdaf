import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collectParts, dumpOptions, endOfFile, endOfLog, partsOf } from '../../test/binlog/collect-parts.ts'
import { eventually } from '../../test/harness/eventually.ts'
import { type ServerKind, startServer, type TestServer } from '../../test/harness/mysql-servers.ts'
import {
  BinlogAccessError,
  BinlogConnectionError,
  BinlogDivergedError,
  BinlogDumpError,
  BinlogPurgedError,
  BinlogReplicaIdTakenError,
  BinlogSilentError,
  decodeTableMap,
  EventType,
  InvalidPositionError,
  isAtOrAfter,
  openBinlogStream,
  type Position,
  RowsReader,
  type TransactionPart,
  TransactionReader,
} from './index.ts'

const kinds: readonly ServerKind[] = ['mysql-9.7', 'mysql-5.6', 'mariadb-10.11']

function insertedIds(parts: readonly TransactionPart[]): number[] {
  const ids: number[] = []
  let reader: RowsReader | null = null
  for (const part of parts) {
    if (part.kind === 'table-map') reader = new RowsReader(decodeTableMap(part.event))
    if (part.kind !== 'rows' || reader === null) continue
    reader.open(part.event)
    while (reader.next()) ids.push(reader.after.bytes(0)?.readInt32LE(0) ?? -1)
  }
  return ids
}

function positionsOf(parts: readonly TransactionPart[]): Position[] {
  return parts.flatMap((part) => (part.kind === 'commit' || part.kind === 'ddl' ? [part.position] : []))
}

/** What a stream ends with. */
async function endOf(stream: Awaited<ReturnType<typeof openBinlogStream>>): Promise<unknown> {
  try {
    while ((await stream.nextBatch()) !== null);
    return null
  } catch (error) {
    return error
  }
}

describe.each(kinds)('on %s', (kind) => {
  let server: TestServer

  beforeAll(async () => {
    server = await startServer(kind, {
      args: ['--max-allowed-packet=256M', ...(kind === 'mysql-5.6' ? ['--innodb-log-file-size=512M'] : [])],
    })
    await server.query('CREATE DATABASE d; USE d; CREATE TABLE t (id INT PRIMARY KEY, b LONGBLOB)')
  })

  afterAll(() => server[Symbol.asyncDispose]())

  test('a stream may resume at the end of every transaction, by GTID and by file and offset', async () => {
    const [byGtid, byFile] = [await endOfLog(server), await endOfFile(server)]
    await server.query('INSERT INTO t VALUES (1, NULL), (2, NULL)')
    await server.query('INSERT INTO t VALUES (3, NULL)')
    await server.query('FLUSH LOGS')
    await server.query('BEGIN; INSERT INTO t VALUES (4, NULL); INSERT INTO t VALUES (5, NULL); COMMIT')
    const untilGtid = await endOfLog(server)
    const untilFile = await endOfFile(server)
    for (const [start, until] of [
      [byGtid, untilGtid],
      [byFile, untilFile],
    ] as const) {
      const parts = await collectParts(server, start, until)
      expect(insertedIds(parts)).toEqual([1, 2, 3, 4, 5])
      const positions = positionsOf(parts)
      expect(positions).toHaveLength(3)
      const rest = [[3, 4, 5], [4, 5], []]
      for (const [index, position] of positions.entries())
        expect(insertedIds(await collectParts(server, position, until))).toEqual(rest[index])
      expect(isAtOrAfter(positions[2] ?? start, until)).toBe(true)
    }
  })

  test('an idle server is heard, and knows its replica', async () => {
    await using stream = await openBinlogStream({ ...dumpOptions(server, await endOfLog(server)), heartbeatMs: 500 })
    let beats = 0
    while (beats < 3)
      for (const event of (await stream.nextBatch()) ?? [])
        if (event.header.type === EventType.Heartbeat || event.header.type === EventType.HeartbeatV2) beats += 1
    expect(stream.vendor).toBe(server.vendor)
    expect(stream.idleMs).toBeLessThan(1_500)
    const replicas = await server.query(kind === 'mysql-9.7' ? 'SHOW REPLICAS' : 'SHOW SLAVE HOSTS')
    expect(replicas.length).toBeGreaterThan(0)
  })

  test('a row of 40 MB comes whole, in packets of 16 MB', async () => {
    const parts = await partsOf(server, () => server.query("INSERT INTO t VALUES (100, REPEAT('0123456789', 4000000))"))
    const map = parts.find((part) => part.kind === 'table-map')
    const rows = parts.find((part) => part.kind === 'rows')
    if (map?.kind !== 'table-map' || rows?.kind !== 'rows') throw new Error('no rows')
    const reader = new RowsReader(decodeTableMap(map.event))
    reader.open(rows.event)
    expect(reader.next()).toBe(true)
    const bytes = reader.after.bytes(1)
    expect(bytes).toHaveLength(40_000_000)
    expect(bytes?.subarray(-10).toString()).toBe('0123456789')
    expect(reader.next()).toBe(false)
  })

  test('a packet of exactly 16 MB is followed by an empty one, and read', async () => {
    // The packet holds one byte of status, the event and its checksum.
    const [probe] = (await partsOf(server, () => server.query('INSERT INTO t VALUES (200, REPEAT(1, 70000))'))).filter(
      (part) => part.kind === 'rows',
    )
    if (probe?.kind !== 'rows') throw new Error('no rows')
    const overhead = 1 + probe.event.header.size - 70_000
    for (const difference of [-1, 0, 1]) {
      const length = 0xff_ffff - overhead + difference
      const parts = await partsOf(server, () => server.query(`REPLACE INTO t VALUES (201, REPEAT('x', ${length}))`))
      const rows = parts.findLast((part) => part.kind === 'rows')
      if (rows?.kind !== 'rows') throw new Error('no rows')
      expect(rows.event.buffer.subarray(-3).toString()).toBe('xxx')
      await server.query('DELETE FROM t WHERE id = 201')
    }
  })

  test('a consumer that waits holds the source back in bounded memory, then gets everything', async () => {
    const start = await endOfLog(server)
    for (let id = 1_000; id < 1_060; id += 1) await server.query(`REPLACE INTO t VALUES (${id}, REPEAT('x', 1000000))`)
    const until = await endOfLog(server)
    const heartbeatMs = 500
    await using stream = await openBinlogStream({ ...dumpOptions(server, start), heartbeatMs, queueBytes: 4_000_000 })
    // A server that has just written all that may be slow to begin; it says nothing while its disk is busy.
    await eventually(() => stream.queuedBytes > 4_000_000, 60_000, 'a full queue')
    // Longer than three heartbeats: a paused stream must not take its own silence for the server's.
    await new Promise((resolve) => setTimeout(resolve, 4 * heartbeatMs))
    expect(stream.queuedBytes).toBeLessThan(6_000_000)
    const reader = new TransactionReader(start)
    const parts: TransactionPart[] = []
    while (!isAtOrAfter(reader.position, until)) parts.push(...reader.read((await stream.nextBatch()) ?? []))
    expect([...new Set(insertedIds(parts))]).toEqual(Array.from({ length: 60 }, (_none, index) => 1_000 + index))
  })

  test('new transactions arrive while the stream waits, after a rotation too', async () => {
    const start = await endOfLog(server)
    await using stream = await openBinlogStream(dumpOptions(server, start))
    const reader = new TransactionReader(start)
    const parts: TransactionPart[] = []
    for (const id of [5_000, 5_001, 5_002]) {
      await server.query(`INSERT INTO t VALUES (${id}, NULL)`)
      while (!insertedIds(parts).includes(id)) parts.push(...reader.read((await stream.nextBatch()) ?? []))
      await server.query('FLUSH LOGS')
    }
    expect(insertedIds(parts)).toEqual([5_000, 5_001, 5_002])
  })

  test('closing ends a waiting consumer with null, aborting with the reason', async () => {
    const start = await endOfLog(server)
    const stream = await openBinlogStream(dumpOptions(server, start))
    await stream.nextBatch()
    const ending = endOf(stream)
    await stream.close()
    expect(await ending).toBeNull()

    const abort = new AbortController()
    const second = await openBinlogStream({ ...dumpOptions(server, start), signal: abort.signal })
    const aborted = endOf(second)
    abort.abort(new Error('enough'))
    expect(await aborted).toEqual(new Error('enough'))
  })

  test('a wrong password and a user without the privilege are access errors that do not show the password', async () => {
    const options = dumpOptions(server, await endOfLog(server))
    const wrong = await openBinlogStream({ ...options, password: 'planted-secret' }).catch((error: unknown) => error)
    expect(wrong).toBeInstanceOf(BinlogAccessError)
    expect(String(wrong)).not.toContain('planted-secret')
    const create =
      kind === 'mysql-9.7'
        ? "CREATE USER poor@'%' IDENTIFIED BY 'p'"
        : "GRANT USAGE ON *.* TO poor@'%' IDENTIFIED BY 'p'"
    await server.query(create)
    const poor = await openBinlogStream({ ...options, user: 'poor', password: 'p' }).then(
      (stream) => endOf(stream),
      (error: unknown) => error,
    )
    expect(poor).toBeInstanceOf(BinlogAccessError)
    expect(String(poor)).toContain('REPLICATION SLAVE')
  })

  test('a second replica with the same id drives out the first, which says so', async () => {
    const options = dumpOptions(server, await endOfLog(server))
    await using first = await openBinlogStream(options)
    const ending = endOf(first)
    await using _second = await openBinlogStream(options)
    const error = await ending
    expect(error).toSatisfy(
      (reason) => reason instanceof BinlogReplicaIdTakenError || reason instanceof BinlogConnectionError,
    )
  })

  test('positions of other kinds and logs that never were are refused', async () => {
    const other: Position =
      server.vendor === 'mysql'
        ? { kind: 'mariadb-gtid', gtid: '0-1-1', file: '', offset: 0 }
        : { kind: 'mysql-gtid', executed: '', file: '', offset: 0 }
    await expect(openBinlogStream(dumpOptions(server, other))).rejects.toBeInstanceOf(InvalidPositionError)
    const future: Position = { kind: 'file', file: 'binlog.999999', offset: 4 }
    await expect(openBinlogStream(dumpOptions(server, future))).rejects.toBeInstanceOf(BinlogDivergedError)
    const { file } = await endOfFile(server)
    const beyond = await openBinlogStream(dumpOptions(server, { kind: 'file', file, offset: 4_000_000_000 }))
    expect(await endOf(beyond)).toSatisfy(
      (error) => error instanceof BinlogDivergedError || error instanceof BinlogDumpError,
    )
  })

  test('a GTID that the server lost is told as another history', async () => {
    const own =
      server.vendor === 'mysql'
        ? String((await server.query('SELECT @@global.server_uuid AS uuid'))[0]?.uuid)
        : String(server.serverId)
    const lost: Position =
      server.vendor === 'mysql'
        ? { kind: 'mysql-gtid', executed: `${own}:1-999999`, file: '', offset: 0 }
        : { kind: 'mariadb-gtid', gtid: `0-${own}-999999`, file: '', offset: 0 }
    const end = await openBinlogStream({ ...dumpOptions(server, lost), commitWithinMs: 500 }).then(
      (stream) => endOf(stream),
      (error: unknown) => error,
    )
    expect(end).toBeInstanceOf(BinlogDivergedError)
  })

  test('logs that were purged are told with what is missing', async () => {
    const [oldGtid, oldFile] = [await endOfLog(server), await endOfFile(server)]
    await server.query('INSERT INTO t VALUES (9000, NULL); FLUSH LOGS')
    await server.query('INSERT INTO t VALUES (9001, NULL); FLUSH LOGS')
    const now = await endOfFile(server)
    // MariaDB keeps a log until its last transactions are safe in the engine.
    await eventually(async () => {
      await server.query(`PURGE BINARY LOGS TO '${now.file}'`)
      return (await server.query('SHOW BINARY LOGS'))[0]?.Log_name === now.file
    }, 20_000)
    for (const start of [oldGtid, oldFile]) {
      const end = await openBinlogStream(dumpOptions(server, start)).then(
        (stream) => endOf(stream),
        (error: unknown) => error,
      )
      expect(end).toBeInstanceOf(BinlogPurgedError)
      if (start.kind === 'file') expect(String(end)).toContain(start.file)
    }
  })

  test('a killed server ends the stream at once, with an error to try again', async () => {
    const start = await endOfLog(server)
    await using stream = await openBinlogStream({ ...dumpOptions(server, start), heartbeatMs: 60_000 })
    await stream.nextBatch()
    const ending = endOf(stream)
    const killedAt = performance.now()
    await server.kill()
    expect(await ending).toBeInstanceOf(BinlogConnectionError)
    expect(performance.now() - killedAt).toBeLessThan(5_000)
    await expect(openBinlogStream(dumpOptions(server, start))).rejects.toBeInstanceOf(BinlogConnectionError)
    await server.start()
    await server.query('INSERT INTO d.t VALUES (9500, NULL)')
    expect(insertedIds(await collectParts(server, start, await endOfLog(server)))).toEqual([9_500])
  })

  test('a clean shutdown ends the stream with an error to try again', async () => {
    await using stream = await openBinlogStream(dumpOptions(server, await endOfLog(server)))
    const ending = endOf(stream)
    await server.stop()
    expect(await ending).toBeInstanceOf(BinlogConnectionError)
    await server.start()
  })

  test('a connection that stands but goes silent is given up after three heartbeats', async () => {
    await using pipe = await freezablePipe(server.port)
    const options = { ...dumpOptions(server, await endOfLog(server)), port: pipe.port, heartbeatMs: 200 }
    await using stream = await openBinlogStream(options)
    await stream.nextBatch()
    pipe.freeze()
    expect(await endOf(stream)).toBeInstanceOf(BinlogSilentError)
  })
})

/** A relay to a local port that can stop relaying without closing, as a broken network does. */
async function freezablePipe(port: number) {
  const sockets: Socket[] = []
  let isFrozen = false
  const relay = createServer((client) => {
    const upstream = new (client.constructor as typeof Socket)()
    upstream.connect(port, '127.0.0.1')
    sockets.push(client, upstream)
    client.on('data', (data) => isFrozen || upstream.write(data))
    upstream.on('data', (data) => isFrozen || client.write(data))
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const address = relay.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    freeze: () => {
      isFrozen = true
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      relay.close()
    },
  }
}

test('the stream may be encrypted, and a certificate of another authority is refused', async () => {
  await using server = await startServer('mysql-9.7')
  const start = await endOfLog(server)
  await server.query('CREATE DATABASE e')
  await server.query(
    "CREATE USER sealed@'%' IDENTIFIED BY 'p' REQUIRE SSL; GRANT REPLICATION SLAVE ON *.* TO sealed@'%'",
  )
  const until = await endOfLog(server)
  const options = { ...dumpOptions(server, start), user: 'sealed', password: 'p' }
  const ca = await readFile(join(server.dataDir, 'ca.pem'), 'utf8')
  const parts = await collectParts(server, start, until, { ...options, tls: { ca } })
  expect(parts.filter((part) => part.kind === 'ddl')).toHaveLength(3)
  await expect(openBinlogStream(options)).rejects.toBeInstanceOf(BinlogAccessError)
  await expect(openBinlogStream({ ...options, tls: {} })).rejects.toThrow(/no secure connection .*certificate/)
})

test('a source that still waits with a commit is no other history for who has read it', async () => {
  await using server = await startServer('mysql-9.7')
  await server.query(`CREATE DATABASE held; CREATE TABLE held.t (id INT PRIMARY KEY);
    INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so';
    SET GLOBAL rpl_semi_sync_source_enabled = ON, rpl_semi_sync_source_timeout = 3000`)
  const start = await endOfLog(server)
  const writer = await server.connect()
  const committing = writer.query('INSERT INTO held.t VALUES (1)')
  await using first = await openBinlogStream(dumpOptions(server, start))
  const reader = new TransactionReader(start)
  while (positionsOf([...reader.read((await first.nextBatch()) ?? [])]).length === 0);
  expect(await endOfLog(server)).toEqual(start)
  await using _second = await openBinlogStream(dumpOptions(server, reader.position))
  await committing
  await writer.end()
})
