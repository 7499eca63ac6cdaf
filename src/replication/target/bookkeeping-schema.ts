/**
 * The tables in the target that say where each job stands: schema `millrace`, keyed by job.
 *
 * Easy to get wrong: keys must fit the 767 bytes a column that InnoDB of MySQL 5.6 indexes.
 */

import { isVendorAtLeast } from '../../mysql/server-version.ts'
import type { Session } from '../../mysql/session.ts'
import { BookkeepingVersionError } from './errors.ts'

export const bookkeepingSchema = 'millrace'

/** Raised when a table's meaning changes; an older program refuses newer tables. */
export const bookkeepingVersion = 1

const tables = [
  `CREATE TABLE IF NOT EXISTS millrace.format (
    id TINYINT NOT NULL PRIMARY KEY,
    version INT NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS millrace.checkpoint (
    job_id VARCHAR(128) NOT NULL PRIMARY KEY,
    owner_term BIGINT NOT NULL,
    claim BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    next_frame BIGINT NOT NULL,
    next_item BIGINT NOT NULL,
    stage VARCHAR(16) NOT NULL,
    position LONGTEXT NULL,
    committed_micros BIGINT NULL,
    source_server LONGTEXT NULL,
    format_event LONGBLOB NULL,
    ddl_intent LONGTEXT NULL,
    updated_at DATETIME(6) NOT NULL
  )`,
  `CREATE TABLE IF NOT EXISTS millrace.copy_table (
    job_id VARCHAR(128) NOT NULL,
    schema_name VARCHAR(64) NOT NULL,
    table_name VARCHAR(64) NOT NULL,
    table_id INT NULL,
    is_prepared TINYINT NOT NULL,
    doubt VARCHAR(16) NOT NULL DEFAULT '',
    description LONGTEXT NULL,
    PRIMARY KEY (job_id, schema_name, table_name)
  )`,
  `CREATE TABLE IF NOT EXISTS millrace.copied_chunk (
    job_id VARCHAR(128) NOT NULL,
    chunk_id VARCHAR(40) NOT NULL,
    table_id INT NOT NULL,
    after_key LONGTEXT NULL,
    up_to_key LONGTEXT NULL,
    epoch BIGINT NOT NULL,
    pieces_done INT NOT NULL,
    rows_done BIGINT NOT NULL,
    bytes_done BIGINT NOT NULL,
    is_done TINYINT NOT NULL,
    claim BIGINT NOT NULL,
    PRIMARY KEY (job_id, chunk_id)
  )`,
]

/**
 * Makes the schema and its tables if they are missing.
 *
 * @throws BookkeepingVersionError if a newer version made them; what `Session.execute` throws
 */
export async function ensureBookkeeping(session: Session): Promise<void> {
  // "utf8" warns on new servers, "utf8mb3" is unknown to no supported one but MariaDB before 10.6 shows it as utf8.
  const characterSet = isVendorAtLeast(session.version, 'mysql', [8]) ? 'utf8mb3' : 'utf8'
  const options = `ENGINE=InnoDB DEFAULT CHARACTER SET ${characterSet} COLLATE ${characterSet}_bin`
  if (!(await isThere(session))) {
    await session.execute(`CREATE DATABASE IF NOT EXISTS ${bookkeepingSchema} DEFAULT CHARACTER SET ${characterSet}`)
    for (const table of tables) await session.execute(`${table} ${options}`)
    await session.execute(`INSERT IGNORE INTO millrace.format (id, version) VALUES (1, ${bookkeepingVersion})`)
  }
  const [row] = await session.query('SELECT version FROM millrace.format WHERE id = 1')
  const version = Number(row?.['version'] ?? bookkeepingVersion)
  if (version > bookkeepingVersion)
    throw new BookkeepingVersionError(
      `the schema millrace on ${session.where} has format ${version}, this version knows ${bookkeepingVersion}; update Millrace on every node`,
    )
}

/** `format` is filled last, so its row says that all tables are there. */
async function isThere(session: Session): Promise<boolean> {
  const rows = await session.query(
    "SELECT 1 AS found FROM information_schema.tables WHERE table_schema = 'millrace' AND table_name = 'format'",
  )
  if (rows.length === 0) return false
  return (await session.query('SELECT version FROM millrace.format WHERE id = 1')).length > 0
}
