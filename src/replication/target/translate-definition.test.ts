import { expect, test } from 'vitest'
import { nearestCollation, translateDefinition } from './translate-definition.ts'

const mysql97 = {
  version: { vendor: 'mysql', major: 9, minor: 7 },
  collations: new Set([
    'utf8mb4_0900_ai_ci',
    'utf8mb4_0900_bin',
    'utf8mb4_general_ci',
    'latin1_swedish_ci',
    'utf8mb4_unicode_520_ci',
  ]),
} as const
const mariadb = {
  version: { vendor: 'mariadb', major: 10, minor: 11 },
  collations: new Set([
    'utf8mb4_general_ci',
    'utf8mb4_uca1400_nopad_ai_ci',
    'utf8mb4_nopad_bin',
    'utf8mb4_unicode_520_ci',
  ]),
} as const

test.each([
  [
    'a collation that the target lacks becomes a near one',
    'CREATE TABLE `t` (`a` text COLLATE utf8mb4_uca1400_ai_ci) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_uca1400_ai_ci',
    'CREATE TABLE `t` (`a` text COLLATE utf8mb4_0900_ai_ci) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci',
  ],
  [
    'texts and names are left alone',
    "CREATE TABLE `COLLATE utf8mb4_x_ci` (`a` varchar(40) DEFAULT 'COLLATE utf8mb4_x_ci' COMMENT 'it''s \\'DEFAULT uuid()\\'')",
    "CREATE TABLE `COLLATE utf8mb4_x_ci` (`a` varchar(40) DEFAULT 'COLLATE utf8mb4_x_ci' COMMENT 'it''s \\'DEFAULT uuid()\\'')",
  ],
  [
    'options and engines of MariaDB alone go',
    'CREATE TABLE `t` (`a` int(11) DEFAULT NULL) ENGINE=Aria DEFAULT CHARSET=latin1 PAGE_CHECKSUM=1 TRANSACTIONAL=0',
    'CREATE TABLE `t` (`a` int(11) DEFAULT NULL) ENGINE=InnoDB DEFAULT CHARSET=latin1',
  ],
  [
    'default expressions get their parentheses, the current time does not',
    'CREATE TABLE `t` (`a` char(36) DEFAULT uuid(), `b` int DEFAULT (1 + 2), `c` datetime DEFAULT current_timestamp() ON UPDATE current_timestamp())',
    'CREATE TABLE `t` (`a` char(36) DEFAULT (uuid()), `b` int DEFAULT (1 + 2), `c` datetime DEFAULT current_timestamp() ON UPDATE current_timestamp())',
  ],
])('from MariaDB to MySQL 9.7: %s', (_name, sql, expected) => {
  expect(translateDefinition(sql, 'mariadb', mysql97).sql).toBe(expected)
})

test.each([
  [
    'the collations of MySQL 8 become those of MariaDB',
    'CREATE TABLE `t` (`a` text COLLATE utf8mb4_0900_bin) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci',
    'CREATE TABLE `t` (`a` text COLLATE utf8mb4_nopad_bin) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_uca1400_nopad_ai_ci',
  ],
  [
    'generated columns lose NOT NULL, columns their SRID, schemas their encryption',
    "CREATE TABLE `t` (`a` int GENERATED ALWAYS AS (1) STORED NOT NULL, `g` point NOT NULL /*!80003 SRID 4326 */) ENGINE=InnoDB ENCRYPTION='N'",
    'CREATE TABLE `t` (`a` int GENERATED ALWAYS AS (1) STORED, `g` point NOT NULL ) ENGINE=InnoDB',
  ],
])('from MySQL 9.7 to MariaDB: %s', (_name, sql, expected) => {
  expect(translateDefinition(sql, 'mysql', mariadb).sql).toBe(expected)
})

test('what is changed with a meaning is told', () => {
  const { notes } = translateDefinition(
    'CREATE TABLE `t` (`a` int) ENGINE=Aria COLLATE=utf8mb4_uca1400_ai_ci',
    'mariadb',
    mysql97,
  )
  expect(notes).toEqual([
    'collation utf8mb4_uca1400_ai_ci is not known to the target, utf8mb4_0900_ai_ci is used',
    'ENGINE=Aria is not known to the target, InnoDB is used',
  ])
})

test('a collation of a character set that the target lacks has no near one', () => {
  expect(nearestCollation('gb18030_chinese_ci', mariadb.collations)).toBeNull()
})
