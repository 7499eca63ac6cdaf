/**
 * Whether two sessions are with one server, whatever names they reached it by.
 *
 * Easy to get wrong: a MariaDB has no server_uuid, and data directories that were cloned share one server_id. A user lock
 * is seen on the server that holds it and nowhere else, and no version asks a privilege for it.
 */
import { randomUUID } from 'node:crypto'
import { SqlError } from './errors.ts'
import type { Session } from './session.ts'

/**
 * Takes a user lock of a name that was never used before; it is held until the session ends. On MySQL 5.6 the session
 * loses any other user lock that it holds.
 *
 * @returns its name; null where the server knows no user locks, as some Galera clusters
 * @throws what `Session.query` throws when the session is lost
 */
export async function markServer(session: Session): Promise<string | null> {
  const name = `millrace:${randomUUID()}`
  const [row] = await session.query(`SELECT GET_LOCK('${name}', 0) AS is_held`).catch(nothingIfRefused)
  return row?.is_held === '1' ? name : null
}

/** A session that keeps a user lock may wait for ever behind DDL on MariaDB, so the mark goes once it was looked for. */
export async function unmarkServer(session: Session, mark: string): Promise<void> {
  await session.query(`SELECT RELEASE_LOCK('${mark}')`)
}

/** @param mark what `markServer` returned. @throws what `Session.query` throws when the session is lost */
export async function isMarked(session: Session, mark: string): Promise<boolean> {
  // It came from another process: nothing but a name of ours gets into a statement.
  if (!/^millrace:[0-9a-f-]{36}$/.test(mark)) return false
  const [row] = await session.query(`SELECT IS_USED_LOCK('${mark}') AS holder`).catch(nothingIfRefused)
  return (row?.holder ?? null) !== null
}

/** @throws what `Session.query` throws */
export async function isOneServer(one: Session, other: Session): Promise<boolean> {
  const [uuid, otherUuid] = await Promise.all([readUuid(one), readUuid(other)])
  if (uuid !== '' && uuid === otherUuid) return true
  const mark = await markServer(one)
  return mark !== null && (await isMarked(other, mark))
}

async function readUuid(session: Session): Promise<string> {
  const [row] = await session.query("SHOW GLOBAL VARIABLES LIKE 'server_uuid'")
  return (row?.Value ?? '').toLowerCase()
}

function nothingIfRefused(error: unknown): readonly [] {
  if (error instanceof SqlError) return []
  throw error
}
