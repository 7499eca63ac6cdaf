import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import type { ServerKind } from '../../../test/harness/mysql-servers.ts'
import { BothTasks } from '../../../test/target/both-tasks.ts'
import { tableLines } from '../../../test/target/compare-tables.ts'
import { chunkItems, copyTables } from '../../../test/target/copy-frames.ts'
import {
  beginAgain,
  beginCopy,
  type Copying,
  copyAll,
  expectEqual,
  openCopying,
  rereadItem,
  sendWhatWasLogged,
  untilStreaming,
} from '../../../test/target/copying.ts'
import { ServerPool } from '../../../test/target/stream-pair.ts'

const kinds: readonly ServerKind[] = ['mysql-9.7', 'mysql-5.6', 'mariadb-10.11']
const pool = new ServerPool()

afterAll(() => pool[Symbol.asyncDispose]())

/** Type, a key that is there, one that is missing. */
const keyValues = [
  ['BIGINT UNSIGNED', '18446744073709551615', '9223372036854775809'],
  ['DECIMAL(10,3)', '-3.25', '7'],
  ['DATETIME(3)', "'2020-01-02 03:04:05.670'", "'1999-12-31 23:59:59.999'"],
  ["TIMESTAMP(2) NOT NULL DEFAULT '2000-01-01 00:00:00'", "'2020-01-02 03:04:05.67'", "'2001-12-31 23:59:59.9'"],
  ['TIME(1)', "'-10:11:12.5'", "'0:00:00'"],
  ['DATE', "'2020-01-02'", "'1000-01-01'"],
  ['YEAR', '2024', '1999'],
  ['BIT(12)', '700', '1'],
  ["ENUM('a','b')", "'b'", "'a'"],
  ['CHAR(10) CHARACTER SET utf8', "'ä b'", "'z'"],
  ['VARCHAR(10) CHARACTER SET latin1', "'é'", "'%'"],
  ['VARBINARY(10)', "'x\\'y'", "x'00ff'"],
  ['BINARY(5)', "'ab'", "x'ff00000000'"],
] as const
const mariadbKeyValues = [
  ['UUID', "'6ccd780c-baba-1026-9564-5b8c656024db'", "'018f2f5e-7b7a-7cc2-98c4-dc0c0c073900'"],
  ['INET4', "'10.1.2.3'", "'10.1.0.0'"],
  ['INET6', "'fe80::1'", "'2001:db8::'"],
] as const

function keysOf(tables: Awaited<ReturnType<typeof beginAgain>>, name: string): readonly string[] {
  const missing = tables.find(({ table }) => table === name)?.missing ?? []
  return missing.map(([cell]) => Buffer.from(cell ?? '', 'base64').toString('latin1')).sort()
}

async function recordedRows({ target, schema }: Copying): Promise<number> {
  return (await target.query(`SELECT row_id FROM millrace.copy_row WHERE job_id = '${schema}'`)).length
}

/** Ends the copy, reading again what the target asks for. */
async function endCopy(copying: Copying, table: string): Promise<void> {
  const { pipe, task } = copying
  const before = task.rewinds.length
  pipe.append([{ kind: 'copied' }])
  await eventually(
    () => task.rewinds.length > before || task.report?.stage === 'incremental',
    20_000,
    'the end of the copy, or what is missing',
  )
  if (task.rewinds.length > before) {
    const missing = keysOf(await beginAgain(copying), table)
    pipe.append([await rereadItem(copying, table, missing), { kind: 'copied' }])
  }
  await untilStreaming(copying)
  await expectEqual(copying)
  expect(await recordedRows(copying)).toBe(0)
}

