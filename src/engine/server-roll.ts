/**
 * Which servers of a NATS cluster are up, asked of the servers themselves through the system account.
 *
 * Easy to get wrong: nobody knows how many will answer, so the answers of a short while are taken; a server that is up and
 * slow may be missing.
 */
import type { Connection } from './connection.ts'

export interface AnsweringServer {
  readonly name: string
  readonly version: string
}

const answersWithinMs = 400

/** @throws UnavailableError while not connected */
export async function readServerRoll(system: Connection): Promise<readonly AnsweringServer[]> {
  const servers: AnsweringServer[] = []
  await system.call('the NATS servers do not answer', async () => {
    const options = { strategy: 'timer', maxWait: answersWithinMs } as const
    for await (const answer of await system.nats.requestMany('$SYS.REQ.SERVER.PING', '', options)) {
      const { server } = answer.json<{ readonly server?: { readonly name?: string; readonly ver?: string } }>()
      if (server?.name !== undefined) servers.push({ name: server.name, version: server.ver ?? '' })
    }
  })
  return servers
}
