import type { Connection } from 'mysql2/promise'
import { afterAll, describe, expect, test } from 'vitest'
import { commonTables, ownTables } from '../../../test/e2e/type-torture/tables.ts'
import { eventually } from '../../../test/harness/eventually.ts'
import type { ServerKind } from '../../../test/harness/mysql-servers.ts'
import { positionOf, sourceServerOf } from '../../../test/target/binlog-frames.ts'
import { chunkItems, copyTables, structureItems } from '../../../test/target/copy-frames.ts'
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
import type { TargetOptions } from '../../../test/target/target-under-test.ts'
import type { Position } from '../../binlog/position.ts'

const kinds: readonly ServerKind[] = ['mysql-9.7', 'mysql-5.6', 'mariadb-10.11']
const pool = new ServerPool()
afterAll(() => pool[Symbol.asyncDispose]())

function open(from: ServerKind, to: ServerKind, options: TargetOptions = {}): Promise<Copying> {
  return openCopying(pool, from, to, options)
}

function pipeBegins({ pipe }: Copying, epoch: number, position: Position): void {
  pipe.restart(epoch, position)
}

/** Chunks that are newer than `low`, then what was logged from `low` on, then the end of the copy. */
async function copyWhileChanging(
  copying: Copying,
  low: Position,
  names: readonly string[],
  changes: number,
): Promise<void> {
  const tables = (await copyTables(copying.source, copying.schema)).filter(({ table }) => names.includes(table))
  const chunks = (await Promise.all(tables.map((table) => chunkItems(copying.source, table, 40)))).flat()
  await changeRows(copying.writer, changes)
  for (const chunk of chunks) copying.pipe.append([chunk], low)
  await sendWhatWasLogged(copying, () => changeRows(copying.writer, changes / 3))
  copying.pipe.append([{ kind: 'copied' }])
}

