import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collectParts, endOfFile, endOfLog, partsOf } from '../../test/binlog/collect-parts.ts'
import { startServer, type TestServer } from '../../test/harness/mysql-servers.ts'
import {
  decodeJsonDiffs,
  decodeStatementContext,
  decodeTableMap,
  EventType,
  GtidSet,
  isAtOrAfter,
  jsonDiffExpression,
  type RowsReader as Reader,
  RowsReader,
  rowValues,
  type TransactionPart,
} from './index.ts'

/** Runs each statement alone, on one connection. */
function run(server: TestServer, ...statements: string[]) {
  return partsOf(server, async () => {
    const connection = await server.connect({ database: 'd' })
    try {
      for (const statement of statements) await connection.query(statement)
    } finally {
      await connection.end()
    }
  })
}

const outline = (parts: readonly TransactionPart[]) =>
  parts.filter((part) => part.kind !== 'idle' && part.kind !== 'format').map((part) => part.kind)

const sqlOf = (parts: readonly TransactionPart[]) =>
  parts.flatMap((part) => ('query' in part ? [part.query.sql.toString()] : []))

type Values = ReturnType<typeof rowValues> | null

/** Every row: its kind, and the values before and after (undefined: absent). */
function changes(parts: readonly TransactionPart[]) {
  const found: { kind: string; before: Values; after: Values }[] = []
  let reader: Reader | null = null
  for (const part of parts) {
    if (part.kind === 'table-map') reader = new RowsReader(decodeTableMap(part.event))
    if (part.kind !== 'rows' || reader === null) continue
    const { kind } = reader.open(part.event)
    const { columns } = reader.table
    while (reader.next())
      found.push({
        kind,
        before: kind === 'write' ? null : rowValues(reader.before, columns, null),
        after: kind === 'delete' ? null : rowValues(reader.after, columns, null),
      })
  }
  return found
}

const kinds = ['mysql-9.7', 'mysql-5.6', 'mariadb-10.11'] as const

