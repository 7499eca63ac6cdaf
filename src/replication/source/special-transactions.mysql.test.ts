/** What is rare in a log: XA, CREATE TABLE ... SELECT, statements as rows' stead, purged logs, partitions that move. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import { startServer, type TestServer } from '../../../test/harness/mysql-servers.ts'
import { SourceUnderTest } from '../../../test/source/source-under-test.ts'
import { readCommittedPosition } from '../../mysql/binlog-place.ts'
import { openSession } from '../../mysql/session.ts'

describe.each(['mariadb-10.11', 'mysql-9.7', 'mysql-5.6'] as const)('a source task on %s', (kind) => {
  let server: TestServer
  let schemas = 0

  beforeAll(async () => {
    server = await startServer(kind)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  async function makeSchema(): Promise<string> {
    schemas += 1
    const schema = `x${schemas}`
    await server.query(`CREATE DATABASE ${schema};
      CREATE TABLE ${schema}.t (id INT NOT NULL PRIMARY KEY, v INT) ENGINE=InnoDB;
      INSERT INTO ${schema}.t VALUES (1, 10), (2, 20)`)
    return schema
  }

  async function copied(schema: string, source: SourceUnderTest): Promise<void> {
    await eventually(() => source.failure !== null || source.replay.isCopied, 60_000, `the copy of ${schema}`)
    source.check()
  }

  async function currentGtids(): Promise<string> {
    const session = await openSession(server)
    const position = await readCommittedPosition(session, true)
    await session.close()
    return position.kind === 'mysql-gtid' ? position.executed : position.kind === 'mariadb-gtid' ? position.gtid : ''
  }

  const rows = (source: SourceUnderTest, schema: string, table = 't') =>
    source.replay.rowsOf(`${schema}.${table}`).map((row) => (JSON.parse(row) as string[]).join('='))

  test('begins at a given GTID without a copy', async () => {
    const schema = await makeSchema()
    const gtid = await currentGtids()
    await server.query(`INSERT INTO ${schema}.t VALUES (3, 30)`)
    await using source = new SourceUnderTest(server, { include: [{ schema, tables: [] }], gtid })
    await eventually(() => rows(source, schema).length > 0, 60_000)
    expect(source.replay.isCopied).toBe(true)
    expect(source.replay.structures).toEqual([])
    expect(rows(source, schema)).toEqual(['3=30'])
  })

  test('passes savepoints and what was rolled back to them on, and nothing of what was rolled back whole', async () => {
    const schema = await makeSchema()
    await using source = new SourceUnderTest(server, { include: [{ schema, tables: [] }] })
    await copied(schema, source)
    const connection = await server.connect({ multipleStatements: true })
    await connection.query(`USE ${schema}; BEGIN; INSERT INTO t VALUES (5, 5); SAVEPOINT a; INSERT INTO t VALUES (6, 6);
      SAVEPOINT b; INSERT INTO t VALUES (7, 7); ROLLBACK TO b; COMMIT; BEGIN; INSERT INTO t VALUES (8, 8); ROLLBACK`)
    await connection.end()
    await eventually(() => source.replay.transactions === 1, 60_000)
    source.check()
    expect(rows(source, schema)).toEqual(['1=10', '2=20', '5=5', '6=6'])
  })

  test('passes the rows of an XA transaction on when it is committed, and not when it is rolled back', async () => {
    const schema = await makeSchema()
    await using source = new SourceUnderTest(server, { include: [{ schema, tables: [] }] })
    await copied(schema, source)
    const connection = await server.connect({ multipleStatements: true })
    await connection.query(`USE ${schema}; XA START 'a'; INSERT INTO t VALUES (5, 5); XA END 'a'; XA PREPARE 'a'`)
    await connection.query("XA COMMIT 'a'")
    await connection.query("XA START 'b'; INSERT INTO t VALUES (6, 6); XA END 'b'; XA PREPARE 'b'; XA ROLLBACK 'b'")
    await connection.query("XA START 'c'; INSERT INTO t VALUES (7, 7); XA END 'c'; XA COMMIT 'c' ONE PHASE")
    await connection.end()
    await eventually(() => rows(source, schema).includes('7=7'), 60_000)
    source.check()
    expect(rows(source, schema)).toEqual(['1=10', '2=20', '5=5', '7=7'])
  })

  // MySQL 5.6 does not log an XA transaction before its commit.
  if (kind !== 'mysql-5.6')
    test('finds the rows of an XA transaction that was prepared before it began', async () => {
      const schema = await makeSchema()
      const connection = await server.connect({ multipleStatements: true })
      await connection.query(
        `USE ${schema}; XA START 'early'; INSERT INTO t VALUES (5, 5); XA END 'early'; XA PREPARE 'early'`,
      )
      await server.query('FLUSH BINARY LOGS')
      const gtid = await currentGtids()
      await using source = new SourceUnderTest(server, { include: [{ schema, tables: [] }], gtid })
      await eventually(() => source.replay.isCopied, 60_000)
      await connection.query("XA COMMIT 'early'")
      await connection.end()
      await eventually(() => rows(source, schema).length > 0, 60_000)
      source.check()
      expect(rows(source, schema)).toEqual(['5=5'])
    })

  // MySQL 5.6 refuses it while GTIDs are on.
  if (kind !== 'mysql-5.6')
    test('takes a CREATE TABLE ... SELECT apart into the table and its rows', async () => {
      const schema = await makeSchema()
      await using source = new SourceUnderTest(server, { include: [{ schema, tables: [] }] })
      await copied(schema, source)
      await server.query(`CREATE TABLE ${schema}.made (PRIMARY KEY (id)) SELECT * FROM ${schema}.t`)
      await eventually(() => source.replay.transactions === 1, 60_000)
      source.check()
      expect(rows(source, schema, 'made')).toEqual(['1=10', '2=20'])
      const created = source.replay.ddl.find((sql) => sql.includes('made'))
      expect(created).toMatch(/CREATE TABLE IF NOT EXISTS (`x\d+`\.)?`made`/)
      expect(created).not.toContain('START TRANSACTION')
    })

  test('copies tables anew that exchange a partition in the middle of the copy', async () => {
    const schema = await makeSchema()
    await server.query(`CREATE TABLE ${schema}.parts (id INT NOT NULL PRIMARY KEY, v VARCHAR(300) CHARACTER SET latin1) ENGINE=InnoDB
        PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10000), PARTITION p1 VALUES LESS THAN MAXVALUE);
      CREATE TABLE ${schema}.swap (id INT NOT NULL PRIMARY KEY, v VARCHAR(300) CHARACTER SET latin1) ENGINE=InnoDB`)
    const values = Array.from({ length: 20_000 }, (_, id) => `(${id}, REPEAT('p', 200))`)
    await server.query(`INSERT INTO ${schema}.parts VALUES ${values.join(',')}`)
    await server.query(`INSERT INTO ${schema}.swap VALUES (5, 'swap'), (6, 'swap')`)
    const options = {
      include: [{ schema, tables: [] }],
      pipeBytes: 100_000,
      pauseAfterChunks: 3,
      tuning: { chunkBytes: 100_000, gateBytes: 1 },
    }
    await using source = new SourceUnderTest(server, options)
    await source.whenPaused()
    await server.query(`ALTER TABLE ${schema}.parts EXCHANGE PARTITION p0 WITH TABLE ${schema}.swap`)
    expect(source.replay.isCopied).toBe(false)
    source.goOn()
    await copied(schema, source)
    expect(source.replay.rowsOf(`${schema}.swap`)).toHaveLength(10_000)
    expect(source.replay.rowsOf(`${schema}.parts`)).toHaveLength(10_002)
  })

  test('stops at a change that was logged as a statement, and says how to go on', async () => {
    const schema = await makeSchema()
    await using source = new SourceUnderTest(server, { include: [{ schema, tables: [] }] })
    await copied(schema, source)
    const connection = await server.connect({ multipleStatements: true })
    await connection.query(`SET SESSION binlog_format = 'STATEMENT'; UPDATE ${schema}.t SET v = v + 1 WHERE id = 1`)
    await connection.end()
    await eventually(() => source.lastReport?.problem?.code === 'REPL_STATEMENT_FORMAT', 60_000)
    expect(source.lastReport?.problem?.message).toContain(`${schema}.t`)
    expect(source.lastReport?.problem?.message).toContain('binlog_format=ROW')
  })

  test('refuses a server whose binlog_format is not ROW', async () => {
    const schema = await makeSchema()
    await server.query("SET GLOBAL binlog_format = 'MIXED'")
    await using source = new SourceUnderTest(server, { include: [{ schema, tables: [] }] })
    await eventually(() => source.lastReport?.problem?.code === 'MYSQL_SERVER_SETTING', 60_000)
    expect(source.lastReport?.description).toMatch(/binlog_format is MIXED on 127.0.0.1:\d+, it must be ROW/)
    await server.query("SET GLOBAL binlog_format = 'ROW'")
  })

  test('says what is missing when the log it needs has been purged', async () => {
    const schema = await makeSchema()
    const gtid = await currentGtids()
    await server.query(`INSERT INTO ${schema}.t VALUES (3, 30)`)
    // MariaDB keeps a log until its checkpoint has moved on.
    await eventually(async () => {
      await server.query('FLUSH BINARY LOGS')
      const logs = await server.query<{ Log_name: string }[]>('SHOW BINARY LOGS')
      await server.query(`PURGE BINARY LOGS TO '${logs.at(-1)?.Log_name}'`)
      return (await server.query<unknown[]>('SHOW BINARY LOGS')).length === 1
    }, 60_000)
    await using source = new SourceUnderTest(server, { include: [{ schema, tables: [] }], gtid })
    await eventually(() => source.lastReport?.problem?.code === 'BINLOG_PURGED', 60_000)
    expect(source.lastReport?.problem?.remedy).toBe('operator')
  })

  test('goes on by itself after the server was killed and came back', async () => {
    const schema = await makeSchema()
    await using source = new SourceUnderTest(server, { include: [{ schema, tables: [] }] })
    await copied(schema, source)
    await server.kill()
    await eventually(() => source.lastReport?.problem?.remedy === 'retry', 60_000)
    await server.start()
    await server.query(`INSERT INTO ${schema}.t VALUES (9, 90)`)
    await eventually(() => rows(source, schema).includes('9=90'), 60_000)
    source.check()
    expect(source.lastReport?.problem).toBeNull()
  })
})

describe.each(['mariadb-10.11', 'mysql-9.7', 'mysql-5.6'] as const)('with partial row images on %s', (kind) => {
  test.each(['MINIMAL', 'NOBLOB'])('rows that move into copied chunks under %s arrive whole', async (rowImage) => {
    await using server = await startServer(kind, { args: [`--binlog-row-image=${rowImage}`] })
    await server.query(`CREATE DATABASE m;
      CREATE TABLE m.t (a VARCHAR(10) CHARACTER SET utf8 NOT NULL, id INT UNSIGNED NOT NULL, v INT, b BLOB, PRIMARY KEY (a, id)) ENGINE=InnoDB`)
    const values = Array.from({ length: 20_000 }, (_, id) => `('k', ${id + 10}, 0, REPEAT('p', 200))`)
    await server.query(`INSERT INTO m.t VALUES ${values.join(',')}`)
    const options = {
      include: [{ schema: 'm', tables: [] }],
      pipeBytes: 100_000,
      pauseAfterChunks: 3,
      tuning: { chunkBytes: 100_000, gateBytes: 1 },
    }
    await using source = new SourceUnderTest(server, options)
    await source.whenPaused()
    // From the end, which is not copied yet, to before the beginning, which is.
    for (let id = 0; id < 8; id += 1) await server.query(`UPDATE m.t SET id = ${id}, a = 'É' WHERE id = ${20_009 - id}`)
    await server.query(`UPDATE m.t SET v = v + 1 WHERE id IN (3, 50, 15000)`)
    expect(source.replay.isCopied).toBe(false)
    source.goOn()
    await eventually(() => source.failure !== null || source.replay.isCopied, 60_000, 'the copy')
    source.check()
    const expected = await server.query<{ a: string; id: number; v: number; n: number }[]>(
      'SELECT HEX(a) AS a, id, v, LENGTH(b) AS n FROM m.t ORDER BY id LIMIT 9',
    )
    const rows = source.replay.rowsOf('m.t').map((row) => JSON.parse(row) as string[])
    const first = rows.sort((x, y) => Number(x[1]) - Number(y[1])).slice(0, 9)
    expect(
      first.map(([a = '', id, v, b = '']) => ({
        a: Buffer.from(a, 'latin1').toString('hex').toUpperCase(),
        id: Number(id),
        v: Number(v),
        n: b.length,
      })),
    ).toEqual(expected)
    expect(rows).toHaveLength(20_000)
  })
})
