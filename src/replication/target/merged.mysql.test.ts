import { afterAll, describe, expect, test } from 'vitest'
import { collectParts, endOfFile } from '../../../test/binlog/collect-parts.ts'
import { type ServerKind, startServer, type TestServer } from '../../../test/harness/mysql-servers.ts'
import { ServerPool, StreamPair } from '../../../test/target/stream-pair.ts'
import { RowsReader } from '../../binlog/rows-reader.ts'
import { decodeTableMap } from '../../binlog/table-map-event.ts'
import type { TransactionPart } from '../../binlog/transaction-part.ts'

const cases: readonly [ServerKind, ServerKind, boolean][] = [
  ['mysql-9.7', 'mysql-9.7', false],
  ['mysql-9.7', 'mysql-9.7', true],
  ['mysql-5.6', 'mysql-5.6', false],
  ['mysql-5.6', 'mysql-5.6', true],
  ['mariadb-10.11', 'mariadb-10.11', false],
  ['mariadb-10.11', 'mariadb-10.11', true],
  ['mysql-5.6', 'mysql-9.7', true],
]
const pool = new ServerPool()

afterAll(() => pool[Symbol.asyncDispose]())

const tables = `
  CREATE TABLE wide (id INT PRIMARY KEY, u BIGINT UNSIGNED, d DOUBLE, f FLOAT, n DECIMAL(65,30), t DATETIME(6), s TIMESTAMP(3) NULL,
    du TIME(2), da DATE, y YEAR, e ENUM('a', 'b'), st SET('x', 'y', 'z'), c CHAR(5) CHARACTER SET latin1, v VARCHAR(9) CHARACTER SET utf8,
    x TEXT, b BINARY(4), l BLOB, bi BIT(64)) ENGINE=InnoDB;
  CREATE TABLE by_text (k VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_german1_ci PRIMARY KEY, v INT, w VARCHAR(300)) ENGINE=InnoDB;
  CREATE TABLE by_two (a BIGINT UNSIGNED, b BINARY(4), v INT, PRIMARY KEY (a, b)) ENGINE=InnoDB;
  CREATE TABLE seats (id INT PRIMARY KEY, seat INT NULL UNIQUE, who INT) ENGINE=InnoDB;
  CREATE TABLE counted (id INT PRIMARY KEY AUTO_INCREMENT, v INT) ENGINE=InnoDB;
  CREATE TABLE only_key (id INT PRIMARY KEY) ENGINE=InnoDB;
  CREATE TABLE touched (id INT PRIMARY KEY, v INT, at TIMESTAMP(6) NULL ON UPDATE CURRENT_TIMESTAMP(6)) ENGINE=InnoDB;
  CREATE TABLE keyless (v INT, w INT) ENGINE=InnoDB`
const names = ['wide', 'by_text', 'by_two', 'seats', 'counted', 'only_key', 'touched', 'keyless']

const any = (limit: number) => Math.floor(Math.random() * limit)
const oneOf = (...texts: readonly string[]) => texts[any(texts.length)] ?? 'NULL'

const wideValues: Readonly<Record<string, () => string>> = {
  u: () => oneOf('0', '18446744073709551615', '9223372036854775807', '9223372036854775808', '5', 'NULL'),
  d: () => oneOf('-0e0', '0', '1.5', '2.2250738585072014e-308', '1.7976931348623157e308', 'NULL'),
  f: () => oneOf('-0e0', '0.1', '-16777216', 'NULL'),
  n: () => oneOf('0', `-${'9'.repeat(35)}.${'9'.repeat(30)}`, '0.000000000000000000000000000001', 'NULL'),
  t: () => oneOf("'1000-01-01'", "'9999-12-31 23:59:59.999999'", "'0000-00-00'", 'NULL'),
  s: () => oneOf("'1970-01-01 00:00:01'", "'2038-01-19 03:14:07.999'", "'0000-00-00'", 'NULL'),
  du: () => oneOf("'-838:59:59'", "'838:59:59'", "'00:00:00.01'", 'NULL'),
  da: () => oneOf("'2024-02-30'", "'2024-00-00'", "'1000-01-01'", 'NULL'),
  y: () => oneOf('0', '1901', '2155', 'NULL'),
  e: () => oneOf("'a'", "'b'", "'none'", 'NULL'),
  st: () => oneOf("''", "'x,z'", "'x,y,z'", 'NULL'),
  c: () => oneOf("'ä'", "''", "'it''s'", "'\\\\'", 'NULL'),
  v: () => oneOf("'€ß'", "''", "'a b  '", 'NULL'),
  x: () => oneOf("''", "REPEAT('é', 400)", "REPEAT('x', 3000)", "'''\\\\'", 'NULL'),
  b: () => oneOf("X'00'", "X'61000000'", "X'ff'", 'NULL'),
  l: () => oneOf("X''", "REPEAT(X'0027', 100)", 'NULL'),
  bi: () => oneOf('0', '18446744073709551615', '1', 'NULL'),
}