describe.each(kinds)('on %s', (kind) => {
  test('the torture tables are copied byte for byte', async () => {
    await using copying = await open(kind, kind)
    for (const table of [...commonTables(), ...ownTables(kind)]) {
      await copying.writer.query(table.create)
      for (const row of table.rows)
        await copying.writer.query(`INSERT INTO ${table.name} (${table.columns}) VALUES (${row})`)
    }
    await beginCopy(copying)
    await copyAll(copying, 3)
    copying.pipe.append([{ kind: 'copied' }])
    await untilStreaming(copying)
    await expectEqual(copying)
    expect(
      await copying.target.query(`SELECT * FROM millrace.copied_chunk WHERE job_id = '${copying.schema}'`),
    ).toEqual([])
  })

  test.each(['ON DELETE CASCADE ON UPDATE CASCADE', 'ON DELETE CASCADE', 'ON DELETE SET NULL'])(
    'changes during the copy end in the rows of the source, whatever they do to keys (%s)',
    async (rule) => {
      await using copying = await open(kind, kind)
      await copying.writer.query(workloadTables(rule))
      for (let id = 0; id < 300; id += 1) await workloadInsert(copying.writer, id)
      await beginCopy(copying)
      const low = copying.pipe.position
      await changeRows(copying.writer, 150)
      const names = (await copyTables(copying.source, copying.schema)).map(({ table }) => table)
      await copyWhileChanging(copying, low, names, 150)
      for (let round = 1; copying.task.report?.stage !== 'incremental'; round += 1) {
        await eventually(
          () => copying.task.rewinds.length >= round || copying.task.report?.stage === 'incremental',
          20_000,
          'the end of the copy, or a request to copy some tables again',
        )
        if (copying.task.rewinds.length < round) break
        const tables = await beginAgain(copying)
        const missing = tables.filter((table) => !table.isDone).map(({ table }) => table)
        expect(missing).toContain('child')
        await copyWhileChanging(copying, copying.pipe.position, missing, 0)
      }
      await untilStreaming(copying)
      await expectEqual(copying)
    },
  )

  test('a copy that is interrupted goes on by chunk and leaves no row twice in a table without a key', async () => {
    await using copying = await open(kind, kind)
    await copying.writer.query('CREATE TABLE twins (v INT); CREATE TABLE k (id INT PRIMARY KEY, v INT)')
    for (let id = 0; id < 50; id += 1)
      await copying.writer.query(`INSERT INTO twins VALUES (${id % 7}); INSERT INTO k VALUES (${id}, 1)`)
    await beginCopy(copying)
    const tables = await copyTables(copying.source, copying.schema)
    for (const table of tables)
      for (const item of await chunkItems(copying.source, table, 10)) {
        copying.pipe.append([item])
      }
    const doneOfKeyed = `SELECT 1 AS n FROM millrace.copied_chunk AS c
      JOIN millrace.copy_table AS t ON t.job_id = c.job_id AND t.table_id = c.table_id
      WHERE c.job_id = '${copying.schema}' AND t.table_name = 'k' AND c.is_done = 1`
    const chunkIsDone = async () => (await copying.target.query(doneOfKeyed)).length > 0
    await eventually(chunkIsDone, 10_000, 'a chunk of the table with a key is written')
    const before = await copying.task.resume()
    if (before.from.kind !== 'copying') throw new Error(`the answer was ${before.from.kind}`)
    const done = before.from.tables.find((table) => table.table === 'k')
    copying.pipe.restart(before.epoch, before.from.position)
    copying.pipe.append([
      { kind: 'epoch', source: await sourceServerOf(copying.source) },
      { kind: 'copy', tables },
    ])
    for (const table of tables)
      for (const item of await chunkItems(copying.source, table, 10)) copying.pipe.append([item])
    copying.pipe.append([{ kind: 'copied' }])
    await untilStreaming(copying)
    await expectEqual(copying)
    expect(done?.chunks.length).toBeGreaterThan(0)
  })

  test('rows that are read again replace, and keys without a row are deleted', async () => {
    await using copying = await open(kind, kind)
    await copying.writer.query(
      "CREATE TABLE names (name VARCHAR(20) PRIMARY KEY, v INT); INSERT INTO names VALUES ('a',1),('b',2),('c',3)",
    )
    await beginCopy(copying)
    await copyAll(copying, 10)
    await copying.writer.query(
      "UPDATE names SET name = 'A', v = 10 WHERE name = 'a'; DELETE FROM names WHERE name = 'c'",
    )
    copying.pipe.append([await rereadItem(copying, 'names', ['a', 'c']), { kind: 'copied' }])
    await untilStreaming(copying)
    await expectEqual(copying)
  })

  test('a target table that differs, or holds rows, is an error before the first row, and goes when it is put right', async () => {
    await using copying = await open(kind, kind)
    await copying.writer.query(
      'CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10), KEY (v)); INSERT INTO t VALUES (1, 1)',
    )
    await copying.target.query(
      `CREATE DATABASE ${copying.schema}; CREATE TABLE ${copying.schema}.t (id BIGINT PRIMARY KEY, v VARCHAR(10))`,
    )
    await beginCopy(copying)
    await copyAll(copying, 10)
    copying.pipe.append([{ kind: 'copied' }])
    const differs = await eventually(() => copying.task.report?.problem ?? undefined, 10_000)
    expect(differs.code).toBe('REPL_TABLE_DIFFERS')
    expect(differs.message).toMatch(/`id` is bigint.* at the target, int.* at the source/)
    const { t } = { t: `${copying.schema}.t` }
    await copying.target.query(
      `DROP TABLE ${t}; CREATE TABLE ${t} (id INT PRIMARY KEY, v VARCHAR(10), KEY (v)) DEFAULT CHARSET utf8mb4 ${await collationOf(copying)}; INSERT INTO ${t} VALUES (9, 9)`,
    )
    const holds = await eventually(
      () => (copying.task.report?.problem?.code === 'REPL_TARGET_NOT_EMPTY' ? copying.task.report.problem : undefined),
      10_000,
    )
    expect(holds.message).toContain('already holds rows')
    await copying.target.query(`DELETE FROM ${t}`)
    await untilStreaming(copying)
    await expectEqual(copying)
  })

  test('what is written goes from the stream even while nothing more comes', async () => {
    await using copying = await open(kind, kind)
    await copying.writer.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1),(2),(3)')
    await beginCopy(copying)
    await copyAll(copying, 1)
    await eventually(() => copying.pipe.heldFrames === 0, 10_000, 'all frames are released')
  })

  test('a source that begins again before anything was copied may begin elsewhere', async () => {
    await using copying = await open(kind, kind)
    await copying.writer.query('CREATE TABLE t (id INT PRIMARY KEY)')
    pipeBegins(copying, (await copying.task.resume()).epoch, await positionOf(copying.source))
    copying.pipe.append([
      { kind: 'epoch', source: await sourceServerOf(copying.source) },
      ...(await structureItems(copying.source, copying.schema)),
    ])
    await eventually(() => copying.pipe.heldFrames === 0, 10_000, 'all frames are released')
    await copying.writer.query('INSERT INTO t VALUES (1); ALTER TABLE t ADD COLUMN v INT')
    await beginCopy(copying)
    await copyAll(copying, 10)
    copying.pipe.append([{ kind: 'copied' }])
    await untilStreaming(copying)
    await expectEqual(copying)
    expect(copying.task.rewinds).toEqual([])
  })

  test('DropTableIfExists replaces what is there', async () => {
    await using copying = await open(kind, kind, { dropTableIfExists: true })
    await copying.writer.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)')
    await copying.target.query(
      `CREATE DATABASE ${copying.schema}; CREATE TABLE ${copying.schema}.t (other TEXT); INSERT INTO ${copying.schema}.t VALUES ('x')`,
    )
    await beginCopy(copying)
    await copyAll(copying, 10)
    copying.pipe.append([{ kind: 'copied' }])
    await untilStreaming(copying)
    await expectEqual(copying)
  })

  test('a target table with a trigger is refused', async () => {
    await using copying = await open(kind, kind)
    await copying.writer.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)')
    await copying.target.query(
      `CREATE DATABASE ${copying.schema} DEFAULT CHARACTER SET utf8mb4; CREATE TABLE ${copying.schema}.t (id INT PRIMARY KEY)`,
    )
    await copying.target.query(
      `CREATE TRIGGER ${copying.schema}.tr BEFORE INSERT ON ${copying.schema}.t FOR EACH ROW SET @x = 1`,
    )
    await beginCopy(copying)
    const problem = await eventually(() => copying.task.report?.problem ?? undefined, 10_000)
    expect(problem.code).toBe('REPL_TARGET_TRIGGER')
    expect(problem.message).toContain('tr')
  })

  test('a migration ends complete once it has caught up, and stays so', async () => {
    await using copying = await open(kind, kind, { kind: 'migration' })
    await copying.writer.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)')
    await beginCopy(copying)
    await copyAll(copying, 10)
    copying.pipe.append([{ kind: 'copied' }])
    copying.pipe.append([{ kind: 'heartbeat', sourceMicros: BigInt(Date.now()) * 1000n }])
    await eventually(() => copying.task.report?.stage === 'complete', 10_000)
    await expect(copying.task.resume()).rejects.toThrow('complete')
  })
})

