/** Whether two addresses lead to one server: by what the servers say, for names and addresses tell nothing. */
import { isOneServer } from '../../mysql/one-server.ts'
import { openSession, type Session } from '../../mysql/session.ts'
import type { ServerEndpoint } from '../task-context.ts'

/** @throws what `openSession` and `Session.query` throw */
export async function lookForOneServer(
  source: ServerEndpoint,
  target: ServerEndpoint,
  connectTimeoutMs: number,
): Promise<boolean> {
  const sessions: Session[] = []
  try {
    for (const server of [source, target]) sessions.push(await openSession(server, { connectTimeoutMs }))
    const [one, other] = sessions
    return one !== undefined && other !== undefined && (await isOneServer(one, other))
  } finally {
    for (const session of sessions) session.destroy()
  }
}
