/** Who is connected with an agent's NATS server, as that server itself tells (docs.nats.io, system account, CONNZ). */
import { readFileSync } from 'node:fs'
import { ClusterSecrets, systemUser } from '../../src/agent/cluster-secrets.ts'
import { silentLog } from '../../src/core/log.ts'
import { openConnection } from '../../src/engine/connection.ts'
import type { TestAgent } from './millrace-agent.ts'

/** @returns their names, for example `agent node1` and `task orders source` */
export async function natsClientsOf(
  { natsPort }: Pick<TestAgent, 'natsPort'>,
  tokenPath: string,
): Promise<readonly string[]> {
  const { systemPassword } = new ClusterSecrets(readFileSync(tokenPath, 'utf8').trim()).passwords
  const connection = await openConnection({
    url: `127.0.0.1:${natsPort}`,
    auth: { user: systemUser, password: systemPassword },
    name: 'harness',
    log: silentLog,
    needsJetStream: false,
    connectWithinMs: 10_000,
  })
  try {
    const { nats } = connection
    const answer = await nats.request(`$SYS.REQ.SERVER.${nats.info?.server_id}.CONNZ`, '{}', { timeout: 5_000 })
    const { data } = answer.json<{ data: { connections: readonly { name?: string }[] } }>()
    return data.connections.map(({ name = '' }) => name)
  } finally {
    await connection.close()
  }
}
