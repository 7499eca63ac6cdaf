import { expect, test } from 'vitest'
import { parseServerVersion } from '../../mysql/server-version.ts'
import { AppliedPosition } from './applied-position.ts'
import { addCell, RowCells } from './chunk-statement.ts'
import { coversEverything } from './copy-store.ts'
import { isDrop, namesIn } from './ddl-outcome.ts'
import { uuidOf } from './ddl-runner.ts'
import { knownSqlModes, sqlModeNames } from './sql-modes.ts'
import { quoteName, quoteText, SqlText } from './sql-text.ts'
import { asProbe } from './table-difference.ts'
import { readPrivileges } from './target-facts.ts'

test('names and texts are quoted so that they stay what they are', () => {
  expect(quoteName('o`d')).toBe('`o``d`')
  expect(quoteText("it's \\ here")).toBe("'it\\'s \\\\ here'")
  expect(new SqlText(1).addQuoted(Buffer.from([0, 0x27, 0x5c, 0xff])).toBuffer()).toEqual(
    Buffer.from([0x27, 0, 0x5c, 0x27, 0x5c, 0x5c, 0xff, 0x27]),
  )
  expect(new SqlText(1).addHex(Buffer.alloc(0)).toBuffer().toString()).toBe("''")
})

test.each([0, 7, -1, 10, -999, 1_000_000, 2_147_483_647, -2_147_483_648, 4_294_967_295])(
  '%d is written as it is',
  (value) => {
    expect(new SqlText(1).add('k=').addInteger(value).toBuffer().toString()).toBe(`k=${value}`)
  },
)

test.each([0, 1, 300])('a text of %d bytes more is quoted out of the bytes around it', (more) => {
  const bytes = Buffer.from(`'it's${'x'.repeat(more)}'`)
  const quoted = new SqlText(1).addQuoted(bytes, 1, bytes.length - 1)
  expect(quoted.view().toString()).toBe(`'it\\'s${'x'.repeat(more)}'`)
  quoted.clear()
  expect(quoted.add('next').view().toString()).toBe('next')
})

test('cells of every length are found, and NULL is not the empty text', () => {
  const long = Buffer.alloc(70_000, 0x61)
  const length = Buffer.from([0xfd, 70_000 & 0xff, (70_000 >> 8) & 0xff, 70_000 >> 16])
  const middle = Buffer.alloc(300, 0x62)
  const cells = new RowCells(
    Buffer.concat([Buffer.of(0), Buffer.of(0xfb), Buffer.from([0xfc, 44, 1]), middle, length, long]),
    4,
  )
  cells.read()
  expect(cells.cell(0)).toHaveLength(0)
  expect(cells.cell(1)).toBeNull()
  expect(cells.cell(2)?.equals(middle)).toBe(true)
  expect(cells.cell(3)?.equals(long)).toBe(true)
})

test.each([
  ['number', '12', '12'],
  ['text', '2020-01-01', "_latin1 '2020-01-01'"],
  ['json', '{"a":"\\""}', `_utf8mb4 '{"a":"\\\\""}'`],
  ['bytes', "'", "'\\''"],
] as const)('a cell of kind %s is written as the server must read it', (kind, cell, expected) => {
  const sql = new SqlText()
  addCell(sql, Buffer.from(cell), kind)
  expect(sql.toBuffer().toString()).toBe(expected)
})

test.each([
  ['no chunk', [], false],
  ['one for everything', [{ after: null, upTo: null }], true],
  [
    'a chain in any order',
    [
      { after: ['b'], upTo: null },
      { after: null, upTo: ['a'] },
      { after: ['a'], upTo: ['b'] },
    ],
    true,
  ],
  [
    'a hole',
    [
      { after: null, upTo: ['a'] },
      { after: ['b'], upTo: null },
    ],
    false,
  ],
  ['no end', [{ after: null, upTo: ['a'] }], false],
])('a table is copied when its chunks lead from start to end: %s', (_name, chunks, expected) => {
  expect(coversEverything(chunks)).toBe(expected)
})

