import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collectParts, endOfFile, endOfLog, partsOf } from '../../test/binlog/collect-parts.ts'
import { changes, outline, run, sqlOf } from '../../test/binlog/describe-parts.ts'
import { startServer, type TestServer } from '../../test/harness/mysql-servers.ts'
import { decodeJsonDiffs, decodeTableMap, EventType, GtidSet, jsonDiffExpression, RowsReader } from './index.ts'

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
