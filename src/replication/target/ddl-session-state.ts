/**
 * The session state that a statement of the source ran in, as SET statements for the target.
 *
 * Easy to get wrong: what an old source does not tell had the old default there, not the new target's: implicit
 * TIMESTAMP defaults, and utf8mb4_general_ci for utf8mb4.
 */
import type { QueryEvent } from '../../binlog/query-event.ts'
import { isVendorAtLeast, parseServerVersion, type ServerVersion } from '../../mysql/server-version.ts'
import type { SourceServer } from '../pipe/frame.ts'
import type { CollationNames } from './collation-names.ts'
import { sqlModeNames } from './sql-modes.ts'
import { quoteText } from './sql-text.ts'

const flag = { autoIsNull: 1 << 14, noForeignKeyChecks: 1 << 26, relaxedUniqueChecks: 1 << 27 }
const latin1Swedish = 8

/** What every server takes from every user. */
export function basicState(
  query: QueryEvent,
  source: SourceServer,
  target: ServerVersion,
  collations: CollationNames,
): string {
  const { session } = query
  const flags = session.flags2 ?? 0
  const client = collations.get(session.characterSetClient ?? latin1Swedish)
  const fraction = session.microseconds === null ? '' : `.${String(session.microseconds).padStart(6, '0')}`
  const settings = [
    `sql_mode = '${sqlModeNames(session.sqlMode ?? 0n, source.vendor, target)}'`,
    `foreign_key_checks = ${(flags & flag.noForeignKeyChecks) === 0 ? 1 : 0}`,
    `unique_checks = ${(flags & flag.relaxedUniqueChecks) === 0 ? 1 : 0}`,
    `sql_auto_is_null = ${(flags & flag.autoIsNull) === 0 ? 0 : 1}`,
    `auto_increment_increment = ${session.autoIncrementIncrement}`,
    `auto_increment_offset = ${session.autoIncrementOffset}`,
    `timestamp = ${query.timestampSeconds}${fraction}`,
    `time_zone = ${session.timeZone === null ? "'+00:00'" : quoteText(session.timeZone)}`,
    `lc_time_names = ${session.lcTimeNames}`,
    `character_set_client = ${client.characterSet}`,
    `collation_connection = ${collations.get(session.collationConnection ?? latin1Swedish).name}`,
    `collation_server = ${collations.get(session.collationServer ?? latin1Swedish).name}`,
  ]
  return `SET SESSION ${settings.join(', ')}`
}

/** What needs a privilege or a version: each alone, and refused without harm where the value is the server's own. */
export function specialState(
  query: QueryEvent,
  source: SourceServer,
  target: ServerVersion,
  collations: CollationNames,
): string[] {
  const { session } = query
  const settings: string[] = []
  if (hasTimestampSetting(target)) {
    const isExplicit = session.explicitDefaultsForTimestamp ?? hasExplicitTimestamps(source)
    settings.push(`explicit_defaults_for_timestamp = ${isExplicit ? 1 : 0}`)
  }
  if (isVendorAtLeast(target, 'mysql', [8, 0, 11])) {
    const id = session.defaultCollationForUtf8mb4
    settings.push(`default_collation_for_utf8mb4 = ${id === null ? 'utf8mb4_general_ci' : collations.get(id).name}`)
    if (session.sqlRequirePrimaryKey !== null)
      settings.push(`sql_require_primary_key = ${session.sqlRequirePrimaryKey ? 1 : 0}`)
    if (session.defaultTableEncryption !== null)
      settings.push(`default_table_encryption = ${session.defaultTableEncryption ? 1 : 0}`)
  }
  return settings.map((setting) => `SET SESSION ${setting}`)
}

/** The variable can be set for a session. */
function hasTimestampSetting(target: ServerVersion): boolean {
  return isVendorAtLeast(target, 'mysql', [8]) || isVendorAtLeast(target, 'mariadb', [10, 8, 4])
}

/** The default of a source that does not write the setting into its log. */
function hasExplicitTimestamps(source: SourceServer): boolean {
  const version = parseServerVersion(source.version)
  return source.vendor === 'mysql'
    ? isVendorAtLeast({ ...version, vendor: 'mysql' }, 'mysql', [8])
    : isVendorAtLeast({ ...version, vendor: 'mariadb' }, 'mariadb', [10, 10])
}