describe.each(kinds)('on %s', (kind) => {
  test.each(['MINIMAL', 'NOBLOB'])(
    'a row that moved into a range that was copied before is told to a source that begins again (%s)',
    async (image) => {
      await using copying = await openCopying(pool, kind, kind)
      const { writer, pipe, source, schema } = copying
      await writer.query(
        `SET SESSION binlog_row_image = '${image}'; CREATE TABLE t (id INT PRIMARY KEY, v INT, b TEXT)`,
      )
      for (let id = 10; id <= 200; id += 10) await writer.query(`INSERT INTO t VALUES (${id}, ${id}, 'text ${id}')`)
      await beginCopy(copying)
      const [table] = await copyTables(source, schema)
      const [first, second] = table === undefined ? [] : await chunkItems(source, table, 10)
      if (first === undefined || second === undefined) throw new Error('no chunk')
      pipe.append([first, second])
      await writer.query('UPDATE t SET id = 55 WHERE id = 150; UPDATE t SET v = 7 WHERE id = 160')
      await sendWhatWasLogged(copying)
      const tables = await beginAgain(copying)
      expect(keysOf(tables, 't')).toEqual(['160', '55'])
      expect(tables.find((one) => one.table === 't')?.chunks).toHaveLength(1)
      pipe.append([{ kind: 'copy', tables: await copyTables(source, schema) }])
      pipe.append([await rereadItem(copying, 't', ['55'])])
      await copyAll(copying, 10)
      await endCopy(copying, 't')
    },
  )

  test('a row whose unique value another row had already, for it was copied later, is not lost', async () => {
    await using copying = await openCopying(pool, kind, kind)
    const { writer, task } = copying
    await writer.query(
      "SET SESSION binlog_row_image = 'MINIMAL'; CREATE TABLE t (id INT PRIMARY KEY, u INT NULL, b VARCHAR(20), UNIQUE KEY (u)); INSERT INTO t VALUES (1, 1, 'one'), (2, 2, 'two'), (3, 3, 'three')",
    )
    await beginCopy(copying)
    await writer.query(
      'UPDATE t SET u = 9 WHERE id = 1; UPDATE t SET u = NULL WHERE id = 1; UPDATE t SET u = 9 WHERE id = 2; UPDATE t SET u = 2 WHERE id = 1',
    )
    // The rows of now stand before the changes that made them.
    await copyAll(copying, 10)
    await sendWhatWasLogged(copying)
    await endCopy(copying, 't')
    expect(task.rewinds).toEqual([expect.stringMatching(/only parts came/)])
  })

  test('a table with several unique keys and no primary one is not copied again for a key that the server does not log', async () => {
    await using copying = await openCopying(pool, kind, kind)
    const { writer, pipe, source, schema, task } = copying
    await writer.query(
      `SET SESSION binlog_row_image = 'MINIMAL'; CREATE TABLE t (a INT NOT NULL, v INT, n INT NULL, b INT NOT NULL, c INT NOT NULL,
        UNIQUE KEY n (n), UNIQUE KEY zz (b, c), UNIQUE KEY a (a));
       INSERT INTO t VALUES (1, 0, 1, 1, 1), (2, 0, 2, 1, 2), (3, 0, 3, 2, 1)`,
    )
    await beginCopy(copying)
    expect((await copyTables(source, schema))[0]?.keyColumns).toEqual(['b', 'c'])
    await writer.query('UPDATE t SET v = 1, c = 9 WHERE a = 2')
    await sendWhatWasLogged(copying)
    expect(await recordedRows(copying)).toBe(1)
    pipe.append([{ kind: 'copy', tables: await copyTables(source, schema) }])
    await copyAll(copying, 10)
    await endCopy(copying, 't')
    expect(task.rewinds).toEqual([])
  })

  test('a row that an inserted one took away is not lost', async () => {
    await using copying = await openCopying(pool, kind, kind)
    const { writer } = copying
    await writer.query(
      "SET SESSION binlog_row_image = 'MINIMAL'; CREATE TABLE t (id INT PRIMARY KEY, u INT NULL, b VARCHAR(20), UNIQUE KEY (u)); INSERT INTO t VALUES (1, 1, 'one'), (2, 2, 'two')",
    )
    await beginCopy(copying)
    await writer.query(
      "INSERT INTO t VALUES (5, 9, 'five'); UPDATE t SET u = 5 WHERE id = 5; UPDATE t SET u = 9 WHERE id = 2",
    )
    await copyAll(copying, 10)
    await sendWhatWasLogged(copying)
    await endCopy(copying, 't')
  })

  test('a row that was deleted after parts of it came does not hold the copy up', async () => {
    await using copying = await openCopying(pool, kind, kind)
    const { writer, pipe, source, schema } = copying
    await writer.query(
      "SET SESSION binlog_row_image = 'MINIMAL'; CREATE TABLE t (name VARCHAR(20) PRIMARY KEY, v INT); INSERT INTO t VALUES ('a', 1), ('b', 2)",
    )
    await beginCopy(copying)
    await writer.query("UPDATE t SET v = 3 WHERE name = 'a'; DELETE FROM t WHERE name = 'a'")
    await sendWhatWasLogged(copying)
    expect(await recordedRows(copying)).toBe(1)
    pipe.append([{ kind: 'copy', tables: await copyTables(source, schema) }])
    await copyAll(copying, 10)
    await endCopy(copying, 't')
  })

  test('a row is known to be there, or not, by a key of any type', async () => {
    await using copying = await openCopying(pool, kind, kind)
    const { writer } = copying
    const keys = kind === 'mariadb-10.11' ? [...keyValues, ...mariadbKeyValues] : keyValues
    await writer.query("SET SESSION binlog_row_image = 'MINIMAL'")
    for (const [index, [type, there, missing]] of keys.entries())
      await writer.query(
        `CREATE TABLE t${index} (id ${type} PRIMARY KEY, v INT); INSERT INTO t${index} VALUES (${there}, 1); INSERT INTO t${index} VALUES (${missing}, 1)`,
      )
    await beginCopy(copying)
    await copyAll(copying, 10)
    await sendWhatWasLogged(copying)
    for (const [index, [, , missing]] of keys.entries())
      await copying.target.query(`DELETE FROM ${copying.schema}.t${index} WHERE id = ${missing}`)
    for (const index of keys.keys()) await writer.query(`UPDATE t${index} SET v = 2`)
    await sendWhatWasLogged(copying)
    const tables = await beginAgain(copying)
    const told = tables.filter(({ table }) => table.startsWith('t') && !table.startsWith('the'))
    expect(told.map(({ table, missing }) => [table, missing.length])).toEqual(told.map(({ table }) => [table, 1]))
    for (const { table } of told) copying.pipe.append([await rereadItem(copying, table, keysOf(tables, table))])
    await endCopy(copying, 't0')
  })

  test('what was copied of a table is known by its new name once it was renamed', async () => {
    await using copying = await openCopying(pool, kind, kind)
    const { writer, pipe, source, schema } = copying
    await writer.query('CREATE TABLE t (id INT PRIMARY KEY, v INT); CREATE TABLE o (id INT PRIMARY KEY)')
    for (let id = 0; id < 20; id += 1) await writer.query(`INSERT INTO t VALUES (${id}, ${id})`)
    await beginCopy(copying)
    const [, table] = await copyTables(source, schema)
    const [first, second] = table === undefined ? [] : await chunkItems(source, table, 10)
    if (first === undefined || second === undefined) throw new Error('no chunk')
    pipe.append([first, second])
    await writer.query(
      "SET SESSION binlog_row_image = 'MINIMAL'; RENAME TABLE o TO gone, t TO o; ALTER TABLE o RENAME TO n; UPDATE n SET v = 1 WHERE id = 15",
    )
    await sendWhatWasLogged(copying)
    const tables = await beginAgain(copying)
    expect(tables.map((one) => [one.table, one.tableId]).sort()).toEqual([
      ['gone', 1],
      ['n', 2],
    ])
    expect(tables.find((one) => one.table === 'n')?.chunks).toHaveLength(1)
    expect(keysOf(tables, 'n')).toEqual(['15'])
  })

  test('bookkeeping tables of an earlier version get the one that they lack', async () => {
    const target = await pool.get(kind, 'target')
    await using first = await openCopying(pool, kind, kind)
    await first.writer.query('CREATE TABLE t (id INT PRIMARY KEY)')
    await beginCopy(first)
    await first.task.stop()
    await target.query('DROP TABLE millrace.copy_row')
    await using copying = await openCopying(pool, kind, kind)
    await copying.writer.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)')
    await beginCopy(copying)
    await copyAll(copying, 10)
    await endCopy(copying, 't')
  })

  test.each(['MINIMAL', 'NOBLOB'])(
    'tasks that start again at any moment lose no row of which only parts come (%s)',
    async (image) => {
      const [source, target] = [await pool.get(kind, 'source'), await pool.get(kind, 'target')]
      const schema = `parts_${image.toLowerCase()}`
      await source.query(`CREATE DATABASE ${schema}; CREATE TABLE ${schema}.big (id INT PRIMARY KEY AUTO_INCREMENT, u INT NULL, v INT, pad VARCHAR(2000), b TEXT, UNIQUE KEY (u)) ENGINE=InnoDB;
        CREATE TABLE ${schema}.pairs (a VARCHAR(10), b INT, n INT, PRIMARY KEY (a, b)) ENGINE=InnoDB`)
      for (let n = 0; n < 20; n += 1)
        await source.query(
          `INSERT INTO ${schema}.big (v, pad, b) VALUES ${Array.from({ length: 500 }, () => `(${n}, REPEAT('x', 1500), 'text')`).join(',')}`,
        )
      await source.query(
        `UPDATE ${schema}.big SET u = id; INSERT INTO ${schema}.pairs SELECT id % 40, id, v FROM ${schema}.big`,
      )
      await using tasks = new BothTasks(source, target, schema)
      const writing = new AbortController()
      const writer = writeParts(
        await source.connect({ database: schema, multipleStatements: true }),
        image,
        writing.signal,
      )
      for (let round = 0; round < 6; round += 1) {
        await sleep(100 + Math.random() * 500)
        await tasks.restart(Math.random() < 0.5 ? 'source' : 'target')
      }
      await sleep(500)
      writing.abort()
      await writer
      await source.query(`CREATE TABLE ${schema}.mark (id INT PRIMARY KEY)`)
      await eventually(
        async () => {
          const found = await target.query(`SHOW TABLES FROM ${schema} LIKE 'mark'`)
          const { target: report } = tasks.reports
          if (found.length === 0 || report?.stage !== 'incremental')
            throw new Error(report?.problem?.message ?? report?.description)
          return true
        },
        60_000,
        'the target catches up',
      )
      for (const table of ['big', 'pairs'])
        expect([table, await tableLines(target, schema, table)]).toEqual([
          table,
          await tableLines(source, schema, table),
        ])
    },
  )
})

