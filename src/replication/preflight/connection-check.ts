/**
 * Looks at a server as a task would before a job uses it, and tells everything that a job would miss there.
 *
 * Easy to get wrong: it answers within its time whatever the server does, with what it has found until then; and the
 * password is in nothing that it tells.
 */
import type { Clock } from '../../core/clock.ts'
import { MillraceError, messageOf } from '../../core/errors.ts'
import type { ServerEndpoint } from '../task-context.ts'
import type { CheckFailure, CheckFailureKind, CheckRequest, ConnectionCheck } from './check-result.ts'
import { ServerLook } from './server-look.ts'

export interface CheckLimits {
  readonly clock: Clock
  readonly withinMs: number
}

/** Never throws: what goes wrong is in the answer. */
export async function checkConnection(
  request: CheckRequest,
  { clock, withinMs }: CheckLimits,
): Promise<ConnectionCheck> {
  const look = new ServerLook(request, withinMs)
  const ending = new AbortController()
  const late = clock.sleep(withinMs, ending.signal).then(
    () => 'late' as const,
    () => 'over' as const,
  )
  try {
    const end = await Promise.race([look.run(), late])
    return end === 'late' ? look.found(tooSlow(request.server, withinMs, look.isReachable)) : look.found(null)
  } catch (error) {
    return look.found(failureOf(error))
  } finally {
    ending.abort()
    look.end()
  }
}

/** What is answered when nothing was found at all. */
export function failedCheck(failure: CheckFailure): ConnectionCheck {
  const nothing = { vendor: null, version: null, account: null, settings: {}, findings: [], schemas: [] }
  return { ...nothing, isReachable: false, failure, hasAllTables: false }
}

export function tooSlow({ host, port }: ServerEndpoint, withinMs: number, isReachable: boolean): CheckFailure {
  const what = isReachable ? 'has not answered all questions' : 'does not answer as a MySQL server'
  return {
    kind: 'too-slow',
    text:
      `${host}:${port} ${what} within ${Math.round(withinMs / 1000)} s; check that host and port are right, that no ` +
      'firewall drops what is sent, and that the server is not overloaded',
  }
}

const kindOfCode: Readonly<Record<string, CheckFailureKind>> = {
  MYSQL_UNSUPPORTED_SERVER: 'unsupported',
  MYSQL_CONNECTION_LOST: 'lost',
  MYSQL_ACCESS_DENIED: 'access-denied',
  REPL_SECRET: 'no-password',
}

const reasons: ReadonlySet<unknown> = new Set<CheckFailureKind>([
  'refused',
  'unknown-host',
  'unreachable',
  'access-denied',
  'tls-required',
  'too-slow',
  'no-room',
  'no-mysql',
  'lost',
])

/** An error in words; one that is not ours may hold anything, so its text stays here. */
export function failureOf(error: unknown): CheckFailure {
  if (!(error instanceof MillraceError))
    return { kind: 'failed', text: 'the check failed inside the agent; its log says why' }
  const { reason } = error.details
  const kind = reasons.has(reason) ? (reason as CheckFailureKind) : (kindOfCode[error.code] ?? 'failed')
  return { kind, text: messageOf(error) }
}
