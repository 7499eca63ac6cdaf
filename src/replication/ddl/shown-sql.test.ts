import { expect, test } from 'vitest'
import { shownSql } from './shown-sql.ts'

test.each([
  ['ALTER TABLE t\n  ADD   COLUMN c INT NOT NULL DEFAULT 7', 'ALTER TABLE t ADD COLUMN c INT NOT NULL DEFAULT 7'],
  [
    'ALTER TABLE t ADD c VARCHAR(9) DEFAULT \'it\'\'s \\\' secret\' COMMENT "and ""this"""',
    "ALTER TABLE t ADD c VARCHAR(9) DEFAULT '...' COMMENT '...'",
  ],
  [
    "CREATE TABLE `it's` (a INT) /* made by 'me' */ COMMENT 'x' -- it's over",
    "CREATE TABLE `it's` (a INT) COMMENT '...'",
  ],
  [
    "CREATE TABLE t (a BLOB DEFAULT x'DEADBEEF', b INT DEFAULT 0xFFEE)",
    "CREATE TABLE t (a BLOB DEFAULT x'...', b INT DEFAULT 0x...)",
  ],
  ['CREATE /*!50001 DEFINER=`a`@`b` */ VIEW v AS SELECT 1', 'CREATE /*!50001 DEFINER=`a`@`b` */ VIEW v AS SELECT 1'],
  ["CREATE VIEW v AS SELECT 'never closed", "CREATE VIEW v AS SELECT '...'"],
])('%s is shown without its texts', (sql, shown) => {
  expect(shownSql(sql)).toBe(shown)
})

test('a long statement is cut, and a very long one costs no time', () => {
  expect(shownSql(`CREATE TABLE t (${'a INT, '.repeat(1_000_000)})`)).toHaveLength(303)
})

test('a text that begins before the cut shows nothing of itself', () => {
  expect(shownSql(`ALTER TABLE t COMMENT '${'secret'.repeat(2_000)}'`)).toBe("ALTER TABLE t COMMENT '...'")
})
