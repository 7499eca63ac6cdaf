import { expect, test } from 'vitest'
import { parseStatement } from '../ddl/parse-statement.ts'
import type { SqlDialect } from '../ddl/sql-tokens.ts'
import { createFilter } from '../filter.ts'
import { decideDdl } from './ddl-decision.ts'

const dialect: SqlDialect = { vendor: 'mysql', versionNumber: 90_700, hasAnsiQuotes: false, hasBackslashEscapes: true }
const filter = createFilter({
  include: [
    { schema: 'shop', tables: [] },
    { schema: 'part', tables: ['a', 'b'] },
    { schema: 'wild', tables: ['x*'] },
  ],
  exclude: [],
  lowerCaseTableNames: 0,
})

function decide(sql: string, defaultSchema = 'shop'): unknown {
  const at = { defaultSchema, place: 'binlog.000001:99' }
  const decision = decideDdl(parseStatement(sql, defaultSchema, dialect), filter, at)
  if (decision.kind === 'rewrite') return decision.sql
  return decision.kind === 'reword' ? `${decision.from}-> ${decision.to}` : decision.kind
}

test.each([
  ['CREATE TABLE t (a INT)', 'pass'],
  ['CREATE TEMPORARY TABLE t (a INT)', 'skip'],
  ['CREATE TABLE part.c (a INT)', 'skip'],
  ['CREATE TABLE part.a LIKE shop.t', 'pass'],
  ['CREATE TABLE millrace.x (a INT)', 'skip'],
  ['ALTER TABLE mysql.user ADD x INT', 'skip'],
  ['DROP TABLE t, u', 'pass'],
  ['DROP TABLE part.a, part.c, `part`.`b`', 'DROP TABLE `part`.`a`, `part`.`b`'],
  ['DROP TABLE IF EXISTS other.x, t', 'DROP TABLE IF EXISTS `shop`.`t`'],
  ['DROP TEMPORARY TABLE IF EXISTS t', 'skip'],
  ['DROP VIEW v', 'DROP VIEW IF EXISTS `shop`.`v`'],
  ['RENAME TABLE a TO b', 'pass'],
  ['RENAME TABLE a TO b, other.x TO other.y', 'RENAME TABLE `shop`.`a` TO `shop`.`b`'],
  ['RENAME TABLE orders TO _orders_del, _orders_gho TO orders', 'pass'],
  ['TRUNCATE part.c', 'skip'],
  ['CREATE ALGORITHM=MERGE VIEW v AS SELECT 1', 'CREATE -> CREATE OR REPLACE '],
  ['ALTER VIEW v AS SELECT 1', 'ALTER -> CREATE OR REPLACE '],
  ['CREATE DATABASE part', 'pass'],
  ['CREATE DATABASE other', 'skip'],
  ['DROP DATABASE shop', 'pass'],
  ['DROP DATABASE part', 'DROP TABLE IF EXISTS `part`.`a`, `part`.`b`'],
  ['DROP DATABASE other', 'skip'],
  ['CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET @a = 1', 'skip'],
  ['GRANT ALL ON *.* TO x', 'skip'],
  ['INSERT INTO part.c VALUES (1)', 'skip'],
])('%s: %s', (sql, expected) => {
  expect(decide(sql)).toBe(expected)
})

test.each([
  ['CREATE TABLE t LIKE other.x', 'REPL_STATEMENT_SCOPE'],
  ['RENAME TABLE t TO other.t', 'REPL_STATEMENT_SCOPE'],
  ['RENAME TABLE other.t TO t', 'REPL_STATEMENT_SCOPE'],
  ['ALTER TABLE t RENAME other.t', 'REPL_STATEMENT_SCOPE'],
  ['ALTER TABLE other.t EXCHANGE PARTITION p WITH TABLE t', 'REPL_STATEMENT_SCOPE'],
  ['DROP DATABASE wild', 'REPL_STATEMENT_SCOPE'],
  ['INSERT INTO t VALUES (1)', 'REPL_STATEMENT_FORMAT'],
  ['CALL p()', 'REPL_STATEMENT_FORMAT'],
  ['FROBNICATE', 'REPL_STATEMENT_UNKNOWN'],
])('%s stops with %s', (sql, code) => {
  expect(() => decide(sql)).toThrow(expect.objectContaining({ code }))
})

test('what runs in a schema out of scope stops nothing', () => {
  expect(decide('FROBNICATE', 'other')).toBe('skip')
  expect(decide('CALL p()', 'other')).toBe('skip')
})
