/** What the pictures show: three agents, scheduled jobs, and a shop that is replicated while it is written to. */
import type { Scope } from '../../src/core/scope.ts'
import { type AgentCluster, startAgentCluster } from '../../test/harness/agent-cluster.ts'
import type { TestAgent } from '../../test/harness/millrace-agent.ts'
import { startServer, type TestServer } from '../../test/harness/mysql-servers.ts'
import { replicationJob } from '../demo/jobs.ts'
import { loadSampleData, schema } from '../demo/sample-data.ts'
import { Writer } from '../demo/writer.ts'
import { shownJobs } from './jobs.ts'

export interface World {
  readonly agent: TestAgent
  readonly source: TestServer
  readonly replicationId: string
}

/** A machine that is busy takes its time. */
const patienceMs = 180_000

const nodeTags = [
  ['role=web', 'zone=north'],
  ['role=web', 'zone=south'],
  ['role=db', 'zone=north'],
]

/** The scope ends all of it. */
export async function openWorld(scope: Scope): Promise<World> {
  const cluster = scope.use(await startCluster(), (started) => started[Symbol.asyncDispose]())
  const [agent] = cluster.agents
  if (agent === undefined) throw new Error('no agent was started')
  await cluster.whenFormed(3, patienceMs)
  for (const job of shownJobs) await post(agent.dkron, job)
  const [source, target] = [await startDatabase(scope), await startDatabase(scope)]
  const connection = scope.use(await source.connect(), (opened) => opened.destroy())
  await loadSampleData(connection, 42)
  const job = await post(agent.udup, replicationJob(source, target, schema))
  const writer = new Writer(scope.use(await source.connect({ database: schema }), (opened) => opened.destroy()))
  writer.start()
  scope.defer(() => writer.stop())
  return { agent, source, replicationId: (job as { ID: string }).ID }
}

function startCluster(): Promise<AgentCluster> {
  const args = (index: number) => (nodeTags[index] ?? []).flatMap((tag) => ['--tag', tag])
  return startAgentCluster({
    agents: nodeTags.length,
    args,
    nodeName: (index) => `mill-${index + 1}`,
    startWithinMs: patienceMs,
  })
}

async function startDatabase(scope: Scope): Promise<TestServer> {
  return scope.use(await startServer('mariadb-10.11'), (server) => server[Symbol.asyncDispose]())
}

async function post(call: TestAgent['dkron'], job: unknown): Promise<unknown> {
  const { status, json, text } = await call('POST', '/v1/jobs', job)
  if (status >= 300) throw new Error(`POST /v1/jobs answered ${status}: ${text}`)
  return json
}
