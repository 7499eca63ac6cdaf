import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import { type ServerKind, startServer, type TestServer } from '../../../test/harness/mysql-servers.ts'
import { Scope } from '../../core/scope.ts'
import { type CompareServersOptions, compareServers } from './compare-servers.ts'
import type { Comparison, TableComparison } from './comparison.ts'

const scope = new Scope()
const servers = new Map<ServerKind, TestServer>()
/** A second server of the newest kind, to compare with its equal. */
let twin: TestServer

beforeAll(async () => {
  for (const kind of ['mariadb-10.11', 'mysql-9.7', 'mysql-5.6'] as const)
    servers.set(
      kind,
      scope.use(await startServer(kind), (server) => server[Symbol.asyncDispose]()),
    )
  twin = scope.use(await startServer('mysql-9.7'), (server) => server[Symbol.asyncDispose]())
})
afterAll(() => scope.close())

const signal = new AbortController().signal

function serverOf(kind: ServerKind): TestServer {
  const server = servers.get(kind)
  if (server === undefined) throw new Error(`${kind} was not started`)
  return server
}

function compare(
  source: TestServer,
  target: TestServer,
  schema: string,
  more: Partial<CompareServersOptions> = {},
): Promise<Comparison> {
  const endpointOf = ({ host, port, user, password }: TestServer) => ({ host, port, user, password })
  return compareServers({
    ...{ source: endpointOf(source), target: endpointOf(target), include: [{ schema, tables: [] }], exclude: [] },
    ...{ live: null, signal },
    ...more,
  })
}

function tableOf(comparison: Comparison, name: string): TableComparison {
  const found = comparison.tables.find(({ table }) => table.name === name)
  if (found === undefined) throw new Error(`${name} was not compared`)
  return found
}

async function onBoth(statements: readonly string[], ...both: readonly TestServer[]): Promise<void> {
  for (const server of both) {
    const connection = await server.connect({ multipleStatements: true })
    for (const statement of statements) await connection.query(statement)
    await connection.end()
  }
}

/** Everything that all three kinds of servers know, at its edges. */
const tortureColumns = `
  id BIGINT UNSIGNED NOT NULL, tiny TINYINT, small SMALLINT UNSIGNED, medium MEDIUMINT, big BIGINT, ubig BIGINT UNSIGNED,
  filled INT(9) UNSIGNED ZEROFILL, dec_a DECIMAL(65,30), dec_b DECIMAL(10,0) UNSIGNED, f FLOAT, d DOUBLE, fd FLOAT(9,3),
  b1 BIT(1), b64 BIT(64), y YEAR, dt DATE, t6 TIME(6), t0 TIME, dt0 DATETIME, dt6 DATETIME(6), ts TIMESTAMP(6) NULL,
  c CHAR(20) CHARACTER SET latin1, v VARCHAR(200) CHARACTER SET utf8mb4, vb VARBINARY(100), bi BINARY(8),
  u16 VARCHAR(50) CHARACTER SET utf16, sj VARCHAR(50) CHARACTER SET sjis, tx LONGTEXT CHARACTER SET utf8mb4, bl LONGBLOB,
  e ENUM('a','b','','ü') CHARACTER SET utf8mb4, s SET('x','y','z'), g GEOMETRY, PRIMARY KEY (id)`

const lenient = "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', time_zone = '+00:00'"

const tortureRows = [
  `1, -128, 65535, -8388608, -9223372036854775808, 18446744073709551615, 7, -1.000000000000000000000000000001, 42,
   1.17549e-38, 2.2250738585072014e-308, -1234.567, b'1', b'1111111111111111111111111111111111111111111111111111111111111111',
   0, '0000-00-00', '-838:59:59.000000', '838:59:59', '0000-00-00 00:00:00', '1000-01-01 00:00:00.000001',
   '1970-01-01 00:00:01.000000', 'blanks   ', 'naïve 😀', X'00FF00', X'01', 'ü', '日本', 'text', X'00', 'ü', 'x,z',
   ST_GeomFromText('POINT(1 2)')`,
  `2, 127, 0, 8388607, 9223372036854775807, 0, 999999999, 99999999999999999999999999999999999.999999999999999999999999999999,
   0, -3.40282e38, 1.7976931348623157e308, 0.001, b'0', b'0', 2155, '9999-12-31', '00:00:00.000001', '-00:00:01',
   '9999-12-31 23:59:59', '9999-12-31 23:59:59.999999', '2038-01-19 03:14:07.999999', '', '', '', '', '', '', '', '', '', '',
   NULL`,
  `3, 0, 1, 0, 0, 9223372036854775808, 0, 0, 4294967295, 0.1, 0.1, 1.5, NULL, NULL, 1901, '2026-02-00', NULL, NULL, NULL,
   NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL`,
  `4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, -0e0, -0e0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   '-', '-', '-', '-', '-', '-', '-', '-', 'b', '', NULL`,
  `5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 16777216, 1e22, 123456.789, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   NULL, NULL, NULL, REPEAT('ä', 200), NULL, NULL, NULL, NULL, REPEAT('long ', 60000), REPEAT(X'FE', 300000), NULL, NULL,
   NULL`,
  `7, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, -1.2345678e-5, -2.2250738585072014e-308, NULL, NULL, NULL, NULL, NULL,
   NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL`,
  `6, 1, 2, 3, 4, 5, 6, 7, 8, 3.14159274, 3.141592653589793, 1, b'1', b'101', 2000, '2024-02-29', '12:34:56.789', '12:34:56',
   '2024-02-29 12:34:56', '2024-02-29 12:34:56.123456', '2024-02-29 12:34:56.5', 'a;b', '3:abc;-', X'3B2D3B', 'a;b', ';', ';',
   ';-;', ';', 'a', 'x', ST_GeomFromText('POLYGON((0 0,0 3,3 3,3 0,0 0))')`,
]

