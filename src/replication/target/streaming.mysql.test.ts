import { afterAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import { kindsAndStrategies, ServerPool, StreamPair } from '../../../test/target/stream-pair.ts'
import type { TargetOptions } from '../../../test/target/target-under-test.ts'

const pool = new ServerPool()

afterAll(() => pool[Symbol.asyncDispose]())

describe.each(kindsAndStrategies)('on %s, SQL forced: %s', (kind, forceSql) => {
  async function open(options: TargetOptions = {}): Promise<StreamPair> {
    return StreamPair.open(await pool.get(kind, 'source'), await pool.get(kind, 'target'), { forceSql, ...options })
  }

  test('of equal rows in a table without a key one is deleted, not all', async () => {
    await using pair = await open()
    await pair.writer.query('CREATE TABLE twins (a INT, f FLOAT, t VARCHAR(20), b VARBINARY(5))')
    await pair.writer.query(
      "INSERT INTO twins VALUES (1,0.1,'x ',0x00),(1,0.1,'x ',0x00),(1,0.1,'x ',0x00),(1,0.1,'X ',0x00)",
    )
    await pair.writer.query('DELETE FROM twins WHERE BINARY t = 0x7820 LIMIT 1')
    await pair.writer.query('UPDATE twins SET a = 2 WHERE BINARY t = 0x7820 LIMIT 1')
    await pair.caughtUp()
    const { source, target } = await pair.lines('twins')
    expect(target).toEqual(source)
    expect(target).toHaveLength(3)
  })

  test('a change of a row that the target lacks is an error that names the table, and goes on once the row is back', async () => {
    await using pair = await open()
    await pair.writer.query('CREATE TABLE t (id INT PRIMARY KEY, v INT)')
    await pair.writer.query('INSERT INTO t VALUES (1,1),(2,2),(3,3)')
    await pair.caughtUp()
    await pair.target.query(`DELETE FROM ${pair.schema}.t WHERE id = 2`)
    await pair.writer.query('BEGIN; UPDATE t SET v = 10 WHERE id = 1; UPDATE t SET v = 20 WHERE id = 2; COMMIT')
    const problem = await eventually(() => pair.task.report?.problem ?? undefined, 20_000, 'the problem')
    expect(problem.message).toContain(`\`${pair.schema}\`.\`t\``)
    if (forceSql) await eventually(() => pair.task.report?.problem?.message.includes('id=2'), 20_000, 'the key')
    expect(await pair.target.query(`SELECT v FROM ${pair.schema}.t WHERE id = 1`)).toEqual([{ v: 1 }])
    await pair.target.query(`INSERT INTO ${pair.schema}.t VALUES (2,2)`)
    await pair.caughtUp()
    const { source, target } = await pair.lines('t')
    expect(target).toEqual(source)
    await eventually(() => pair.task.report?.problem === null, 5_000, 'the end of the problem')
  })

  test('a parent that is replaced keeps or loses its children as at the source', async () => {
    await using pair = await open()
    await pair.writer.query('CREATE TABLE parent (id INT PRIMARY KEY, v INT) ENGINE=InnoDB')
    await pair.writer.query(
      `CREATE TABLE child (id INT PRIMARY KEY, p INT, q INT, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE,
       FOREIGN KEY (q) REFERENCES parent (id) ON DELETE SET NULL ON UPDATE CASCADE) ENGINE=InnoDB`,
    )
    await pair.writer.query('INSERT INTO parent VALUES (1,1),(2,2),(3,3),(4,4),(5,5)')
    await pair.writer.query('INSERT INTO child VALUES (1,1,2),(2,2,3),(3,3,4),(4,4,1),(5,5,5)')
    await pair.writer.query('REPLACE INTO parent VALUES (1,10),(3,30)')
    await pair.writer.query('UPDATE parent SET id = 40 WHERE id = 4').catch(() => {})
    await pair.writer.query('DELETE FROM parent WHERE id = 5')
    await pair.caughtUp()
    for (const table of ['parent', 'child']) {
      const { source, target } = await pair.lines(table)
      expect(target, table).toEqual(source)
    }
  })

  test('cascades of foreign keys happen once', async () => {
    await using pair = await open()
    await pair.writer.query('CREATE TABLE parent (id INT PRIMARY KEY) ENGINE=InnoDB')
    await pair.writer.query(
      'CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE CASCADE) ENGINE=InnoDB',
    )
    await pair.writer.query('INSERT INTO parent VALUES (1),(2),(3)')
    await pair.writer.query('INSERT INTO child VALUES (1,1),(2,1),(3,2),(4,3)')
    await pair.writer.query('DELETE FROM parent WHERE id = 1')
    await pair.writer.query('UPDATE parent SET id = 20 WHERE id = 2')
    await pair.writer.query('SET foreign_key_checks = 0; DELETE FROM parent WHERE id = 3; SET foreign_key_checks = 1')
    await pair.caughtUp()
    for (const table of ['parent', 'child']) {
      const { source, target } = await pair.lines(table)
      expect(target).toEqual(source)
    }
    expect((await pair.lines('child')).target).toHaveLength(2)
  })

  test('a transaction of many megabytes and its savepoints arrive as one', async () => {
    await using pair = await open()
    await pair.writer.query('CREATE TABLE big (id INT PRIMARY KEY, v LONGTEXT) ENGINE=InnoDB')
    await pair.writer.query('BEGIN')
    for (let id = 0; id < 40; id += 1) {
      if (id === 20) await pair.writer.query('SAVEPOINT half')
      await pair.writer.query('INSERT INTO big VALUES (?, REPEAT(?, 100000))', [id, String(id % 10)])
    }
    await pair.writer.query('ROLLBACK TO SAVEPOINT half')
    await pair.writer.query("INSERT INTO big VALUES (100, 'end'); COMMIT")
    await pair.caughtUp()
    const { source, target } = await pair.lines('big')
    expect(target).toEqual(source)
    expect(target).toHaveLength(21)
  })

  test('a task that starts again in the same epoch repeats and loses nothing', async () => {
    await using pair = await open()
    await pair.writer.query('CREATE TABLE counter (id INT PRIMARY KEY, v INT); CREATE TABLE log (v INT)')
    await pair.writer.query('INSERT INTO counter VALUES (1,0)')
    for (let round = 0; round < 6; round += 1) {
      for (let n = 0; n < 50; n += 1)
        await pair.writer.query('BEGIN; UPDATE counter SET v = v + 1; INSERT INTO log SELECT v FROM counter; COMMIT')
      await pair.restartTask()
    }
    await pair.caughtUp()
    for (const table of ['counter', 'log']) {
      const { source, target } = await pair.lines(table)
      expect(target).toEqual(source)
    }
    expect(pair.task.rewinds).toEqual([])
  })

  test('a deadlock with another session is overcome without a word', async () => {
    await using pair = await open()
    await pair.writer.query('CREATE TABLE t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB')
    await pair.writer.query('INSERT INTO t VALUES (1,0),(2,0)')
    await pair.caughtUp()
    const rival = await pair.target.connect()
    await rival.query('SET innodb_lock_wait_timeout = 20')
    await rival.query('BEGIN')
    await rival.query(`SELECT * FROM ${pair.schema}.t WHERE id = 2 FOR UPDATE`)
    await pair.writer.query('BEGIN; UPDATE t SET v = 1 WHERE id = 1; UPDATE t SET v = 1 WHERE id = 2; COMMIT')
    await eventually(
      async () =>
        (
          await pair.target.query(
            "SELECT 1 AS n FROM information_schema.PROCESSLIST WHERE COMMAND = 'Query' AND INFO LIKE 'UPDATE%' OR INFO LIKE 'BINLOG%'",
          )
        ).length > 0,
      10_000,
      'the task waits for the row',
    )
    await rival.query(`SELECT * FROM ${pair.schema}.t WHERE id = 1 FOR UPDATE`).catch(() => {})
    await rival.query('ROLLBACK').catch(() => {})
    await rival.end()
    await pair.caughtUp()
    const { source, target } = await pair.lines('t')
    expect(target).toEqual(source)
  })

  test('a missing frame makes the task ask for a new beginning, at the place where it stands', async () => {
    await using pair = await open()
    await pair.writer.query('CREATE TABLE t (id INT PRIMARY KEY)')
    await pair.writer.query('INSERT INTO t VALUES (1)')
    await pair.caughtUp()
    const lastNumber = 1_000_000
    pair.pipe.appendFrame({
      epoch: pair.pipe.epoch,
      number: lastNumber,
      before: pair.pipe.position,
      after: pair.pipe.position,
      items: [],
    })
    await eventually(() => pair.task.rewinds.length > 0, 10_000, 'the request')
    const answer = await pair.task.resume()
    expect(answer.epoch).toBeGreaterThan(pair.pipe.epoch)
    expect(answer.from.kind).toBe('streaming')
  })

  test('a request to begin that comes when a later one was answered leaves what goes on alone', async () => {
    await using pair = await open()
    const { epoch } = await pair.task.resume({ ownerTerm: 3, attempt: 2 })
    await expect(pair.task.resume({ ownerTerm: 3, attempt: 1 })).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await pair.task.resume({ ownerTerm: 3, attempt: 3 })).toMatchObject({ epoch: epoch + 1 })
    // Another source task counts for itself, and one of an earlier version does not count.
    expect(await pair.task.resume({ ownerTerm: 4, attempt: 1 })).toMatchObject({ epoch: epoch + 2 })
    expect(await pair.task.resume({ ownerTerm: 4 })).toMatchObject({ epoch: epoch + 3 })
  })

  test('DDL runs in the state of its session', async () => {
    await using pair = await open()
    await pair.writer.query("SET NAMES latin1; SET sql_mode = 'ANSI_QUOTES', collation_connection = latin1_german1_ci")
    await pair.writer.query(
      Buffer.from('CREATE TABLE "t\xe4" (id INT PRIMARY KEY, v VARCHAR(10) DEFAULT \'\xf6\')', 'latin1').toString(
        'utf8',
      ),
    )
    await pair.writer.query("SET NAMES utf8; SET sql_mode = ''")
    await pair.writer.query('CREATE TABLE zeros (id INT PRIMARY KEY, ts TIMESTAMP NULL, d DATE DEFAULT 0)')
    await pair.writer.query('ALTER TABLE zeros ADD COLUMN x INT NOT NULL DEFAULT 7 FIRST')
    await pair.writer.query('INSERT INTO zeros (id) VALUES (1)')
    await pair.writer.query('RENAME TABLE zeros TO nulls')
    await pair.writer.query('TRUNCATE nulls')
    await pair.writer.query('INSERT INTO nulls (id) VALUES (2)')
    await pair.caughtUp()
    const { source, target } = await pair.lines('nulls')
    expect(target).toEqual(source)
    const names = (server: StreamPair['source']) =>
      server.query(
        `SELECT HEX(TABLE_NAME) AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${pair.schema}' ORDER BY 1`,
      )
    expect(await names(pair.target)).toEqual(await names(pair.source))
  })

  test('statements are told in the report without their texts: failed while they fail, applied once they ran', async () => {
    await using pair = await open()
    await pair.writer.query("CREATE TABLE t (id INT PRIMARY KEY, v INT, note VARCHAR(20) DEFAULT 'planted-text')")
    await pair.writer.query("INSERT INTO t VALUES (1, 1, 'a')")
    await pair.caughtUp()
    await pair.target.query(`INSERT INTO ${pair.schema}.t VALUES (9, 1, 'z')`)
    await pair.writer.query('ALTER TABLE t ADD UNIQUE KEY only_one (v)')
    const failed = await eventually(
      () => pair.task.report?.ddl?.find(({ outcome }) => outcome === 'failed'),
      20_000,
      'the failure',
    )
    expect(failed).toMatchObject({ schema: pair.schema, sql: 'ALTER TABLE t ADD UNIQUE KEY only_one (v)' })
    await eventually(() => pair.task.report?.problem?.code === 'REPL_DDL_FAILED', 20_000, 'the problem')
    await pair.target.query(`DELETE FROM ${pair.schema}.t WHERE id = 9`)
    await pair.caughtUp()
    const told = await eventually(
      () => (pair.task.report?.ddl?.at(-1)?.outcome === 'applied' ? pair.task.report.ddl : undefined),
      20_000,
      'the statement',
    )
    const own = told.filter(({ sql }) => sql.includes('TABLE t '))
    expect(own.map(({ sql, outcome }) => [sql, outcome])).toEqual([
      ["CREATE TABLE t (id INT PRIMARY KEY, v INT, note VARCHAR(20) DEFAULT '...')", 'applied'],
      ['ALTER TABLE t ADD UNIQUE KEY only_one (v)', 'applied'],
    ])
  })
})