async function collationOf({ source, schema }: Copying): Promise<string> {
  const [row] = await source.query<{ c: string }[]>(
    `SELECT DEFAULT_COLLATION_NAME AS c FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '${schema}'`,
  )
  return `COLLATE ${row?.c ?? ''}`
}

const workloadTables = (rule: string) => `
  CREATE TABLE parent (id INT PRIMARY KEY, u VARCHAR(20) UNIQUE) ENGINE=InnoDB;
  CREATE TABLE child (id INT PRIMARY KEY, p INT, w INT UNIQUE, FOREIGN KEY (p) REFERENCES parent (id) ${rule}) ENGINE=InnoDB;
  CREATE TABLE grandchild (id INT PRIMARY KEY, c INT, FOREIGN KEY (c) REFERENCES child (id) ON DELETE CASCADE) ENGINE=InnoDB;
  CREATE TABLE moving (k VARCHAR(30) PRIMARY KEY, v INT) ENGINE=InnoDB`

async function workloadInsert(writer: Connection, id: number): Promise<void> {
  const child = `INSERT IGNORE INTO child VALUES (${id}, ${id}, ${id})`
  await writer.query(
    `INSERT IGNORE INTO parent VALUES (${id}, 'u${id}'); INSERT IGNORE INTO moving VALUES ('k${id}', ${id})`,
  )
  // 5.6 does not ignore a missing parent.
  await writer.query(child).catch(() => {})
  await writer.query(`INSERT IGNORE INTO grandchild VALUES (${id}, ${id})`).catch(() => {})
}

/** Moves keys into and out of what is copied, swaps unique values, cascades, deletes, inserts. */
async function changeRows(writer: Connection, count: number): Promise<void> {
  const any = () => Math.floor(Math.random() * 330)
  for (let n = 0; n < count; n += 1) {
    const [a, b] = [any(), any()]
    const statements = [
      `DELETE FROM parent WHERE id = ${a}`,
      `UPDATE IGNORE parent SET id = ${a} WHERE id = ${b}`,
      `UPDATE IGNORE moving SET k = CONCAT('K', ${a}) WHERE k = CONCAT('k', ${b})`,
      `UPDATE moving SET k = UPPER(k), v = v + 1 WHERE k = CONCAT('k', ${a})`,
      `BEGIN; UPDATE IGNORE child SET w = -1 WHERE id = ${a}; UPDATE IGNORE child SET w = ${a} WHERE id = ${b}; UPDATE IGNORE child SET w = ${b} WHERE id = ${a}; COMMIT`,
      `UPDATE IGNORE parent SET u = CONCAT('u', ${a}) WHERE id = ${b}`,
      `UPDATE IGNORE child SET id = ${a}, p = ${b} WHERE id = ${b}`,
      `DELETE FROM moving WHERE k = CONCAT('k', ${a})`,
    ]
    await writer.query(statements[n % statements.length] ?? '').catch(() => writer.query('ROLLBACK'))
    await workloadInsert(writer, any())
  }
}