function tortureOf(schema: string): readonly string[] {
  return [
    lenient,
    `CREATE DATABASE ${schema} CHARACTER SET utf8mb4`,
    `CREATE TABLE ${schema}.torture (${tortureColumns})`,
    ...tortureRows.map((row) => `INSERT INTO ${schema}.torture VALUES (${row})`),
  ]
}

describe('values at their edges', () => {
  test.each([
    ['mariadb-10.11', 'mysql-9.7'],
    ['mysql-5.6', 'mysql-9.7'],
    ['mysql-5.6', 'mariadb-10.11'],
  ] as const)('are equal on %s and %s', async (left, right) => {
    const schema = `edges_${left.replace(/\W/g, '')}_${right.replace(/\W/g, '')}`
    const [source, target] = [serverOf(left), serverOf(right)]
    await onBoth(tortureOf(schema), source, target)
    const torture = tableOf(await compare(source, target, schema), 'torture')
    expect(torture).toMatchObject({ verdict: 'equal', source: { rows: 7 }, keyColumns: ['id'], notes: [] })
    expect(torture.target).toEqual(torture.source)
  })

  const plantedChanges = [
    ['the last bit of a double', 'd = d * 1.0000000000000002 WHERE id = 6'],
    ['a sign', 'f = -0.1 WHERE id = 3'],
    ['the last bit of a float', 'f = 0.10000001 WHERE id = 3'],
    ['the thirtieth digit of a decimal', 'dec_a = -1.000000000000000000000000000002 WHERE id = 1'],
    ['NULL instead of an empty text', 'v = NULL WHERE id = 2'],
    ['a dash instead of NULL', "v = '-' WHERE id = 3"],
    ['a member of a set', "s = 'y' WHERE id = 1"],
    ['a microsecond', "dt6 = '1000-01-01 00:00:00.000002' WHERE id = 1"],
    ['one byte at the end of a long value', "bl = CONCAT(REPEAT(X'FE', 299999), X'FD') WHERE id = 5"],
    ['a capital in a text whose collation ignores it', "v = 'Naïve 😀' WHERE id = 1"],
    ['a zero date', "dt = '0000-00-01' WHERE id = 1"],
    ['the highest bit of 64', 'b64 = 9223372036854775807 WHERE id = 1'],
    ['a point of a polygon', "g = ST_GeomFromText('POINT(1 3)') WHERE id = 1"],
  ] as const

  test.each(plantedChanges)('differ by %s, and its row is named', async (_name, change) => {
    const [source, target] = [serverOf('mariadb-10.11'), serverOf('mysql-9.7')]
    const id = /id = (\d)/.exec(change.slice(change.indexOf('WHERE')))?.[1] ?? ''
    await onBoth([lenient, 'DROP DATABASE IF EXISTS planted', ...tortureOf('planted')], source, target)
    await onBoth([lenient, `UPDATE planted.torture SET ${change}`], target)
    expect(tableOf(await compare(source, target, 'planted'), 'torture')).toMatchObject({
      ...{ verdict: 'different', missing: 0, extra: 0, changed: 1 },
      firstDiffering: [{ difference: 'changed', key: [id] }],
    })
  })
})

