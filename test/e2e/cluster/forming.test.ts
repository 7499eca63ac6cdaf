/** Agents become one cluster, and their NATS servers with them. */
import { expect, test } from 'vitest'
import { partOf, startAgentCluster } from '../../harness/agent-cluster.ts'

test('two agents that are started at once share jobs on one NATS server', async () => {
  await using cluster = await startAgentCluster({ agents: 2 })
  const [first, second] = cluster.agents
  if (first === undefined || second === undefined) throw new Error('two agents')
  await cluster.whenFormed(1)
  const job = { name: 'shared', schedule: '@manually', command: 'true' }
  expect((await second.dkron('POST', '/v1/jobs', job)).status).toBe(201)
  expect((await first.dkron('GET', '/v1/jobs/shared')).status).toBe(200)
})

test('three agents that are started at once run three NATS servers, and a fourth is their client', async () => {
  await using cluster = await startAgentCluster({ agents: 3 })
  const job = { name: 'shared', schedule: '@manually', command: 'true' }
  expect((await cluster.agents[1]?.dkron('POST', '/v1/jobs', job))?.status).toBe(201)
  await cluster.whenFormed(3)
  for (const agent of cluster.agents) expect((await agent.dkron('GET', '/v1/jobs/shared')).status).toBe(200)
  const fourth = await cluster.add()
  await cluster.whenFormed(3)
  expect(partOf(fourth)).toBe('client')
  expect((await fourth.dkron('GET', '/v1/jobs/shared')).status).toBe(200)
})
