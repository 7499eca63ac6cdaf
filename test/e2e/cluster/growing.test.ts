/** An agent that has worked alone for a while becomes a cluster of three while it goes on working. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { SourceWriter, schema } from '../../crash/source-writer.ts'
import { partOf } from '../../harness/agent-cluster.ts'
import { eventually } from '../../harness/eventually.ts'
import { startAgent, type TestAgent } from '../../harness/millrace-agent.ts'
import { natsClientsOf } from '../../harness/nats-clients.ts'
import { ReplicationPair } from '../../harness/replication-pair.ts'

const manualJobs = 995
const firing = ['fires-1', 'fires-2', 'fires-3', 'fires-4', 'fires-5']
const batch = 50
/** Without tags each node runs every job. */
const common = ['--tag', 'role=web', '--history-limit', '500']

interface Execution {
  readonly scheduled_at: string
  readonly outcome: string
  readonly node_name: string
}

test('an agent with 1,000 jobs and a running replication grows to three without losing a job, a fire, a record or a row', async () => {
  await using pair = await ReplicationPair.start('mariadb-10.11', {
    agentArgs: ['--node-name', 'node1', ...common],
  })
  const writer = new SourceWriter(pair.source, 7)
  await writer.prepare(200)
  const { ID } = await pair.create(pair.jobOf(schema))
  await storeJobs(pair.agent)
  await pair.whenStreaming(ID, 90_000)
  writer.start()
  await sleep(2_000)
  const before = await historyOf(pair.agent, 'fires-1')
  const tokenPath = join(pair.agent.dataDir, 'secrets/cluster-token')
  const flags = ['--join', `127.0.0.1:${pair.agent.natsPort}`, '--cluster-token-file', tokenPath, ...common]
  await using second = await startAgent({ args: ['--node-name', 'node2', ...flags] })
  await using third = await startAgent({ args: ['--node-name', 'node3', ...flags] })
  const agents = [pair.agent, second, third]
  await eventually(() => agents.every((agent) => partOf(agent) === 'server'), 90_000, 'three servers')
  await sleep(3_000)
  await writer.stop()
  await pair.whenEqual(schema, 4, 90_000)
  for (const agent of agents)
    await eventually(async () => ((await agent.dkron('GET', '/v1/jobs')).json as unknown[]).length === 1_000, 30_000)
  for (const name of firing) await expectNoGap(third, name)
  const after = await historyOf(third, 'fires-1')
  for (const one of before) expect(after).toContainEqual(one)
  await expectOwnServers(agents, tokenPath)
})

/** With another node's server its faults would be faults of both. The tasks stay on the first node. */
async function expectOwnServers(agents: readonly TestAgent[], tokenPath: string): Promise<void> {
  for (const [index, agent] of agents.entries()) {
    const agentName = `agent node${index + 1}`
    const isAtHome = async () => {
      const names = await natsClientsOf(agent, tokenPath)
      return names.includes(agentName) && (index > 0 || names.filter((name) => name.startsWith('task ')).length === 2)
    }
    await eventually(isAtHome, 60_000, `${agentName} at its own server`)
  }
}

async function storeJobs(agent: TestAgent): Promise<void> {
  const manual = Array.from({ length: manualJobs }, (_, index) => ({ name: `manual-${index}`, schedule: '@manually' }))
  const jobs = [...manual, ...firing.map((name) => ({ name, schedule: '* * * * * *', tags: { role: 'web:1' } }))]
  for (let at = 0; at < jobs.length; at += batch) {
    const posted = jobs.slice(at, at + batch).map((job) => agent.dkron('POST', '/v1/jobs', { ...job, command: 'true' }))
    for (const { status } of await Promise.all(posted)) expect(status).toBe(201)
  }
}

async function historyOf(agent: TestAgent, name: string): Promise<readonly Execution[]> {
  return (await agent.dkron('GET', `/v1/executions/${name}`)).json as readonly Execution[]
}

/** Every second from the first to the last has its record, and none has two. */
async function expectNoGap(agent: TestAgent, name: string): Promise<void> {
  await eventually(async () => {
    const seconds = (await historyOf(agent, name))
      .map((one) => Date.parse(one.scheduled_at) / 1_000)
      .sort((a, b) => a - b)
    const [first = 0] = seconds
    expect(seconds).toEqual(seconds.map((_, index) => first + index))
    expect(seconds.length).toBeGreaterThan(10)
    return true
  }, 30_000)
}