test('MySQL servers tell -0 from 0', async () => {
  const [source, target] = [serverOf('mysql-5.6'), serverOf('mysql-9.7')]
  const table = ['CREATE DATABASE zeros', 'CREATE TABLE zeros.t (id INT PRIMARY KEY, f FLOAT, d DOUBLE)']
  await onBoth([...table, 'INSERT INTO zeros.t VALUES (1, -0e0, -0e0), (2, 0, 0), (3, 5, 1e15)'], source, target)
  expect((await compare(source, target, 'zeros')).isEqual).toBe(true)
  await onBoth(['UPDATE zeros.t SET d = 0 WHERE id = 1', 'UPDATE zeros.t SET f = -0e0 WHERE id = 2'], target)
  expect(tableOf(await compare(source, target, 'zeros'), 't')).toMatchObject({ changed: 2 })
})

describe('rows', () => {
  const rows = Array.from({ length: 400 }, (_, n) => `(${n * 3}, 'row ${n}')`).join(', ')
  const tables = [
    'DROP DATABASE IF EXISTS many',
    'CREATE DATABASE many CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
    'CREATE TABLE many.numbers (n INT PRIMARY KEY, v VARCHAR(30))',
    `INSERT INTO many.numbers VALUES ${rows}`,
    'CREATE TABLE many.words (w VARCHAR(30), n INT NOT NULL, PRIMARY KEY (w, n))',
    `INSERT INTO many.words SELECT v, n FROM many.numbers`,
    'CREATE TABLE many.keyless (w VARCHAR(30), n INT)',
    `INSERT INTO many.keyless SELECT v, n FROM many.numbers`,
    `INSERT INTO many.keyless SELECT v, n FROM many.numbers WHERE n < 30`,
    'CREATE TABLE many.nothing (id INT PRIMARY KEY)',
  ]
  const small = { partBytes: 4_000 }

  test('that are missing, extra and changed are counted and named in the order of the key, in tables of many parts', async () => {
    const [source, target] = [serverOf('mysql-9.7'), twin]
    await onBoth(tables, source, target)
    const changes = [
      'DELETE FROM many.numbers WHERE n IN (0, 600, 1197)',
      "INSERT INTO many.numbers VALUES (-5, 'a'), (1, 'b'), (5000, 'c')",
      "UPDATE many.numbers SET v = 'other' WHERE n = 900",
      "DELETE FROM many.words WHERE w = 'row 7'",
    ]
    await onBoth(changes, target)
    const comparison = await compare(source, target, 'many', small)
    expect(tableOf(comparison, 'numbers')).toMatchObject({
      ...{ verdict: 'different', missing: 3, extra: 3, changed: 1, keyColumns: ['n'] },
      ...{ source: { rows: 400 }, target: { rows: 400 } },
    })
    const told = tableOf(comparison, 'numbers').firstDiffering.map(({ difference, key }) => `${difference} ${key[0]}`)
    expect(told.toSorted()).toEqual(
      ['missing 0', 'extra -5', 'extra 1', 'missing 600', 'changed 900', 'missing 1197', 'extra 5000'].toSorted(),
    )
    expect(tableOf(comparison, 'words').firstDiffering).toEqual([{ difference: 'missing', key: ['row 7', '21'] }])
    expect(tableOf(comparison, 'nothing')).toMatchObject({ verdict: 'equal', source: { rows: 0, sum: 0n } })
    expect(comparison.isEqual).toBe(false)
  })

  test('that are alike to the last bit are counted in a table without a key', async () => {
    const [source, target] = [serverOf('mysql-9.7'), serverOf('mariadb-10.11')]
    await onBoth(tables, source, target)
    expect((await compare(source, target, 'many', small)).isEqual).toBe(true)
    await onBoth(
      ['DELETE FROM many.keyless WHERE n = 9 LIMIT 1', 'INSERT INTO many.keyless VALUES (NULL, NULL)'],
      target,
    )
    const keyless = tableOf(await compare(source, target, 'many'), 'keyless')
    expect(keyless).toMatchObject({ verdict: 'different', missing: 1, extra: 1, changed: 0, keyColumns: [] })
    expect(keyless.notes).toEqual(['the table has no key by which its rows could be told apart'])
  })

  test('of a text key that the target sorts otherwise are found all the same', async () => {
    const [source, target] = [serverOf('mysql-9.7'), serverOf('mariadb-10.11')]
    const schema = (collation: string) => [
      'DROP DATABASE IF EXISTS sorted',
      `CREATE DATABASE sorted CHARACTER SET utf8mb4 COLLATE ${collation}`,
      'CREATE TABLE sorted.words (w VARCHAR(60) PRIMARY KEY, n INT)',
      `INSERT INTO sorted.words VALUES ('Zebra', 1), ('ähnlich', 2), ('apfel', 3), ('Öl', 4), ('ß', 5), ('_', 6), ('', 7)`,
    ]
    await onBoth(schema('utf8mb4_0900_ai_ci'), source)
    await onBoth(schema('utf8mb4_bin'), target)
    expect((await compare(source, target, 'sorted')).isEqual).toBe(true)
    await onBoth(["UPDATE sorted.words SET n = 9 WHERE w = 'Öl'", "DELETE FROM sorted.words WHERE w = '_'"], target)
    const words = tableOf(await compare(source, target, 'sorted'), 'words')
    expect(words).toMatchObject({ verdict: 'different', missing: 1, changed: 1 })
    expect(words.firstDiffering).toContainEqual({ difference: 'changed', key: ['Öl'] })
  })
})

