import { afterAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import type { ServerKind } from '../../../test/harness/mysql-servers.ts'
import { positionOf } from '../../../test/target/binlog-frames.ts'
import { MemoryPipe } from '../../../test/target/memory-pipe.ts'
import { ServerPool, StreamPair } from '../../../test/target/stream-pair.ts'
import { type TargetOptions, TargetUnderTest } from '../../../test/target/target-under-test.ts'

const kinds: readonly ServerKind[] = ['mysql-9.7', 'mysql-5.6', 'mariadb-10.11']
const pool = new ServerPool()

afterAll(() => pool[Symbol.asyncDispose]())

const needed = 'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES'

describe.each(kinds)('on %s', (kind) => {
  async function open(options: TargetOptions = {}): Promise<StreamPair> {
    return StreamPair.open(await pool.get(kind, 'source'), await pool.get(kind, 'target'), options)
  }

  async function failing(options: TargetOptions): Promise<{ code: string; message: string }> {
    const target = await pool.get(kind, 'target')
    const pipe = new MemoryPipe(0, await positionOf(target))
    await using task = new TargetUnderTest(target, pipe, options)
    const { code, message } = await eventually(() => task.report?.problem ?? undefined, 10_000, 'the problem')
    return { code, message }
  }

  test('a user who may only write tables gets SQL, and everything arrives', async () => {
    const target = await pool.get(kind, 'target')
    await target.query(`CREATE USER 'plain'@'%' IDENTIFIED BY 'Plain-1-pass'`)
    await target.query(`GRANT ${needed} ON *.* TO 'plain'@'%'`)
    await using pair = await open({ account: { user: 'plain', password: 'Plain-1-pass' } })
    await pair.writer.query('CREATE TABLE t (id INT PRIMARY KEY, v INT)')
    await pair.writer.query('INSERT INTO t VALUES (1,1),(2,2)')
    await pair.writer.query('UPDATE t SET v = 3 WHERE id = 2')
    await pair.writer.query('ALTER TABLE t ADD INDEX (v)')
    await pair.caughtUp()
    expect(pair.task.report?.strategy).toBe('sql')
    const { source, target: there } = await pair.lines('t')
    expect(there).toEqual(source)
  })

  test('a wrong password, a missing privilege and a read-only server have each their own message', async () => {
    const target = await pool.get(kind, 'target')
    const wrong = await failing({ account: { user: target.user, password: 'wrong' } })
    expect(wrong.code).toBe('MYSQL_ACCESS_DENIED')
    await target.query(`CREATE USER 'reader'@'%' IDENTIFIED BY 'Reader-1-pass'`)
    await target.query(`GRANT SELECT ON *.* TO 'reader'@'%'`)
    const missing = await failing({ account: { user: 'reader', password: 'Reader-1-pass' } })
    expect(missing).toMatchObject({ code: 'MYSQL_MISSING_PRIVILEGE' })
    expect(missing.message).toMatch(/lacks INSERT.*GRANT/)
    await target.query(`CREATE USER 'writer'@'%' IDENTIFIED BY 'Writer-1-pass'`)
    await target.query(`GRANT ${needed} ON *.* TO 'writer'@'%'`)
    await target.query('SET GLOBAL read_only = ON')
    const closed = await failing({ account: { user: 'writer', password: 'Writer-1-pass' } })
    await target.query('SET GLOBAL read_only = OFF')
    expect(closed).toMatchObject({ code: 'MYSQL_SERVER_SETTING' })
    expect(closed.message).toMatch(/read_only = ON.*SET GLOBAL read_only = OFF/)
  })

  test.each([false, true])('partial row images change only what they hold (SQL forced: %s)', async (forceSql) => {
    await using pair = await open({ forceSql })
    await pair.writer.query("SET SESSION binlog_row_image = 'MINIMAL'")
    await pair.writer.query(
      'CREATE TABLE t (id INT PRIMARY KEY, a INT DEFAULT 7, b TEXT, ts TIMESTAMP NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP)',
    )
    await pair.writer.query("INSERT INTO t (id, b) VALUES (1,'x'),(2,'y'),(3,'z')")
    await pair.writer.query("UPDATE t SET b = 'changed', ts = ts WHERE id = 2")
    await pair.writer.query('UPDATE t SET id = 30 WHERE id = 3')
    await pair.writer.query('DELETE FROM t WHERE id = 1')
    await pair.caughtUp()
    const { source, target } = await pair.lines('t')
    expect(target).toEqual(source)
  })

  test('triggers of the target stay silent under row images and are refused under SQL', async () => {
    await using pair = await open()
    await pair.writer.query('CREATE TABLE t (id INT PRIMARY KEY); CREATE TABLE log (id INT PRIMARY KEY AUTO_INCREMENT)')
    await pair.caughtUp()
    await pair.target.query(
      `CREATE TRIGGER ${pair.schema}.tr AFTER INSERT ON ${pair.schema}.t FOR EACH ROW INSERT INTO log VALUES (NULL)`,
    )
    await pair.writer.query('INSERT INTO t VALUES (1),(2)')
    await pair.caughtUp()
    expect((await pair.lines('t')).target).toHaveLength(2)
    expect((await pair.lines('log')).target).toHaveLength(0)
    await pair.restartTask({ forceSql: true })
    await pair.writer.query('INSERT INTO t VALUES (3)')
    const problem = await eventually(() => pair.task.report?.problem ?? undefined, 10_000, 'the problem')
    expect(problem.code).toBe('REPL_TARGET_TRIGGER')
    await pair.target.query(`DROP TRIGGER ${pair.schema}.tr`)
    await pair.caughtUp()
    expect((await pair.lines('t')).target).toHaveLength(3)
  })

  test('tables of an engine without transactions end right although their rows were there already', async () => {
    await using pair = await open()
    await pair.writer.query(
      'CREATE TABLE m (id INT PRIMARY KEY, v INT) ENGINE=MyISAM; CREATE TABLE i (id INT PRIMARY KEY) ENGINE=InnoDB',
    )
    await pair.caughtUp()
    // What a crash leaves behind: rows of the engine are there, the checkpoint is not.
    await pair.target.query(`INSERT INTO ${pair.schema}.m VALUES (1,1),(2,2)`)
    await pair.writer.query('INSERT INTO m VALUES (1,1),(2,2),(3,3)')
    await pair.writer.query('UPDATE m SET v = 9 WHERE id = 2; DELETE FROM m WHERE id = 3; INSERT INTO i VALUES (1)')
    await pair.caughtUp()
    const { source, target } = await pair.lines('m')
    expect(target).toEqual(source)
  })

  test('a row longer than the target takes is told with the setting to raise', async () => {
    const target = await pool.get(kind, 'target')
    const [before] = await target.query<{ n: number }[]>('SELECT @@GLOBAL.max_allowed_packet AS n')
    await target.query('SET GLOBAL max_allowed_packet = 2097152')
    try {
      await using pair = await open({ forceSql: true })
      await pair.writer.query('CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT)')
      await pair.writer.query("INSERT INTO t VALUES (1, REPEAT('x', 3000000))")
      const problem = await eventually(() => pair.task.report?.problem ?? undefined, 10_000, 'the problem')
      expect(problem.message).toMatch(/`t` needs a statement of 3\d+ bytes.*max_allowed_packet/)
      await target.query('SET GLOBAL max_allowed_packet = 16777216')
      await pair.caughtUp()
    } finally {
      await target.query(`SET GLOBAL max_allowed_packet = ${before?.n ?? 16_777_216}`)
    }
  })
})
