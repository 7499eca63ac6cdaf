import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collectParts, endOfFile, endOfLog, partsOf } from '../../test/binlog/collect-parts.ts'
import { changes, outline, run, sqlOf } from '../../test/binlog/describe-parts.ts'
import { startServer, type TestServer } from '../../test/harness/mysql-servers.ts'
import { decodeStatementContext, isAtOrAfter } from './index.ts'

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
