/**
 * The ordinary sessions of a run of the source task.
 *
 * Easy to get wrong: a run may wait for a session's answer when it is told to stop, so each session is dropped by the
 * signal itself.
 */
import type { Scope } from '../../core/scope.ts'
import { openSession, type Session } from '../../mysql/session.ts'
import { copyingState, plainState } from '../../mysql/session-state.ts'
import type { ServerEndpoint } from '../task-context.ts'
import { shortLockWait } from './copy/table-lock.ts'

export interface SessionOwner {
  readonly server: ServerEndpoint
  readonly scope: Scope
  readonly signal: AbortSignal
}

/** For questions: texts in UTF-8. */
export async function openPlainSession(owner: SessionOwner): Promise<Session> {
  const session = await open(owner)
  await session.execute(plainState)
  return session
}

/** For rows: bytes as they are stored, snapshots that repeat. */
export async function openReader(owner: SessionOwner): Promise<Session> {
  const session = await open(owner)
  await session.execute(copyingState)
  await session.execute('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  return session
}

/**
 * A reader that works beside others of its kind. Each holds tables for its transaction, and a statement that waits for
 * one reader lets no other begin: a wait without an end, which the server does not see. So none waits for long.
 */
export async function openChunkReader(owner: SessionOwner): Promise<Session> {
  const session = await openReader(owner)
  await session.execute('SET SESSION lock_wait_timeout = 1')
  return session
}

/** For locks of milliseconds, and for rows that are read under one. */
export async function openLocker(owner: SessionOwner): Promise<Session> {
  const session = await openReader(owner)
  await session.execute(shortLockWait)
  return session
}

async function open({ server, scope, signal }: SessionOwner): Promise<Session> {
  const session = await openSession(server)
  const drop = () => session.destroy()
  scope.defer(() => {
    signal.removeEventListener('abort', drop)
    drop()
  })
  signal.addEventListener('abort', drop, { once: true })
  if (signal.aborted) drop()
  return session
}