function wideAssignments(): string {
  const columns = Object.entries(wideValues).filter(() => Math.random() < 0.2)
  return columns.length === 0 ? 'y = y' : columns.map(([name, value]) => `${name} = ${value()}`).join(', ')
}

/** Statements that fail at the source are none. */
function statement(): string {
  const id = any(60)
  switch (any(16)) {
    case 0:
    case 1:
      return `INSERT INTO wide (id) VALUES (${id}), (${id + 1}), (${id + 2})`
    case 2:
    case 3:
    case 4:
      return `UPDATE wide SET ${wideAssignments()} WHERE id BETWEEN ${id} AND ${id + any(10)}`
    case 5:
      return `DELETE FROM wide WHERE id IN (${id}, ${id + 3})`
    case 6:
      return `INSERT INTO by_text VALUES ('${oneOf('k', 'K', 'kä', 'ka')}${any(20)}', ${id}, REPEAT('w', ${any(300)}))`
    case 7:
      return `UPDATE by_text SET v = ${id}, k = ${oneOf('k', 'UPPER(k)', 'k')} WHERE k = 'k${any(20)}'`
    case 8:
      return `DELETE FROM by_text WHERE k LIKE 'k%${any(10)}'`
    case 9:
      return `INSERT INTO by_two VALUES (${oneOf('1', '18446744073709551615')}, X'${oneOf('61', '6100ff', '00')}', ${id}) ON DUPLICATE KEY UPDATE v = v + 1`
    case 10:
      return oneOf(
        'DELETE FROM by_two ORDER BY a, b LIMIT 1',
        'UPDATE by_two SET v = v + 2',
        "UPDATE IGNORE by_two SET b = X'62' ORDER BY a LIMIT 1",
      )
    case 11:
      return oneOf(
        `INSERT INTO seats VALUES (${id % 20}, ${any(20)}, ${id})`,
        `UPDATE seats SET seat = NULL WHERE id = ${id % 20}`,
        `UPDATE seats SET seat = ${any(20)} WHERE id = ${id % 20}`,
        `UPDATE seats SET who = ${id} WHERE id < 10`,
        `DELETE FROM seats WHERE seat = ${any(20)}`,
      )
    case 12:
      return oneOf(
        'INSERT INTO counted (v) VALUES (1), (2)',
        'DELETE FROM counted ORDER BY id DESC LIMIT 1',
        'UPDATE counted SET v = v + 1',
      )
    case 13:
      return oneOf(
        `INSERT INTO only_key VALUES (${id})`,
        `DELETE FROM only_key WHERE id = ${id}`,
        `UPDATE only_key SET id = id + 100 WHERE id = ${id}`,
      )
    case 14:
      return oneOf(
        `INSERT INTO touched (id, v) VALUES (${id}, 0)`,
        'UPDATE touched SET v = v + 1',
        'UPDATE touched SET v = v + 1, at = at WHERE id > 20',
      )
    default:
      return oneOf(
        'INSERT INTO keyless VALUES (1, 1), (1, 1), (2, 2)',
        'UPDATE keyless SET w = w + 1 LIMIT 1',
        'DELETE FROM keyless LIMIT 2',
      )
  }
}

async function nextNumber(server: TestServer, schema: string): Promise<string | undefined> {
  const [row] = await server.query<Record<string, string>[]>(`SHOW CREATE TABLE ${schema}.counted`)
  return /AUTO_INCREMENT=(\d+)/.exec(row?.['Create Table'] ?? '')?.[1]
}

/** Of the last two columns of each row of `t` that was changed or deleted, by its key. */
function imagesBefore(parts: readonly TransactionPart[], schema: string): Map<number, readonly (string | undefined)[]> {
  const images = new Map<number, readonly (string | undefined)[]>()
  let reader: RowsReader | null = null
  for (const part of parts) {
    if (part.kind === 'table-map') {
      const table = decodeTableMap(part.event)
      reader = table.schema === schema && table.table === 't' ? new RowsReader(table) : null
    }
    if (part.kind !== 'rows' || reader === null) continue
    reader.open(part.event)
    while (reader.next()) {
      const [id, ...texts] = [0, 2, 3].map((column) => reader?.before.bytes(column))
      images.set(
        id?.readInt32LE() ?? -1,
        texts.map((text) => text?.toString()),
      )
    }
  }
  return images
}

