import { afterAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import type { ServerKind, TestServer } from '../../../test/harness/mysql-servers.ts'
import { positionOf, sourceServerOf } from '../../../test/target/binlog-frames.ts'
import { chunkItems, copyTables, structureItems } from '../../../test/target/copy-frames.ts'
import {
  beginAgain,
  type Copying,
  expectEqual,
  openCopying,
  sendWhatWasLogged,
  untilStreaming,
} from '../../../test/target/copying.ts'
import { ServerPool } from '../../../test/target/stream-pair.ts'
import type { TargetOptions } from '../../../test/target/target-under-test.ts'
import type { FrameItem } from '../pipe/frame.ts'

const kinds: readonly ServerKind[] = ['mysql-9.7', 'mysql-5.6', 'mariadb-10.11']
const pool = new ServerPool()
afterAll(() => pool[Symbol.asyncDispose]())

const tables = `
  CREATE TABLE big (id INT PRIMARY KEY, v VARCHAR(20), w INT, n INT, t TEXT, UNIQUE KEY u (n), KEY \`v, w\` (v(5), w),
    KEY w (w) COMMENT 'it''s, one', FULLTEXT KEY f (t)) ENGINE=InnoDB;
  CREATE TABLE counted (k VARCHAR(20) PRIMARY KEY, n INT NOT NULL AUTO_INCREMENT, v INT, KEY n (n), KEY v (v)) ENGINE=InnoDB;
  CREATE TABLE keyless (v INT, KEY v (v)) ENGINE=InnoDB;
  CREATE TABLE parent (id INT PRIMARY KEY, v INT, KEY v (v)) ENGINE=InnoDB;
  CREATE TABLE child (id INT PRIMARY KEY, p INT, v INT, KEY p (p), KEY v (v), FOREIGN KEY (p) REFERENCES parent (id)) ENGINE=InnoDB`

const names = ['big', 'counted', 'keyless', 'parent', 'child']

async function open(kind: ServerKind, options: TargetOptions = {}): Promise<Copying> {
  const copying = await openCopying(pool, kind, kind, options)
  await copying.writer.query(tables)
  for (let id = 1; id <= 40; id += 1)
    await copying.writer.query(
      `INSERT INTO big VALUES (${id}, 'v${id % 7}', ${id % 5}, ${1000 - id}, 'some words');
       INSERT INTO counted (k, v) VALUES ('k${id}', ${id % 3}); INSERT INTO keyless VALUES (${id % 3});
       INSERT INTO parent VALUES (${id}, ${id}); INSERT INTO child VALUES (${id}, ${id}, ${id})`,
    )
  return copying
}

/** All tables are said to be large. */
async function begin({ source, schema, pipe, task }: Copying): Promise<readonly FrameItem[]> {
  pipe.restart((await task.resume()).epoch, await positionOf(source))
  const large = (await copyTables(source, schema)).map((table) => ({ ...table, estimatedBytes: 1e9 }))
  pipe.append([
    { kind: 'epoch', source: await sourceServerOf(source) },
    ...(await structureItems(source, schema)),
    { kind: 'copy', tables: large },
  ])
  return (await Promise.all(large.map((table) => chunkItems(source, table, 10)))).flat()
}

/** Names of the keys of a table at a server, in their order there. */
async function keysOf(server: TestServer, schema: string, table: string): Promise<readonly string[]> {
  const [row] = await server.query<Record<string, string>[]>(`SHOW CREATE TABLE ${schema}.${table}`)
  return (row?.['Create Table'] ?? '')
    .split('\n')
    .flatMap((line) => /^ {2}\w* ?KEY `.*?[^,](?=,?$)/.exec(line)?.[0] ?? [])
}

async function expectSameKeys({ source, target, schema }: Copying): Promise<void> {
  for (const table of names) {
    const sorted = async (server: TestServer) => (await keysOf(server, schema, table)).toSorted()
    expect([table, await sorted(target)]).toEqual([table, await sorted(source)])
  }
}

async function untilWritten({ target, schema }: Copying, rows: number): Promise<void> {
  await eventually(
    async () => {
      const [found] = await target.query<{ n: number }[]>(`SELECT COUNT(*) AS n FROM ${schema}.big`)
      return Number(found?.n) >= rows
    },
    10_000,
    'rows of the copy',
  )
}

describe.each(kinds)('on %s', (kind) => {
  test('keys that only searching needs are away while rows come, and all are there when they have come', async () => {
    await using copying = await open(kind)
    const items = await begin(copying)
    for (const item of items) copying.pipe.append([item])
    await untilWritten(copying, 40)
    const { target, schema } = copying
    const during = await Promise.all(names.map(async (table) => (await keysOf(target, schema, table)).length))
    const whole = await Promise.all(names.map(async (table) => (await keysOf(copying.source, schema, table)).length))
    expect(during).toEqual([(whole[0] ?? 0) - 2, (whole[1] ?? 0) - 1, ...whole.slice(2)])
    copying.pipe.append([{ kind: 'copied' }])
    await untilStreaming(copying)
    await expectSameKeys(copying)
    await expectEqual(copying)
    expect(await target.query(`SELECT * FROM millrace.deferred_key WHERE job_id = '${schema}'`)).toEqual([])
  })

  test('whoever goes on with the copy brings the keys back', async () => {
    await using copying = await open(kind)
    const items = await begin(copying)
    for (const item of items.slice(0, 3)) copying.pipe.append([item])
    await untilWritten(copying, 1)
    expect((await keysOf(copying.target, copying.schema, 'big')).length).toBeLessThan(5)
    await beginAgain(copying)
    copying.pipe.append([{ kind: 'copy', tables: await copyTables(copying.source, copying.schema) }])
    for (const item of items) copying.pipe.append([item])
    copying.pipe.append([{ kind: 'copied' }])
    await untilStreaming(copying)
    await expectSameKeys(copying)
    await expectEqual(copying)
  })

  test('a statement of the source that names such a key finds it', async () => {
    await using copying = await open(kind)
    const items = await begin(copying)
    await eventually(async () => (await keysOf(copying.target, copying.schema, 'big')).length === 2, 10_000)
    const change = 'ALTER TABLE big DROP KEY w, ADD KEY again (w, v)'
    await sendWhatWasLogged(copying, async () => {
      await copying.writer.query(change)
    })
    await expectSameKeys(copying)
    for (const item of items) copying.pipe.append([item])
    copying.pipe.append([{ kind: 'copied' }])
    await untilStreaming(copying)
    await expectSameKeys(copying)
    await expectEqual(copying)
  })

  test('tables that the target had already keep their keys', async () => {
    await using copying = await open(kind, { skipCreateTable: true })
    const { target, schema, writer } = copying
    await writer.query('DROP TABLE child, parent, keyless, counted')
    const [row] = await copying.source.query<Record<string, string>[]>(`SHOW CREATE TABLE ${schema}.big`)
    await target.query(
      `CREATE DATABASE ${schema} DEFAULT CHARACTER SET utf8mb4; USE ${schema}; ${row?.['Create Table']}`,
    )
    const items = await begin(copying)
    for (const item of items) copying.pipe.append([item])
    await untilWritten(copying, 40)
    expect(await keysOf(target, schema, 'big')).toEqual(await keysOf(copying.source, schema, 'big'))
  })
})