test('the position grows by each transaction', () => {
  const uuid = '3e11fa47-71ca-11e1-9e33-c80aa9429562'
  const applied = new AppliedPosition()
  applied.moveTo({ kind: 'mysql-gtid', executed: `${uuid}:1-5`, file: 'b.1', offset: 4 })
  applied.advance(`${uuid}:6`, { file: 'b.1', offset: 10 })
  applied.advance(null, { file: 'b.1', offset: 12 })
  expect(applied.position()).toEqual({ kind: 'mysql-gtid', executed: `${uuid}:1-6`, file: 'b.1', offset: 12 })
  applied.moveTo({ kind: 'mariadb-gtid', gtid: '0-1-5', file: '', offset: 0 })
  applied.advance('1-7-1', { file: 'b.2', offset: 9 })
  expect(applied.position()).toEqual({ kind: 'mariadb-gtid', gtid: '0-1-5,1-7-1', file: 'b.2', offset: 9 })
})

test('sql_mode keeps what the target knows', () => {
  const strictAndOld = (1n << 21n) | (1n << 28n) | (1n << 2n)
  expect(sqlModeNames(strictAndOld, 'mysql', parseServerVersion('9.7.0'))).toBe('ANSI_QUOTES,STRICT_TRANS_TABLES')
  expect(sqlModeNames(strictAndOld, 'mysql', parseServerVersion('5.6.24'))).toBe(
    'ANSI_QUOTES,STRICT_TRANS_TABLES,NO_AUTO_CREATE_USER',
  )
  expect(sqlModeNames(1n << 32n, 'mariadb', parseServerVersion('10.11.6-MariaDB'))).toBe('EMPTY_STRING_IS_NULL')
  expect(knownSqlModes('TIME_TRUNCATE_FRACTIONAL,ANSI_QUOTES', parseServerVersion('10.11.6-MariaDB'))).toBe(
    'ANSI_QUOTES',
  )
})

test('every name in a statement is found', () => {
  expect(namesIn('RENAME TABLE `a b` TO größe, db.`c``d` TO "e f"')).toEqual(
    expect.arrayContaining(['a b', 'größe', 'db', 'c`d', 'e f']),
  )
})

test.each([
  ['DROP TABLE t', true],
  ['/* why */ drop table t', true],
  ['-- why\nDROP TABLE t', true],
  ['/*!40000 DROP TABLE t */', true],
  ['ALTER TABLE t DROP COLUMN c', false],
])('%s is a removal: %s', (sql, expected) => {
  expect(isDrop(sql)).toBe(expected)
})

test('the probe has another name and no foreign keys', () => {
  const sql =
    'CREATE TABLE `t``x` (\n  `a` int,\n  KEY `a` (`a`),\n  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p` (`id`)\n) ENGINE=InnoDB'
  expect(asProbe(sql)).toBe('CREATE TABLE millrace.`probe` (\n  `a` int,\n  KEY `a` (`a`)\n) ENGINE=InnoDB')
})

test('privileges are read from SHOW GRANTS, roles are noticed', () => {
  const { everywhere, somewhere, hasRoles } = readPrivileges([
    { g: 'GRANT SELECT, BINLOG REPLAY ON *.* TO `u`@`%`' },
    { g: 'GRANT INSERT ON `a b`.* TO `u`@`%`' },
    { g: 'GRANT `r`@`%` TO `u`@`%`' },
  ])
  expect([...everywhere]).toEqual(['SELECT', 'BINLOG REPLAY'])
  expect([...somewhere]).toEqual(['INSERT'])
  expect(hasRoles).toBe(true)
})

test('a job keeps its own UUID', () => {
  expect(uuidOf('job')).toBe(uuidOf('job'))
  expect(uuidOf('job')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/)
})