test.each<[ServerKind, string]>([
  ['mariadb-10.11', 'id INT PRIMARY KEY, a INT, w TEXT, v INT AS (a + 1) VIRTUAL, KEY by_v (v)'],
  ['mariadb-10.11', 'id INT PRIMARY KEY, a INT, w TEXT, UNIQUE by_v (w)'],
  ['mysql-9.7', 'id INT PRIMARY KEY, a INT, w TEXT, v INT AS (a + 1) VIRTUAL, KEY by_v (v)'],
  ['mysql-9.7', 'n INT, a INT, w TEXT, id INT AS (n * 2) STORED, PRIMARY KEY (id), KEY by_v (a)'],
])('a %s that logs nothing keeps its keys whole: %s', { timeout: 120_000 }, async (kind, columns) => {
  await using target = await startServer(kind, { args: ['--skip-log-bin'] })
  await using pair = await StreamPair.open(await pool.get(kind, 'source'), target)
  const { writer, schema } = pair
  await writer.query(`CREATE TABLE t (${columns}) ENGINE=InnoDB`)
  const [first] = columns.split(' ')
  const rows = Array.from({ length: 40 }, (_none, id) => `(${id}, ${id}, 'w${id}')`)
  await writer.query(`INSERT INTO t (${first}, a, w) VALUES ${rows.join(',')}`)
  await pair.caughtUp()
  await pair.task.stop()
  for (let n = 1; n <= 5; n += 1) await writer.query("UPDATE t SET a = a + 100, w = CONCAT(w, 'x')")
  for (let n = 1; n <= 5; n += 1) await writer.query(`DELETE FROM t WHERE ${first} = ${n * 3}`)
  await pair.restartTask()
  await pair.caughtUp(60_000)
  const lines = await pair.lines('t')
  expect(lines.target).toEqual(lines.source)
  const [checked] = await target.query<Record<string, string>[]>(`CHECK TABLE ${schema}.t EXTENDED`)
  expect(checked).toMatchObject({ Msg_text: 'OK' })
  const [counted] = await target.query(`SELECT COUNT(*) AS n FROM ${schema}.t FORCE INDEX (by_v) WHERE a > 100`)
  expect(counted).toEqual({ n: 35 })
})

describe.each(cases)('from %s to %s, SQL forced: %s', (from, to, forceSql) => {
  test('a backlog that is applied in few groups ends in the rows of the source', { timeout: 120_000 }, async () => {
    await using pair = await StreamPair.open(await pool.get(from, 'source'), await pool.get(to, 'target'), { forceSql })
    const { writer } = pair
    await writer.query("SET SESSION sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'")
    await writer.query(tables)
    for (let round = 0; round < 3; round += 1) {
      await pair.caughtUp()
      await pair.task.stop()
      for (let n = 0; n < 120; n += 1) {
        const body = Array.from({ length: 1 + any(5) }, statement)
        await writer.query('BEGIN')
        for (const sql of body) await writer.query(sql).catch(() => {})
        await writer.query('COMMIT')
      }
      await pair.restartTask()
      await pair.caughtUp(60_000)
      expect(pair.task.reports.map(({ problem }) => problem?.message ?? null).filter((one) => one !== null)).toEqual([])
      for (const table of names) {
        const { source, target } = await pair.lines(table)
        expect([table, target]).toEqual([table, source])
      }
      expect(await nextNumber(pair.target, pair.schema)).toBe(await nextNumber(pair.source, pair.schema))
    }
  })

  test('what the target logs of merged changes is whole', { timeout: 120_000 }, async () => {
    await using pair = await StreamPair.open(await pool.get(from, 'source'), await pool.get(to, 'target'), { forceSql })
    const { writer, target } = pair
    await writer.query('CREATE TABLE t (id INT PRIMARY KEY, v INT, w VARCHAR(99), x BLOB) ENGINE=InnoDB')
    const rows = Array.from({ length: 50 }, (_none, id) => `(${id}, 0, 'w${id}', 'x${id}')`)
    await writer.query(`INSERT INTO t VALUES ${rows.join(',')}`)
    await pair.caughtUp()
    await pair.task.stop()
    for (let n = 1; n <= 5; n += 1) await writer.query('UPDATE t SET v = v + 1')
    for (let n = 1; n <= 5; n += 1) await writer.query(`DELETE FROM t WHERE id BETWEEN ${n * 2} AND ${n * 2 + 1}`)
    const start = await endOfFile(target)
    await pair.restartTask()
    await pair.caughtUp(60_000)
    const before = imagesBefore(await collectParts(target, start, await endOfFile(target)), pair.schema)
    expect(before.size).toBe(50)
    for (const [id, texts] of before) expect(texts).toEqual([`w${id}`, `x${id}`])
  })

  test('a row that the target has lost stops a merged group, and is named', { timeout: 120_000 }, async () => {
    await using pair = await StreamPair.open(await pool.get(from, 'source'), await pool.get(to, 'target'), { forceSql })
    await pair.writer.query('CREATE TABLE t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB')
    await pair.writer.query(`INSERT INTO t VALUES ${Array.from({ length: 50 }, (_none, id) => `(${id}, 0)`).join(',')}`)
    await pair.caughtUp()
    await pair.task.stop()
    for (let n = 1; n <= 5; n += 1) await pair.writer.query('UPDATE t SET v = v + 1')
    await pair.target.query(`DELETE FROM ${pair.schema}.t WHERE id = 31`)
    await pair.restartTask()
    const named = forceSql ? /`t` with id=31/ : /`t`/
    await expect.poll(() => pair.task.report?.problem?.message ?? '', { timeout: 60_000 }).toMatch(named)
    await pair.target.query(`INSERT INTO ${pair.schema}.t VALUES (31, 0)`)
    await pair.restartTask()
    await pair.caughtUp(60_000)
    const { source, target } = await pair.lines('t')
    expect(target).toEqual(source)
  })
})