describe.each(kinds)('on %s', (kind) => {
  let server: TestServer

  beforeAll(async () => {
    server = await startServer(kind, { args: kind === 'mariadb-10.11' ? ['--binlog-alter-two-phase=1'] : [] })
    await server.query('CREATE DATABASE d; USE d')
    await server.query('CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20)) ENGINE=InnoDB')
    await server.query('CREATE TABLE m (id INT PRIMARY KEY, a VARCHAR(20)) ENGINE=MyISAM')
  })

  afterAll(() => server[Symbol.asyncDispose]())

  test('a transaction is a begin, table maps, rows and a commit, with its GTID and what came before', async () => {
    const start = await endOfLog(server)
    const parts = await run(
      server,
      'BEGIN',
      "INSERT INTO t VALUES (1, 'x', NULL)",
      "UPDATE t SET a = 'y'",
      'DELETE FROM t',
      'COMMIT',
    )
    expect(outline(parts)).toEqual(['begin', 'table-map', 'rows', 'table-map', 'rows', 'table-map', 'rows', 'commit'])
    expect(changes(parts)).toEqual([
      { kind: 'write', before: null, after: [1, Buffer.from('x'), null] },
      { kind: 'update', before: [1, Buffer.from('x'), null], after: [1, Buffer.from('y'), null] },
      { kind: 'delete', before: [1, Buffer.from('y'), null], after: null },
    ])
    const begin = parts.find((part) => part.kind === 'begin')
    const commit = parts.find((part) => part.kind === 'commit')
    if (begin?.kind !== 'begin' || commit?.kind !== 'commit') throw new Error('no transaction')
    expect(begin.transaction.serverId).toBe(server.serverId)
    expect(isAtOrAfter(begin.transaction.before, start) && isAtOrAfter(start, begin.transaction.before)).toBe(true)
    expect(begin.transaction.gtid).not.toBeNull()
    expect(isAtOrAfter(commit.position, await endOfLog(server))).toBe(true)
    const agoMs = Date.now() - Number(commit.committed.micros / 1000n)
    expect(agoMs).toBeGreaterThan(-1_000)
    expect(agoMs).toBeLessThan(60_000)
    expect(commit.committed.isExact).toBe(kind === 'mysql-9.7')
  })

  test('DDL is one part with the session state it ran in', async () => {
    const [ddl, ...rest] = (
      await run(
        server,
        "SET NAMES latin1, SESSION sql_mode='ANSI_QUOTES', time_zone='+03:00', foreign_key_checks=0, unique_checks=0, auto_increment_increment=7, auto_increment_offset=3, lc_time_names='de_DE'",
        'CREATE TABLE "made" (id INT DEFAULT 1, at TIMESTAMP NULL DEFAULT \'2024-01-01 00:00:00\')',
      )
    ).filter((part) => part.kind === 'ddl')
    expect(rest).toEqual([])
    if (ddl?.kind !== 'ddl') throw new Error('no DDL')
    expect(ddl.query.sql.toString()).toMatch(/^CREATE TABLE "made"/)
    expect(ddl.query.schema).toBe('d')
    const { session } = ddl.query
    expect(session).toMatchObject({ characterSetClient: 8, collationConnection: 8, timeZone: '+03:00' })
    expect((session.sqlMode ?? 0n) & 4n).toBe(4n)
    expect((session.flags2 ?? 0) & (1 << 26)).toBe(1 << 26)
    expect((session.flags2 ?? 0) & (1 << 27)).toBe(1 << 27)
    expect(ddl.transaction.gtid).not.toBeNull()
  })

  test('the bytes of a statement are the client’s, not UTF-8', async () => {
    const parts = await partsOf(server, async () => {
      const connection = await server.connect({ database: 'd', charset: 'latin1' })
      await connection.query("CREATE TABLE latin (id INT) COMMENT 'ä'")
      await connection.end()
    })
    const ddl = parts.find((part) => part.kind === 'ddl')
    if (ddl?.kind !== 'ddl') throw new Error('no DDL')
    expect(ddl.query.sql.includes(Buffer.from("'\xe4'", 'latin1'))).toBe(true)
  })

  test('savepoints come as parts, and what was rolled back to one does not come', async () => {
    const parts = await run(
      server,
      'BEGIN',
      "INSERT INTO t VALUES (10, 'x', NULL)",
      'SAVEPOINT `s 1`',
      "INSERT INTO t VALUES (11, 'x', NULL)",
      'ROLLBACK TO `s 1`',
      "INSERT INTO t VALUES (12, 'x', NULL)",
      'COMMIT',
    )
    expect(changes(parts).map((change) => change.after?.[0])).toEqual([10, 12])
    expect(outline(parts).filter((part) => part === 'commit')).toHaveLength(1)
  })

  test('a row image may lack columns, which are then absent and not NULL', async () => {
    await server.query("INSERT INTO t VALUES (20, 'x', NULL)")
    const parts = await run(
      server,
      "SET SESSION binlog_row_image='MINIMAL'",
      "UPDATE t SET a = 'y' WHERE id = 20",
      'INSERT INTO t (id) VALUES (21)',
      'DELETE FROM t WHERE id = 20',
    )
    expect(changes(parts)).toEqual([
      { kind: 'update', before: [20, undefined, undefined], after: [undefined, Buffer.from('y'), undefined] },
      {
        kind: 'write',
        before: null,
        after: [21, undefined, undefined],
      },
      { kind: 'delete', before: [20, undefined, undefined], after: null },
    ])
  })

  test('statement-based logging gives statements with their context', async () => {
    const parts = await run(
      server,
      "SET SESSION binlog_format='STATEMENT'",
      "SET @v = 'ä', rand_seed1 = 7, rand_seed2 = 8",
      'INSERT INTO m VALUES (FLOOR(30 + RAND() * 0), @v)',
    )
    expect(outline(parts)).toEqual(['begin', 'context', 'context', 'statement', 'commit'])
    expect(sqlOf(parts)).toEqual(['INSERT INTO m VALUES (FLOOR(30 + RAND() * 0), @v)'])
    const context = parts.flatMap((part) => (part.kind === 'context' ? [decodeStatementContext(part.event)] : []))
    expect(context).toMatchObject([{ kind: 'rand' }, { kind: 'user-variable', name: 'v' }])
  })

  test('truncation, accounts and views are transactions of their own', async () => {
    const parts = await run(server, 'TRUNCATE TABLE m', 'CREATE VIEW v AS SELECT 1', 'DROP VIEW v')
    expect(outline(parts)).toEqual(['ddl', 'ddl', 'ddl'])
  })
})