describe('tables', () => {
  test('that only one server has are told, and those of other schemas are not looked at', async () => {
    const [source, target] = [serverOf('mysql-5.6'), serverOf('mariadb-10.11')]
    await onBoth(['CREATE DATABASE here', 'CREATE TABLE here.both_have (id INT PRIMARY KEY)'], source, target)
    await onBoth(['CREATE TABLE here.ours (id INT PRIMARY KEY)'], source)
    await onBoth(['CREATE TABLE here.theirs (id INT PRIMARY KEY)', 'CREATE VIEW here.v AS SELECT 1'], target)
    const { tables } = await compare(source, target, 'here')
    expect(tables.map(({ table, verdict }) => `${table.name}: ${verdict}`)).toEqual([
      'both_have: equal',
      'ours: only-source',
      'theirs: only-target',
    ])
  })

  test('of which the target lacks a column are different, and the column is named', async () => {
    const [source, target] = [serverOf('mysql-5.6'), serverOf('mariadb-10.11')]
    await onBoth(['CREATE DATABASE narrow'], source, target)
    await onBoth(['CREATE TABLE narrow.t (id INT PRIMARY KEY, a INT, b INT)'], source)
    await onBoth(['CREATE TABLE narrow.t (id INT PRIMARY KEY, A INT, more INT)'], target)
    expect(tableOf(await compare(source, target, 'narrow'), 't')).toMatchObject({
      verdict: 'different',
      notes: ['the target lacks column `b`', 'only the target has column `more`; nothing was compared with it'],
    })
  })

  test('with generated columns, names that need quotes and texts in another character set compare equal', async () => {
    const [source, target] = [serverOf('mysql-9.7'), serverOf('mariadb-10.11')]
    const statements = (charset: string) => [
      'DROP DATABASE IF EXISTS `odd-name`',
      'CREATE DATABASE `odd-name`',
      `CREATE TABLE \`odd-name\`.\`order by \`\`x\` (\`a b\` INT PRIMARY KEY, twice INT AS (\`a b\` * 2) VIRTUAL,
         thrice INT AS (\`a b\` * 3) STORED, name VARCHAR(20) CHARACTER SET ${charset})`,
      "INSERT INTO `odd-name`.`order by ``x` (`a b`, name) VALUES (1, 'grün'), (2, NULL), (3, '')",
    ]
    await onBoth(statements('latin1'), source)
    await onBoth(statements('utf16'), target)
    const comparison = await compare(source, target, 'odd-name')
    expect(comparison.tables).toMatchObject([{ verdict: 'equal', source: { rows: 3 } }])
  })
})

describe('JSON', () => {
  const documents = [
    `'{"b": 1, "a": [1.0, 2.50, 1e3, -0.0, 18446744073709551615, -9223372036854775808], "é": "\\\\u00fc\\\\n😀", "n": null}'`,
    `'[]'`,
    `'"text"'`,
    `'{"x": {"y": {"z": [true, false]}}}'`,
    'NULL',
  ]
  const statements = [
    'DROP DATABASE IF EXISTS docs',
    'CREATE DATABASE docs',
    'CREATE TABLE docs.keyed (id INT AUTO_INCREMENT PRIMARY KEY, doc JSON)',
    'CREATE TABLE docs.keyless (doc JSON)',
    ...documents.flatMap((doc) => [
      `INSERT INTO docs.keyed (doc) VALUES (${doc})`,
      `INSERT INTO docs.keyless (doc) VALUES (${doc})`,
    ]),
  ]

  test('is equal where its meaning is, however each server keeps and prints it', async () => {
    const [source, target] = [serverOf('mysql-9.7'), serverOf('mariadb-10.11')]
    await onBoth(statements, source, target)
    expect((await compare(source, target, 'docs')).tables).toMatchObject([{ verdict: 'equal' }, { verdict: 'equal' }])
    expect((await compare(target, source, 'docs')).isEqual).toBe(true)
    await onBoth([`UPDATE docs.keyed SET doc = '["text"]' WHERE id = 3`, `DELETE FROM docs.keyless LIMIT 1`], target)
    const changed = await compare(source, target, 'docs')
    expect(tableOf(changed, 'keyed')).toMatchObject({ changed: 1, firstDiffering: [{ key: ['3'] }] })
    expect(tableOf(changed, 'keyless')).toMatchObject({ missing: 1, extra: 0 })
  })

  test('of two servers of one version is compared by the servers', async () => {
    const [source, target] = [serverOf('mysql-9.7'), twin]
    await onBoth(statements, source, target)
    expect((await compare(source, target, 'docs')).isEqual).toBe(true)
    await onBoth([`UPDATE docs.keyed SET doc = JSON_SET(doc, '$.b', 2) WHERE id = 1`], target)
    expect(tableOf(await compare(source, target, 'docs'), 'keyed')).toMatchObject({ changed: 1 })
  })
})

