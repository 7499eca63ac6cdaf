/**
 * The tables in the target that say where each job stands: schema `millrace`, keyed by job.
 *
 * Easy to get wrong: keys must fit the 767 bytes a column that InnoDB of MySQL 5.6 indexes.
 */

import { isVendorAtLeast } from '../../mysql/server-version.ts'
import type { Session } from '../../mysql/session.ts'
import { BookkeepingVersionError } from './errors.ts'

const bookkeepingSchema = 'millrace'

/**
 * Raised when a table's meaning changes; an older program refuses newer tables. Not when one is added that an older
 * program can do without.
 */
export const bookkeepingVersion = 1

const tables: readonly (readonly [name: string, columns: string])[] = [
  [
    'format',
    `(
    id TINYINT NOT NULL PRIMARY KEY,
    version INT NOT NULL
  )`,
  ],
  [
    'checkpoint',
    `(
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
  ],
  [
    'copy_table',
    `(
    job_id VARCHAR(128) NOT NULL,
    schema_name VARCHAR(64) NOT NULL,
    table_name VARCHAR(64) NOT NULL,
    table_id INT NULL,
    is_prepared TINYINT NOT NULL,
    doubt VARCHAR(16) NOT NULL DEFAULT '',
    description LONGTEXT NULL,
    PRIMARY KEY (job_id, schema_name, table_name)
  )`,
  ],
  [
    'copied_chunk',
    `(
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
  ],
  [
    'copy_row',
    `(
    job_id VARCHAR(128) NOT NULL,
    row_id VARCHAR(40) NOT NULL,
    table_id INT NOT NULL,
    row_key LONGTEXT NOT NULL,
    PRIMARY KEY (job_id, row_id)
  )`,
  ],
  [
    'deferred_key',
    `(
    job_id VARCHAR(128) NOT NULL,
    schema_name VARCHAR(64) NOT NULL,
    table_name VARCHAR(64) NOT NULL,
    key_name VARCHAR(64) NOT NULL,
    definition LONGTEXT NOT NULL,
    claim BIGINT NOT NULL,
    PRIMARY KEY (job_id, schema_name, table_name, key_name)
  )`,
  ],
]

/**
 * Makes the schema, and those of its tables that are missing: an earlier version knew fewer.
 *
 * @throws BookkeepingVersionError if a newer version made them; what `Session.execute` throws
 */
export async function ensureBookkeeping(session: Session): Promise<void> {
  const found = await findTables(session)
  const isFilled = found.has('format') && (await checkVersion(session))
  if (isFilled && tables.every(([name]) => found.has(name))) return
  // "utf8" warns on new servers, "utf8mb3" is unknown to no supported one but MariaDB before 10.6 shows it as utf8.
  const characterSet = isVendorAtLeast(session.version, 'mysql', [8]) ? 'utf8mb3' : 'utf8'
  const options = `ENGINE=InnoDB DEFAULT CHARACTER SET ${characterSet} COLLATE ${characterSet}_bin`
  if (found.size === 0)
    await session.execute(`CREATE DATABASE IF NOT EXISTS ${bookkeepingSchema} DEFAULT CHARACTER SET ${characterSet}`)
  for (const [name, columns] of tables)
    if (!found.has(name))
      await session.execute(`CREATE TABLE IF NOT EXISTS ${bookkeepingSchema}.${name} ${columns} ${options}`)
  await session.execute(`INSERT IGNORE INTO millrace.format (id, version) VALUES (1, ${bookkeepingVersion})`)
  await checkVersion(session)
}

async function findTables(session: Session): Promise<ReadonlySet<string>> {
  const rows = await session.query(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${bookkeepingSchema}'`,
  )
  return new Set(rows.map((row) => row['name'] ?? ''))
}

/** @returns whether it is there: it is filled last, when all tables of the version that made them are @throws BookkeepingVersionError */
async function checkVersion(session: Session): Promise<boolean> {
  const [row] = await session.query('SELECT version FROM millrace.format WHERE id = 1')
  if (row === undefined) return false
  const version = Number(row['version'])
  if (version <= bookkeepingVersion) return true
  throw new BookkeepingVersionError(
    `the schema millrace on ${session.where} has format ${version}, this version knows ${bookkeepingVersion}; update Millrace on every node`,
  )
}
