/** The source task alone, on real servers, its frames replayed in memory while writers work. */
import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import { type ServerKind, startServer, type TestServer } from '../../../test/harness/mysql-servers.ts'
import { SourceUnderTest } from '../../../test/source/source-under-test.ts'

const cases: readonly (readonly [string, ServerKind, readonly string[]])[] = [
  ['mariadb-10.11', 'mariadb-10.11', []],
  ['mysql-9.7', 'mysql-9.7', []],
  ['mysql-5.6', 'mysql-5.6', []],
  ['mysql-5.6 without GTIDs', 'mysql-5.6', ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF']],
]

describe.each(cases)('a source task on %s', (_name, kind, args) => {
  let server: TestServer
  let schemas = 0

  beforeAll(async () => {
    server = await startServer(kind, { args })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  /** A fresh schema with a table of so many rows of about 200 bytes. */
  async function fill(rowCount: number): Promise<string> {
    schemas += 1
    const schema = `s${schemas}`
    await server.query(`CREATE DATABASE ${schema};
      CREATE TABLE ${schema}.t (id INT NOT NULL PRIMARY KEY, v BIGINT, s VARCHAR(250) CHARACTER SET latin1) ENGINE=InnoDB;
      CREATE TABLE ${schema}.heap (v BIGINT, s VARCHAR(50) CHARACTER SET latin1) ENGINE=InnoDB;
      CREATE TABLE ${schema}.pair (a VARCHAR(20) CHARACTER SET utf8 COLLATE utf8_general_ci NOT NULL, b DECIMAL(8,2) NOT NULL, v BIGINT,
        UNIQUE KEY (a, b)) ENGINE=InnoDB`)
    for (let first = 0; first < rowCount; first += 1000) {
      const ids = Array.from({ length: Math.min(1000, rowCount - first) }, (_, index) => first + index)
      await server.query(`INSERT INTO ${schema}.t VALUES ${ids.map((id) => `(${id}, 0, REPEAT('x', 200))`).join(',')}`)
    }
    const pairs = Array.from({ length: 500 }, (_, index) => `('k${index % 40} ', ${index / 4}, ${index})`)
    await server.query(`INSERT INTO ${schema}.pair VALUES ${pairs.join(',')}`)
    await server.query(`INSERT INTO ${schema}.heap VALUES (1, 'same'), (1, 'same'), (2, NULL), (NULL, NULL)`)
    return schema
  }

  async function sourceRows(schema: string, table: string): Promise<string[]> {
    const connection = await server.connect({ rowsAsArray: true, supportBigNumbers: true, bigNumberStrings: true })
    const [rows] = await connection.query(`SELECT * FROM ${schema}.${table}`)
    await connection.end()
    return (rows as unknown[][])
      .map((row) => JSON.stringify(row.map((cell) => (cell === null ? null : String(cell)))))
      .sort()
  }

  async function whenEqual(source: SourceUnderTest, schema: string, tables: readonly string[]): Promise<void> {
    await eventually(() => source.failure !== null || source.replay.isCopied, 60_000, 'the copy')
    source.check()
    for (const table of tables)
      await eventually(
        async () => {
          source.check()
          expect(source.replay.rowsOf(`${schema}.${table}`)).toEqual(await sourceRows(schema, table))
          return true
        },
        60_000,
        `equality of ${table}`,
      )
  }

  /** Changes rows of all kinds until stopped; several of them fight each other now and then. */
  function write(schema: string, rowCount: number, writers: number): { stop(): Promise<number> } {
    let isStopped = false
    const run = async (place: number) => {
      const connection = await server.connect()
      let transactions = 0
      while (!isStopped) {
        await oneTransaction(connection, schema, rowCount, place).then(
          () => {
            transactions += 1
          },
          () =>
            connection.query('ROLLBACK').then(
              () => {},
              () => {},
            ),
        )
      }
      connection.destroy()
      return transactions
    }
    const running = Promise.all(Array.from({ length: writers }, (_, place) => run(place)))
    return {
      async stop() {
        isStopped = true
        return (await running).reduce((sum, count) => sum + count, 0)
      },
    }
  }

  const all = ['t', 'heap', 'pair']

  test('copies three kinds of tables exactly while writers move rows across chunk bounds', async () => {
    const rowCount = 60_000
    const schema = await fill(rowCount)
    const writing = write(schema, rowCount, 4)
    await using source = new SourceUnderTest(server, {
      include: [{ schema, tables: [] }],
      tuning: { chunkBytes: 40_000, gateBytes: 400_000 },
    })
    await eventually(() => source.failure !== null || source.replay.isCopied, 60_000, 'the copy').catch((error) => {
      throw new Error(`${error.message}: ${JSON.stringify(source.lastReport)}`)
    })
    await eventually(() => source.failure !== null || source.replay.transactions > 500, 60_000)
    const transactions = await writing.stop()
    await whenEqual(source, schema, all)
    expect(transactions).toBeGreaterThan(100)
    expect(source.replay.chunksDone).toBeGreaterThan(200)
  })

  test('reads tables in turn where it need not lock them, so that they can be written beside each other', async () => {
    const schema = await fill(20_000)
    await server.query(`CREATE TABLE ${schema}.u LIKE ${schema}.t; INSERT INTO ${schema}.u SELECT * FROM ${schema}.t`)
    await using source = new SourceUnderTest(server, {
      include: [{ schema, tables: ['t', 'u'] }],
      tuning: { chunkBytes: 40_000, gateBytes: 400_000 },
      pauseAfterChunks: 40,
    })
    await source.whenPaused()
    const [t, u] = ['t', 'u'].map((table) => source.replay.rowsOf(`${schema}.${table}`).length)
    const fewest = Math.min(t ?? 0, u ?? 0)
    if (kind === 'mysql-5.6') expect(fewest).toBe(0)
    else expect(fewest).toBeGreaterThan(2_000)
    expect(Math.max(t ?? 0, u ?? 0)).toBeLessThan(20_000)
    source.goOn()
    await whenEqual(source, schema, ['t', 'u'])
  })

  test('goes on with the missing chunks after it was stopped in the copy, and after a rewind', async () => {
    const rowCount = 60_000
    const schema = await fill(rowCount)
    const writing = write(schema, rowCount, 2)
    const options = {
      include: [{ schema, tables: [] }],
      pipeBytes: 300_000,
      tuning: { chunkBytes: 500_000, gateBytes: 1 },
    }
    const first = new SourceUnderTest(server, options)
    await eventually(() => first.failure !== null || first.replay.chunksDone >= 2, 60_000)
    await first[Symbol.asyncDispose]()
    first.check()
    const doneBefore = first.replay.chunksDone
    await using second = new SourceUnderTest(server, options, first.replay)
    await eventually(() => second.failure !== null || second.replay.chunksDone > doneBefore, 60_000)
    await second.rewind()
    await eventually(() => second.failure !== null || second.replay.isCopied, 60_000, 'the copy')
    await second.rewind()
    await writing.stop()
    await whenEqual(second, schema, all)
    expect(second.replay.structures.filter((name) => name === `table ${schema}.t`)).toHaveLength(1)
  })

  test('follows tables that are altered, truncated and renamed in the middle of the copy', async () => {
    const rowCount = 40_000
    const schema = await fill(rowCount)
    await server.query(`CREATE TABLE ${schema}.other LIKE ${schema}.t`)
    await server.query(`INSERT INTO ${schema}.other SELECT * FROM ${schema}.t WHERE id < 5000`)
    await using source = new SourceUnderTest(server, {
      include: [{ schema, tables: [] }],
      pipeBytes: 200_000,
      tuning: { chunkBytes: 500_000, gateBytes: 1 },
    })
    await eventually(() => source.failure !== null || source.replay.chunksDone >= 1, 60_000)
    await server.query(`ALTER TABLE ${schema}.t MODIFY v BIGINT NULL COMMENT 'x', ADD KEY (v)`)
    await server.query(`TRUNCATE TABLE ${schema}.pair`)
    await server.query(`INSERT INTO ${schema}.pair VALUES ('new', 1, 1)`)
    await server.query(`RENAME TABLE ${schema}.t TO ${schema}.old, ${schema}.other TO ${schema}.t`)
    await server.query(`UPDATE ${schema}.old SET v = v + 7 WHERE id % 10 = 0`)
    await server.query(`UPDATE ${schema}.t SET v = v + 9 WHERE id % 10 = 0`)
    await whenEqual(source, schema, [...all, 'old'])
  })

  test('does not block statements on several tables that several sessions read, nor itself behind them', async () => {
    const schema = await fill(20_000)
    await server.query(`CREATE TABLE ${schema}.other LIKE ${schema}.t`)
    // As a table that takes another one's place: the same columns, other rows.
    await server.query(`INSERT INTO ${schema}.other SELECT * FROM ${schema}.t WHERE id < 7000`)
    await using source = new SourceUnderTest(server, {
      include: [{ schema, tables: [] }],
      tuning: { chunkBytes: 10_000 },
    })
    await eventually(() => source.failure !== null || source.replay.chunksDone >= 1, 60_000)
    for (let turn = 0; turn < 12; turn += 1) {
      await server.query(
        `RENAME TABLE ${schema}.t TO ${schema}.x, ${schema}.other TO ${schema}.t, ${schema}.x TO ${schema}.other`,
      )
      await server.query(`ALTER TABLE ${schema}.t COMMENT 'turn ${turn}'`)
    }
    await whenEqual(source, schema, [...all, 'other'])
  })

  test('passes on only what is in scope, with statements of several tables taken apart', async () => {
    const schema = await fill(100)
    await server.query(`CREATE TABLE ${schema}.out (id INT PRIMARY KEY, v INT) ENGINE=InnoDB`)
    await server.query(`INSERT INTO ${schema}.out VALUES (1, 1), (2, 2)`)
    await using source = new SourceUnderTest(server, { include: [{ schema, tables: ['t', 'new*'] }] })
    await eventually(() => source.failure !== null || source.replay.isCopied, 60_000)
    await server.query(`UPDATE ${schema}.t JOIN ${schema}.out ON t.id = out.id SET t.v = 5, out.v = 6`)
    await server.query(`UPDATE ${schema}.out SET v = 7`)
    await server.query(`CREATE TABLE ${schema}.new1 (id INT PRIMARY KEY, v BIGINT) ENGINE=InnoDB`)
    await server.query(`INSERT INTO ${schema}.new1 VALUES (1, 2)`)
    await server.query(`CREATE TABLE ${schema}.stranger (id INT PRIMARY KEY) ENGINE=InnoDB`)
    await server.query(`DROP TABLE ${schema}.out`)
    await whenEqual(source, schema, ['t', 'new1'])
    expect([...source.replay.tables.keys()].sort()).toEqual([`${schema}.new1`, `${schema}.t`])
    expect(source.replay.ddl.filter((sql) => /stranger|out/.test(sql))).toEqual([])
  })

  test('says when it is idle that it is alive', async () => {
    const schema = await fill(10)
    await using source = new SourceUnderTest(server, { include: [{ schema, tables: [] }] })
    await eventually(() => source.failure !== null || source.replay.heartbeats >= 2, 60_000, 'a heartbeat')
    expect(source.lastReport).toMatchObject({ stage: 'incremental', problem: null })
  })

  test('a wrong password and a missing privilege are reported with their cures', async () => {
    const schema = await fill(1)
    const include = [{ schema, tables: [] }]
    await using refused = new SourceUnderTest(server, { include, password: 'wrong' })
    await eventually(() => refused.lastReport?.problem?.code === 'MYSQL_ACCESS_DENIED', 60_000)
    await server.query(`CREATE USER 'poor${schema}'@'%' IDENTIFIED BY 'p'`)
    await using poor = new SourceUnderTest(server, { include, user: `poor${schema}`, password: 'p' })
    await eventually(() => poor.lastReport?.problem?.code === 'MYSQL_MISSING_PRIVILEGE', 60_000)
    expect(poor.lastReport?.description).toContain(`GRANT REPLICATION SLAVE ON *.* TO 'poor${schema}'@'%'`)
  })
})

async function oneTransaction(connection: Connection, schema: string, rowCount: number, place: number): Promise<void> {
  const id = () => Math.floor(Math.random() * rowCount)
  await connection.query('BEGIN')
  switch (Math.floor(Math.random() * 7)) {
    case 0:
      await connection.query(`UPDATE ${schema}.t SET v = v + 1 WHERE id BETWEEN ${id()} AND ${id()} LIMIT 50`)
      break
    case 1:
      await connection.query(`DELETE FROM ${schema}.t WHERE id = ${id()}`)
      break
    case 2:
      await connection.query(`REPLACE INTO ${schema}.t VALUES (${id()}, 1, 'again'), (${rowCount + id()}, 2, 'new')`)
      break
    // From anywhere to anywhere: out of ranges not yet copied into others that are, and back.
    case 3:
      await connection.query(`UPDATE IGNORE ${schema}.t SET id = ${id() - rowCount} WHERE id = ${id()}`)
      await connection.query(`UPDATE IGNORE ${schema}.t SET id = ${rowCount + id()} WHERE id < 0 LIMIT 1`)
      break
    case 4:
      await connection.query(`INSERT INTO ${schema}.heap VALUES (${place}, 'w'), (${place}, 'w')`)
      await connection.query(`DELETE FROM ${schema}.heap WHERE v = ${place} LIMIT 1`)
      break
    case 5:
      await connection.query(`UPDATE ${schema}.pair SET v = v + 1, b = b + 0.01 WHERE a = 'K${id() % 40}' LIMIT 3`)
      break
    default:
      await connection.query(`UPDATE ${schema}.pair SET a = CONCAT('m', a) WHERE v = ${id() % 500} AND LENGTH(a) < 15`)
      await connection.query(`UPDATE ${schema}.heap SET s = 'changed' WHERE v = ${place} LIMIT 1`)
  }
  await connection.query('COMMIT')
}
