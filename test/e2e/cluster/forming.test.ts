/** Agents become one cluster, and their NATS servers with them. */
import { expect, test } from 'vitest'
import { startAgentCluster } from '../../harness/agent-cluster.ts'

test('two agents that are started at once share jobs on one NATS server', async () => {
  await using cluster = await startAgentCluster({ agents: 2 })
  const [first, second] = cluster.agents
  if (first === undefined || second === undefined) throw new Error('two agents')
  await cluster.whenFormed(1)
  const job = { name: 'shared', schedule: '@manually', command: 'true' }
  expect((await second.dkron('POST', '/v1/jobs', job)).status).toBe(201)
  expect((await first.dkron('GET', '/v1/jobs/shared')).status).toBe(200)
})
