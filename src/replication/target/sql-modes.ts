/**
 * The bits of sql_mode in a statement event, and which names a target knows.
 *
 * Source: sql/system_variables.h (MySQL), sql/sql_class.h (MariaDB 10.11). The vendors differ from bit 32 on.
 */
import type { ServerVersion } from '../../mysql/server-version.ts'

const commonModes = [
  'REAL_AS_FLOAT',
  'PIPES_AS_CONCAT',
  'ANSI_QUOTES',
  'IGNORE_SPACE',
  '',
  'ONLY_FULL_GROUP_BY',
  'NO_UNSIGNED_SUBTRACTION',
  'NO_DIR_IN_CREATE',
  'POSTGRESQL',
  'ORACLE',
  'MSSQL',
  'DB2',
  'MAXDB',
  'NO_KEY_OPTIONS',
  'NO_TABLE_OPTIONS',
  'NO_FIELD_OPTIONS',
  'MYSQL323',
  'MYSQL40',
  'ANSI',
  'NO_AUTO_VALUE_ON_ZERO',
  'NO_BACKSLASH_ESCAPES',
  'STRICT_TRANS_TABLES',
  'STRICT_ALL_TABLES',
  'NO_ZERO_IN_DATE',
  'NO_ZERO_DATE',
  'ALLOW_INVALID_DATES',
  'ERROR_FOR_DIVISION_BY_ZERO',
  'TRADITIONAL',
  'NO_AUTO_CREATE_USER',
  'HIGH_NOT_PRECEDENCE',
  'NO_ENGINE_SUBSTITUTION',
  'PAD_CHAR_TO_FULL_LENGTH',
] as const

const mysqlModes = ['TIME_TRUNCATE_FRACTIONAL'] as const
const mariadbModes = ['EMPTY_STRING_IS_NULL', 'SIMULTANEOUS_ASSIGNMENT', 'TIME_ROUND_FRACTIONAL'] as const
const firstVendorBit = 32

/** Combinations: their parts have bits of their own, so the names can go. ORACLE changes MariaDB's parser and stays. */
const combinations = new Set(['POSTGRESQL', 'MSSQL', 'DB2', 'MAXDB', 'ANSI', 'TRADITIONAL', 'MYSQL323', 'MYSQL40'])
/** Gone since MySQL 8.0. */
const oldModes = new Set(['NO_AUTO_CREATE_USER', 'NO_KEY_OPTIONS', 'NO_TABLE_OPTIONS', 'NO_FIELD_OPTIONS', 'ORACLE'])

/** Names for the bits, as SET sql_mode takes them, without those that `target` does not know. */
export function sqlModeNames(bits: bigint, sourceVendor: 'mysql' | 'mariadb', target: ServerVersion): string {
  const vendorModes = sourceVendor === 'mysql' ? mysqlModes : mariadbModes
  const names = [...commonModes, ...vendorModes].filter((_name, index) => {
    const bit = index < firstVendorBit ? index : firstVendorBit + (index - commonModes.length)
    return ((bits >> BigInt(bit)) & 1n) === 1n
  })
  return knownSqlModes(names.join(','), target)
}

/** The list without what `target` does not know. */
export function knownSqlModes(names: string, target: ServerVersion): string {
  const isNewMysql = target.vendor === 'mysql' && target.major >= 8
  const foreign: readonly string[] = target.vendor === 'mysql' ? mariadbModes : mysqlModes
  return names
    .split(',')
    .map((name) => name.trim().toUpperCase())
    .filter((name) => name !== '' && !combinations.has(name) && !foreign.includes(name))
    .filter((name) => !(isNewMysql && oldModes.has(name)))
    .filter((name) => !(target.vendor === 'mysql' && target.major < 8 && name === 'TIME_TRUNCATE_FRACTIONAL'))
    .join(',')
}