describe('while writes go on', () => {
  /** A target that gets its changes late: only when it is waited for. */
  async function livePair(setUp: readonly string[]) {
    const [source, target] = [serverOf('mysql-9.7'), twin]
    await onBoth(['DROP DATABASE IF EXISTS live', 'CREATE DATABASE live', ...setUp], source, target)
    return { source, target }
  }
  const table = 'CREATE TABLE live.t (id INT PRIMARY KEY, v INT)'

  test('rows that only come late are equal, and one that never comes is found', async () => {
    const { source, target } = await livePair([table, 'INSERT INTO live.t VALUES (1, 1), (2, 2), (3, 3)'])
    await onBoth(['INSERT INTO live.t VALUES (4, 4)', 'UPDATE live.t SET v = 20 WHERE id = 2'], source)
    const caughtUp = async () => {
      await onBoth(['INSERT IGNORE INTO live.t VALUES (4, 4)'], target)
    }
    const found = tableOf(await compare(source, target, 'live', { live: { caughtUp } }), 't')
    expect(found).toMatchObject({ verdict: 'different', changed: 1, missing: 0, unsettled: 0 })
    expect(found.firstDiffering).toEqual([{ difference: 'changed', key: ['2'] }])
  })

  test('a row that the source writes all the time is equal when the target has one of its states', async () => {
    const { source, target } = await livePair([table, 'INSERT INTO live.t VALUES (1, 0)'])
    let count = 0
    const caughtUp = async () => {
      count += 1
      await onBoth([`UPDATE live.t SET v = ${count} WHERE id = 1`], source, target)
    }
    await onBoth(['UPDATE live.t SET v = -1 WHERE id = 1'], target)
    const found = tableOf(await compare(source, target, 'live', { live: { caughtUp } }), 't')
    expect(found).toMatchObject({ verdict: 'equal', source: { rows: 1 }, target: { rows: 1 } })
  })

  test('a row that is written faster than anybody can wait for the target is caught in one of its states', async () => {
    const { source, target } = await livePair([table, 'INSERT INTO live.t VALUES (1, 0), (2, 0)'])
    let isOver = false
    let count = 0
    const [here, there] = [await source.connect(), await target.connect()]
    const writing = (async () => {
      for (; !isOver; count += 1) {
        await here.query(`UPDATE live.t SET v = ${count} WHERE id = 1`)
        await here.query(`UPDATE live.t SET v = ${count} WHERE id = 2`)
        await there.query(`UPDATE live.t SET v = ${count} WHERE id = 1`)
      }
    })()
    const caughtUp = async () => {
      const now = count
      await eventually(() => count > now + 3, 20_000)
    }
    const found = tableOf(await compare(source, target, 'live', { live: { caughtUp } }), 't')
    isOver = true
    await writing
    for (const connection of [here, there]) await connection.end()
    // The second row never gets anything at the target.
    expect(found).toMatchObject({ verdict: 'unsettled', unsettled: 1, changed: 0 })
  })

  test('nothing certain is said of a row that is never seen to agree and never rests', async () => {
    const { source, target } = await livePair([table, 'INSERT INTO live.t VALUES (1, 0)'])
    let count = 0
    const caughtUp = async () => {
      count += 1
      await onBoth([`UPDATE live.t SET v = ${count} WHERE id = 1`], source)
    }
    await onBoth(['UPDATE live.t SET v = -1 WHERE id = 1'], target)
    const found = tableOf(await compare(source, target, 'live', { live: { caughtUp } }), 't')
    expect(found).toMatchObject({ verdict: 'unsettled', unsettled: 1, changed: 0 })
  })
})
