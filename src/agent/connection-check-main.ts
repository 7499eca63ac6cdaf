/** The program of a connection check's process; see replication/preflight/forked-checks.ts. Ends with its agent. */
import { systemClock } from '../core/clock.ts'
import type { ConnectionCheck } from '../replication/preflight/check-result.ts'
import { checkConnection, failedCheck } from '../replication/preflight/connection-check.ts'
import type { CheckOrder } from '../replication/preflight/forked-checks.ts'
import { keepCompiled } from './compile-cache.ts'

/** What sending the answer may take of the time. */
const answerMs = 500
const shortestMs = 100
/** More than 10,000 tables have, all names at their longest. */
const longestAnswer = 16 * 1024 * 1024

process.on('disconnect', () => process.exit(1))
process.once('message', ({ request, dueAt }: CheckOrder) => {
  const withinMs = Math.max(dueAt - Date.now() - answerMs, shortestMs)
  keepCompiled()
  void checkConnection(request, { clock: systemClock, withinMs }).then((found) => {
    process.send?.(bounded(found), () => process.exit(0))
  })
})

/** A server that is none may tell of names without end. */
function bounded(found: ConnectionCheck): ConnectionCheck {
  if (JSON.stringify(found).length <= longestAnswer) return found
  const text = 'what the server tells of its tables is too long to be true; check that it is the right one'
  return failedCheck({ kind: 'no-mysql', text })
}
