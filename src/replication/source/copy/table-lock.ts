/**
 * A read lock on tables for milliseconds.
 *
 * Easy to get wrong: while a lock request waits for a long transaction, every later writer of the table waits behind it.
 * So the session's lock_wait_timeout is a second, and a request that fails is repeated later.
 */
import { errnoOf, LockConflictError } from '../../../mysql/errors.ts'
import { quoteTable } from '../../../mysql/identifier.ts'
import type { Session } from '../../../mysql/session.ts'
import { rowAlias } from './cell-expressions.ts'
import type { TableCopy } from './table-copy.ts'

/**
 * What the locking session is set to when it is opened. Without autocommit InnoDB takes a lock of its own for LOCK TABLES,
 * which waits for transactions that have changed rows; MySQL 5.6 would not wait for them otherwise.
 */
export const shortLockWait = 'SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1, autocommit = 0'

export interface LockedTables {
  release(): Promise<void>
}

const noSuchTable = 1146

/**
 * Locks the tables, under the alias of the copy's statements when it is one.
 *
 * @returns null when they could not be locked within a second, or are gone
 */
export async function lockTables(session: Session, tables: readonly TableCopy[]): Promise<LockedTables | null> {
  const alias = tables.length === 1 ? ` AS ${rowAlias}` : ''
  const names = tables.map(({ name }) => `${quoteTable(name.schema, name.name)}${alias} READ`)
  try {
    await session.execute(`LOCK TABLES ${names.join(', ')}`)
  } catch (error) {
    if (!(error instanceof LockConflictError) && errnoOf(error) !== noSuchTable) throw error
    await release(session)
    return null
  }
  return { release: () => release(session) }
}

async function release(session: Session): Promise<void> {
  await session.execute('COMMIT')
  await session.execute('UNLOCK TABLES')
}