describe('on mysql-9.7', () => {
  let server: TestServer

  beforeAll(async () => {
    server = await startServer('mysql-9.7')
    await server.query('CREATE DATABASE d; USE d; CREATE TABLE t (id INT PRIMARY KEY, a LONGTEXT, j JSON, k JSON)')
  })

  afterAll(() => server[Symbol.asyncDispose]())

  test('compressed transactions come as if they were not, with the position behind the payload', async () => {
    const start = await endOfFile(server)
    const parts = await run(
      server,
      'SET SESSION binlog_transaction_compression=ON',
      'BEGIN',
      "INSERT INTO t (id, a) VALUES (1, REPEAT('x', 100000)), (2, 'y')",
      'UPDATE t SET a = NULL',
      'COMMIT',
    )
    expect(new Set(outline(parts))).toEqual(new Set(['begin', 'table-map', 'rows', 'commit']))
    expect(outline(parts).at(-1)).toBe('commit')
    expect(changes(parts)).toHaveLength(4)
    const end = await endOfFile(server)
    expect(end.offset - start.offset).toBeLessThan(2_000)
    const commit = (await collectParts(server, start, end)).find((part) => part.kind === 'commit')
    expect(commit?.kind === 'commit' && commit.position).toEqual(end)
  })

  test('partial JSON updates give differences that make the new document', async () => {
    await server.query(
      `INSERT INTO t VALUES (10, 'x', '{"a": [1, 2, 3], "b": "${'long '.repeat(100)}", "c": 1}', '{"z": 1}')`,
    )
    const parts = await run(
      server,
      "SET SESSION binlog_row_value_options='PARTIAL_JSON'",
      "UPDATE t SET j = JSON_SET(JSON_REMOVE(JSON_REPLACE(j, '$.a[1]', 1.5e0), '$.c'), '$.a[0]', 'ä') WHERE id = 10",
      "UPDATE t SET a = 'y', k = '{}' WHERE id = 10",
    )
    const rows = parts.filter((part) => part.kind === 'rows')
    expect(rows.map((part) => part.event.header.type)).toEqual([
      EventType.PartialUpdateRows,
      EventType.PartialUpdateRows,
    ])
    const map = parts.find((part) => part.kind === 'table-map')
    if (map?.kind !== 'table-map' || rows[0]?.kind !== 'rows') throw new Error('no rows')
    const reader = new RowsReader(decodeTableMap(map.event))
    reader.open(rows[0].event)
    expect(reader.next()).toBe(true)
    // A column that did not change has no differences.
    expect(decodeJsonDiffs(reader.after.bytes(3) ?? Buffer.alloc(1))).toEqual([])
    expect(reader.after.isPartial(2)).toBe(true)
    const diffs = decodeJsonDiffs(reader.after.bytes(2) ?? Buffer.alloc(0))
    expect(diffs.map((diff) => `${diff.operation} ${diff.path}`)).toEqual([
      'replace $.a[1]',
      'remove $.c',
      'replace $.a[0]',
    ])
    expect(reader.next()).toBe(false)

    await server.query(
      `INSERT INTO t VALUES (11, 'x', '{"a": [1, 2, 3], "b": "${'long '.repeat(100)}", "c": 1}', '{}')`,
    )
    await server.query(`UPDATE t SET j = ${jsonDiffExpression('`j`', diffs)} WHERE id = 11`)
    const [same] = await server.query(
      'SELECT (SELECT j FROM t WHERE id = 10) = (SELECT j FROM t WHERE id = 11) AS same',
    )
    expect(same).toEqual({ same: 1 })
  })

  test('partial images of several JSON columns, some absent, are walked to their end', async () => {
    await server.query(
      `INSERT INTO t VALUES (12, 'x', '{"b": "${'long '.repeat(100)}"}', '{"c": "${'long '.repeat(100)}", "d": 1}')`,
    )
    const parts = await run(
      server,
      "SET SESSION binlog_row_value_options='PARTIAL_JSON', binlog_row_image='MINIMAL'",
      "UPDATE t SET k = JSON_SET(k, '$.d', 2) WHERE id = 12",
      "UPDATE t SET a = 'changed' WHERE id = 12",
    )
    expect(changes(parts).map((change) => change.after)).toEqual([
      [undefined, undefined, undefined, expect.any(Buffer)],
      [undefined, Buffer.from('changed'), undefined, undefined],
    ])
  })

  test('tagged GTIDs are read, counted into the position, and a stream resumes after them', async () => {
    const start = await endOfLog(server)
    const parts = await run(
      server,
      "SET SESSION gtid_next='AUTOMATIC:blue'",
      'INSERT INTO t (id) VALUES (30)',
      "SET SESSION gtid_next='AUTOMATIC'",
      'INSERT INTO t (id) VALUES (31)',
      "SET SESSION gtid_next='11111111-2222-3333-4444-555555555555:red_1:77'",
      'INSERT INTO t (id) VALUES (32)',
      "SET SESSION gtid_next='AUTOMATIC'",
    )
    const heads = parts.flatMap((part) => (part.kind === 'begin' ? [part.transaction] : []))
    expect(heads.map((head) => head.gtid)).toEqual([
      expect.stringMatching(/^[0-9a-f-]{36}:blue:1$/),
      expect.stringMatching(/^[0-9a-f-]{36}:\d+$/),
      '11111111-2222-3333-4444-555555555555:red_1:77',
    ])
    for (const head of heads) {
      expect(head.lengthBytes).toBeGreaterThan(100)
      expect(head.sequenceNumber).toBeGreaterThan(0n)
      expect(Number((head.immediateCommitMicros ?? 0n) / 1000n) - Date.now()).toBeLessThan(60_000)
      expect(head.originalCommitMicros).toBe(head.immediateCommitMicros)
    }
    const end = await endOfLog(server)
    const positions = parts.flatMap((part) => (part.kind === 'commit' ? [part.position] : []))
    expect(positions.at(-1)).toMatchObject({ executed: end.kind === 'mysql-gtid' ? end.executed : '' })
    if (start.kind !== 'mysql-gtid' || end.kind !== 'mysql-gtid') throw new Error('no GTIDs')
    expect(GtidSet.parse(end.executed).subtract(GtidSet.parse(start.executed)).count()).toBe(3n)
    for (const [index, position] of positions.entries())
      expect(changes(await collectParts(server, position, end))).toHaveLength(2 - index)
  })

  test('XA transactions are prepared under their name, then committed or rolled back', async () => {
    const parts = await run(
      server,
      "XA START X'6100', 'b', 7",
      'INSERT INTO t (id) VALUES (40)',
      "XA END X'6100', 'b', 7",
      "XA PREPARE X'6100', 'b', 7",
      "XA COMMIT X'6100', 'b', 7",
      "XA START 'c'",
      'INSERT INTO t (id) VALUES (41)',
      "XA END 'c'",
      "XA COMMIT 'c' ONE PHASE",
      "XA START 'e'",
      'INSERT INTO t (id) VALUES (42)',
      "XA END 'e'",
      "XA PREPARE 'e'",
      "XA ROLLBACK 'e'",
    )
    expect(outline(parts)).toEqual([
      'begin',
      'table-map',
      'rows',
      'xa-prepare',
      'xa-commit',
      'begin',
      'table-map',
      'rows',
      'xa-prepare',
      'begin',
      'table-map',
      'rows',
      'xa-prepare',
      'xa-rollback',
    ])
    const name = { formatId: 7, gtrid: Buffer.from('a\0'), bqual: Buffer.from('b') }
    expect(parts.filter((part) => 'xid' in part).slice(0, 3)).toMatchObject([
      { xid: name },
      { xid: name, isOnePhase: false },
      { xid: name },
    ])
    expect(parts.filter((part) => part.kind === 'xa-prepare').map((part) => part.isOnePhase)).toEqual([
      false,
      true,
      false,
    ])
  })

  test('CREATE TABLE ... SELECT is a statement and its rows in one transaction', async () => {
    const parts = await run(server, 'CREATE TABLE copy AS SELECT 1 AS one')
    expect(outline(parts)).toEqual(['begin', 'statement', 'table-map', 'rows', 'commit'])
    expect(sqlOf(parts)[0]).toMatch(/^CREATE TABLE `copy`[\s\S]*START TRANSACTION$/)
  })

  test('the text of a statement comes before its rows when the source logs it', async () => {
    const parts = await run(
      server,
      'SET SESSION binlog_rows_query_log_events=ON',
      `INSERT INTO t (id, a) VALUES (50, '${'long'.repeat(100)}')`,
    )
    expect(outline(parts)).toEqual(['begin', 'annotation', 'table-map', 'rows', 'commit'])
    const annotation = parts.find((part) => part.kind === 'annotation')
    expect(annotation?.kind === 'annotation' && annotation.sql.toString()).toMatch(/^INSERT INTO t .*longlong'\)$/)
  })
})

describe('on mariadb-10.11', () => {
  let server: TestServer

  beforeAll(async () => {
    server = await startServer('mariadb-10.11', { args: ['--binlog-alter-two-phase=1'] })
    await server.query('CREATE DATABASE d; USE d; CREATE TABLE t (id INT PRIMARY KEY, a LONGTEXT) ENGINE=InnoDB')
  })

  afterAll(() => server[Symbol.asyncDispose]())

  test('compressed events (log_bin_compress) give the same rows and statements', async () => {
    await server.query('SET GLOBAL log_bin_compress=ON, log_bin_compress_min_len=10')
    const parts = await run(
      server,
      "INSERT INTO t VALUES (1, REPEAT('x', 100000)), (2, 'short')",
      "UPDATE t SET a = REPEAT('y', 1000)",
      'DELETE FROM t',
      `CREATE TABLE packed (id INT COMMENT '${'long '.repeat(50)}')`,
    )
    await server.query('SET GLOBAL log_bin_compress=OFF')
    const types = parts.flatMap((part) => (part.kind === 'rows' ? [part.event.header.type] : []))
    expect(new Set(types)).toEqual(
      new Set([
        EventType.MariadbWriteRowsCompressedV1,
        EventType.MariadbUpdateRowsCompressedV1,
        EventType.MariadbDeleteRowsCompressedV1,
      ]),
    )
    const found = changes(parts)
    expect(found.map((change) => change.kind)).toEqual(['write', 'write', 'update', 'update', 'delete', 'delete'])
    expect(found[0]?.after).toEqual([1, Buffer.alloc(100_000, 'x')])
    expect(sqlOf(parts)).toEqual([expect.stringMatching(/^CREATE TABLE packed .*long '\)$/)])
  })

  test('a two-phase ALTER counts once, when it is committed; a failed one changes nothing', async () => {
    await server.query("INSERT INTO t VALUES (10, 'same'), (11, 'same')")
    const parts = await partsOf(server, async () => {
      await server.query('ALTER TABLE t ADD c INT')
      await server.query('ALTER TABLE t ADD UNIQUE (a(10))').catch(() => {})
    })
    expect(outline(parts)).toEqual(['begin', 'commit', 'ddl', 'begin', 'commit', 'begin', 'commit'])
    expect(sqlOf(parts)).toEqual(['ALTER TABLE t ADD c INT'])
  })

  test('XA transactions are prepared under their name, then committed or rolled back', async () => {
    const parts = await run(
      server,
      "XA START 'a', 'b', 7",
      'INSERT INTO t (id) VALUES (40)',
      "XA END 'a', 'b', 7",
      "XA PREPARE 'a', 'b', 7",
      "XA COMMIT 'a', 'b', 7",
      "XA START 'e'",
      'INSERT INTO t (id) VALUES (42)',
      "XA END 'e'",
      "XA PREPARE 'e'",
      "XA ROLLBACK 'e'",
    )
    expect(outline(parts)).toEqual([
      'begin',
      'table-map',
      'rows',
      'xa-prepare',
      'xa-commit',
      'begin',
      'table-map',
      'rows',
      'xa-prepare',
      'xa-rollback',
    ])
    const name = { formatId: 7, gtrid: Buffer.from('a'), bqual: Buffer.from('b') }
    expect(parts.filter((part) => 'xid' in part).slice(0, 3)).toMatchObject([
      { xid: name },
      { xid: name },
      { xid: name },
    ])
  })

  test('several domains and servers make one position', async () => {
    const start = await endOfLog(server)
    const parts = await run(
      server,
      'SET SESSION gtid_domain_id=5, server_id=77',
      'INSERT INTO t (id) VALUES (50)',
      'SET SESSION gtid_domain_id=0',
      'INSERT INTO t (id) VALUES (51)',
    )
    const end = await endOfLog(server)
    const positions = parts.flatMap((part) => (part.kind === 'commit' ? [part.position] : []))
    expect(positions.at(-1)).toMatchObject({ gtid: end.kind === 'mariadb-gtid' ? end.gtid : '' })
    expect(parts.flatMap((part) => (part.kind === 'begin' ? [part.transaction.serverId] : []))).toEqual([77, 77])
    expect(changes(await collectParts(server, positions[0] ?? start, end))).toHaveLength(1)
  })
})

describe('without GTIDs, on mysql-5.6', () => {
  test('transactions have positions by file and offset, mixed engines and rollbacks included', async () => {
    await using server = await startServer('mysql-5.6', { args: ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'] })
    await server.query(
      'CREATE DATABASE d; USE d; CREATE TABLE t (id INT PRIMARY KEY) ENGINE=InnoDB; CREATE TABLE m (id INT) ENGINE=MyISAM',
    )
    const start = await endOfFile(server)
    await server.query('INSERT INTO t VALUES (1)')
    await server.query('BEGIN; INSERT INTO t VALUES (2); INSERT INTO m VALUES (2); ROLLBACK')
    await server.query(
      "SET SESSION binlog_format='STATEMENT'; BEGIN; INSERT INTO m VALUES (3); INSERT INTO t VALUES (3); INSERT INTO m VALUES (4); ROLLBACK; SET SESSION binlog_format='ROW'",
    )
    await server.query("XA START 'x'; INSERT INTO t VALUES (5); XA END 'x'; XA PREPARE 'x'; XA COMMIT 'x'")
    const parts = await collectParts(server, start, await endOfFile(server))
    const ends = parts.filter((part) => part.kind === 'commit' || part.kind === 'rollback')
    expect(parts.filter((part) => part.kind === 'begin').every((part) => part.transaction.gtid === null)).toBe(true)
    expect(outline(parts).filter((part) => part === 'begin')).toHaveLength(ends.length)
    expect(ends.at(-1)).toMatchObject({ position: await endOfFile(server) })
  })
})