async function writeParts(
  writer: Awaited<ReturnType<Awaited<ReturnType<ServerPool['get']>>['connect']>>,
  image: string,
  signal: AbortSignal,
): Promise<void> {
  await writer.query(`SET SESSION binlog_row_image = '${image}'`)
  const any = () => 1 + Math.floor(Math.random() * 10_000)
  while (!signal.aborted) {
    const [one, other] = [any(), any()]
    await writer.query(
      `BEGIN; UPDATE IGNORE big SET id = ${other} WHERE id = ${one}; UPDATE big SET v = v + 1 WHERE id BETWEEN ${other} AND ${other} + 3;
       UPDATE IGNORE big SET id = id + 20000 WHERE id = ${any()}; UPDATE IGNORE big SET id = id - 20000 WHERE id = 20000 + ${any()};
       DELETE FROM big WHERE id = ${any()}; UPDATE IGNORE pairs SET a = CONCAT('k', ${one} % 60) WHERE b = ${other}; COMMIT`,
    )
    const [a, b] = [any(), any()]
    await writer.query(
      `BEGIN; SET @a = (SELECT u FROM big WHERE id = ${a}), @b = (SELECT u FROM big WHERE id = ${b});
       UPDATE big SET u = NULL WHERE id IN (${a}, ${b}); UPDATE IGNORE big SET u = @b WHERE id = ${a}; UPDATE IGNORE big SET u = @a WHERE id = ${b}; COMMIT`,
    )
  }
  await writer.end()
}
