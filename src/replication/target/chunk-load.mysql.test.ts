import { afterAll, describe, expect, test } from 'vitest'
import { commonTables, ownTables } from '../../../test/e2e/type-torture/tables.ts'
import { eventually } from '../../../test/harness/eventually.ts'
import type { ServerKind, TestServer } from '../../../test/harness/mysql-servers.ts'
import { beginCopy, copyAll, expectEqual, openCopying, untilStreaming } from '../../../test/target/copying.ts'
import { ServerPool } from '../../../test/target/stream-pair.ts'

const kinds: readonly ServerKind[] = ['mysql-9.7', 'mysql-5.6', 'mariadb-10.11']
const pool = new ServerPool()
afterAll(() => pool[Symbol.asyncDispose]())

async function loads(server: TestServer): Promise<number> {
  const [row] = await server.query<{ Value: string }[]>("SHOW GLOBAL STATUS LIKE 'Com_load'")
  return Number(row?.Value)
}

async function takesFiles(kind: ServerKind, isOn: boolean): Promise<void> {
  const target = await pool.get(kind, 'target')
  await target.query(`SET GLOBAL local_infile = ${isOn ? 'ON' : 'OFF'}`)
}

describe.each(kinds)('on %s', (kind) => {
  test.each([
    ['loads', true],
    ['writes statements for', false],
  ])('a target that takes local files or does not %s the torture tables byte for byte', async (_what, isOn) => {
    await takesFiles(kind, isOn)
    await using copying = await openCopying(pool, kind, kind)
    const before = await loads(copying.target)
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
    // One attempt tells that files are refused.
    if (isOn) expect((await loads(copying.target)) - before).toBeGreaterThan(10)
    else expect((await loads(copying.target)) - before).toBeLessThanOrEqual(4)
  })

  test('bytes that LOAD DATA gives a meaning arrive as they are', async () => {
    await takesFiles(kind, true)
    await using copying = await openCopying(pool, kind, kind)
    await copying.writer.query('CREATE TABLE b (id INT PRIMARY KEY, v VARBINARY(300), t TEXT, n INT)')
    const texts = [
      '',
      'N',
      '\\N',
      '\\',
      '\\\\',
      '\t',
      '\n',
      '\r\n',
      "'",
      '"',
      '\0',
      '\u001a',
      '\u001e',
      '\u001f',
      'a\\\tb\\\n',
      'NULL',
    ]
    for (const [id, text] of texts.entries())
      await copying.writer.query({ sql: 'INSERT INTO b VALUES (?, ?, ?, NULL)', values: [id, Buffer.from(text), text] })
    await copying.writer.query('CREATE TABLE one (v VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY)')
    await copying.writer.query("INSERT INTO one VALUES (''), ('\\t'), (0x1e), (0x1f), ('\\\\'), ('x')")
    await beginCopy(copying)
    await copyAll(copying, 100)
    copying.pipe.append([{ kind: 'copied' }])
    await untilStreaming(copying)
    await expectEqual(copying)
  })

  test('a value that does not fit is an error, not another value', async () => {
    await takesFiles(kind, true)
    await using copying = await openCopying(pool, kind, kind, { skipCreateTable: true })
    await copying.writer.query(
      "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)); INSERT INTO t VALUES (1, 'too long')",
    )
    const { schema, target } = copying
    await target.query(`CREATE DATABASE ${schema}; CREATE TABLE ${schema}.t (id INT PRIMARY KEY, v VARCHAR(3))`)
    await beginCopy(copying)
    await copyAll(copying, 10)
    const problem = await eventually(() => copying.task.report?.problem ?? undefined, 10_000)
    expect(problem.message).toContain('Data too long')
    expect(await target.query(`SELECT * FROM ${schema}.t`)).toEqual([])
  })
})
