/** What the cluster tells of its state, asked at any node while things go wrong. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ClusterAnswer } from '../../../src/cli/cluster-answer.ts'
import { startAgentCluster } from '../../harness/agent-cluster.ts'
import { type AgentsOnNats, startAgentsOnNats } from '../../harness/agents-on-nats.ts'
import { eventually } from '../../harness/eventually.ts'
import { freePort } from '../../harness/free-port.ts'
import { startAgent, type TestAgent } from '../../harness/millrace-agent.ts'
import { millrace } from '../../harness/millrace-command.ts'

let cluster: AgentsOnNats

beforeAll(async () => {
  cluster = await startAgentsOnNats(3, (index) => ({ args: ['--tag', `zone=z${index + 1}`] }))
  await cluster.agreedLeader(20_000)
}, 90_000)

afterAll(() => cluster?.[Symbol.asyncDispose]())

async function clusterSeenBy(agent: TestAgent): Promise<ClusterAnswer> {
  const { status, json } = await agent.dkron('GET', '/ops/cluster')
  expect(status).toBe(200)
  return json as ClusterAnswer
}

const status = (agent: TestAgent, ...more: readonly string[]) =>
  millrace(['cluster', 'status', '--address', agent.dkronUrl, ...more])

test('every node tells the same of a well cluster, and the command ends with 0', async () => {
  const leader = await cluster.agreedLeader(10_000)
  for (const [index, agent] of cluster.agents.entries()) {
    const answer = await eventually(async () => {
      const seen = await clusterSeenBy(agent)
      return seen.state === 'healthy' ? seen : undefined
    }, 20_000)
    expect(answer).toMatchObject({
      asked_node: `node${index + 1}`,
      leader: { node_name: leader },
      members: ['node1', 'node2', 'node3'].map((name) => ({ node_name: name, status: 'alive', running: 0, tasks: 0 })),
      nats: { mode: 'outside', error: null, replicas_wanted: 1, servers: [{ reachable: true }] },
      jobs: { scheduled: { error: null }, replication: { error: null } },
    })
    expect(answer.warnings.map(({ severity }) => severity)).toEqual(['note'])
    expect(answer.nats.error === null && answer.nats.streams.some(({ name }) => name === 'EXECUTIONS')).toBe(true)
  }
  const printed = await status(cluster.named('node2'))
  expect(printed.status).toBe(0)
  expect(printed.text).toMatch(/^the cluster is healthy: 3 of 3 nodes alive, leader node\d, term \d+/)
})

test('a job that failed and one that nobody can run are told at every node until they succeed', async () => {
  const [first, second] = cluster.agents as [TestAgent, TestAgent]
  const failing = { name: 'failing', schedule: '@manually', command: 'exit 7', shell: true, tags: { zone: 'z3:1' } }
  const homeless = { name: 'homeless', schedule: '@manually', command: 'true', tags: { zone: 'nowhere' } }
  for (const job of [failing, homeless]) {
    expect((await first.dkron('POST', '/v1/jobs', job)).status).toBe(201)
    expect((await first.dkron('POST', `/v1/jobs/${job.name}`)).status).toBe(200)
  }
  const attention = async () => {
    const { scheduled } = (await clusterSeenBy(second)).jobs
    return scheduled.error === null ? scheduled.attention : []
  }
  await eventually(async () => (await attention()).length === 2, 20_000)
  expect((await attention()).toSorted((a, b) => (a.name < b.name ? -1 : 1))).toMatchObject([
    { name: 'failing', outcome: 'failed', exit_code: 7, node_name: 'node3' },
    { name: 'homeless', outcome: 'unplaced', reason: expect.stringContaining('zone') },
  ])
  const printed = await status(second)
  expect(printed.status).toBe(3)
  expect(printed.text).toMatch(/^the cluster NEEDS ATTENTION/)
  expect(printed.text).toMatch(/^failing +failed \(7\) +node3/m)
  await first.dkron('POST', '/v1/jobs', { name: 'failing', command: 'true' })
  await first.dkron('POST', '/v1/jobs/failing')
  await first.dkron('DELETE', '/v1/jobs/homeless')
  await eventually(async () => (await clusterSeenBy(second)).state === 'healthy', 20_000)
})

test('a replication job that cannot reach its server is told with its own words', async () => {
  const [first, second] = cluster.agents as [TestAgent, TestAgent]
  const port = await freePort()
  const task = (Type: string, Port: number) => ({
    ...{ Type, Driver: 'MySQL' },
    Config: { ConnectionConfig: { Host: '127.0.0.1', Port, User: 'u', Password: 'planted-password' } },
  })
  const job = { Name: 'unreachable', Type: 'synchronous', Tasks: [task('Src', port), task('Dest', await freePort())] }
  expect((await first.udup('POST', '/v1/jobs', job)).status).toBeLessThan(300)
  const answer = await eventually(async () => {
    const { replication } = (await clusterSeenBy(second)).jobs
    const [told] = replication.error === null ? replication.attention : []
    return told?.description.includes(String(port)) ? told : undefined
  }, 60_000)
  expect(answer).toMatchObject({ name: 'unreachable', status: expect.stringMatching(/pending|dead/) })
  expect((await status(second, '--json')).text).not.toContain('planted')
  await first.udup('DELETE', '/v1/job/unreachable')
})

test('a node that was killed is told within seconds, and a node is asked to leave under its own name only', async () => {
  const [first, second, third] = cluster.agents as [TestAgent, TestAgent, TestAgent]
  await third.kill()
  const statusOf = async (name: string) =>
    (await clusterSeenBy(first)).members.find(({ node_name }) => node_name === name)?.status
  await eventually(async () => (await statusOf('node3')) === 'failed', 10_000)
  const printed = await status(first)
  expect(printed.status).toBe(3)
  expect(printed.text).toMatch(/WARNING +node node3 .* has not been heard of since/)
  const refused = await millrace(['leave', 'node2', '--address', first.dkronUrl])
  expect(refused.status).toBe(1)
  expect(refused.text).toContain(`is node "node1", not "node2", and stays; ask "node2" itself`)
  await third.start()
  await eventually(async () => (await clusterSeenBy(second)).state === 'healthy', 20_000)
  expect((await millrace(['leave', 'node3', '--address', third.dkronUrl])).text).toContain('node3 leaves the cluster')
  await eventually(() => third.hasExited, 40_000)
  expect(await statusOf('node3')).toBe('left')
  expect((await status(first)).text).toContain('2 of 2 nodes alive')
  await third.start()
})

test('while NATS hangs a node still answers in time, and /v1/leader asks to come back later', async () => {
  const [first] = cluster.agents as [TestAgent]
  process.kill(cluster.nats.pid, 'SIGSTOP')
  try {
    const answer = await eventually(async () => {
      const sinceMs = performance.now()
      const seen = await clusterSeenBy(first)
      expect(performance.now() - sinceMs).toBeLessThan(5_000)
      return seen.leader === null && seen.nats.error !== null ? seen : undefined
    }, 40_000)
    expect(answer.warnings[0]?.severity).toBe('critical')
    const leader = await first.dkron('GET', '/v1/leader')
    expect([leader.status, leader.headers.get('retry-after'), leader.headers.get('x-whom')]).toEqual([
      503,
      '1',
      'node1',
    ])
  } finally {
    process.kill(cluster.nats.pid, 'SIGCONT')
  }
  await eventually(async () => (await clusterSeenBy(first)).state === 'healthy', 40_000)
})

test('of three embedded servers one that is down is told, with what one more loss would mean', async () => {
  await using formed = await startAgentCluster({ agents: 3 })
  await formed.whenFormed(3)
  const [first, , third] = formed.agents as [TestAgent, TestAgent, TestAgent]
  const well = await eventually(async () => {
    const seen = await clusterSeenBy(first)
    return seen.state === 'healthy' && seen.nats.error === null && seen.nats.meta_leader !== null ? seen : undefined
  }, 60_000)
  expect(well.warnings).toEqual([])
  expect(well.nats).toMatchObject({
    ...{ mode: 'embedded', replicas_wanted: 3, replicas_present: 3 },
    servers: ['node1', 'node2', 'node3'].map((name) => ({
      node_name: name,
      version: expect.stringMatching(/^2/),
      reachable: true,
    })),
  })
  await third.stop()
  await eventually(async () => {
    const { warnings } = await clusterSeenBy(first)
    return warnings.some(({ text }) =>
      text.includes('the NATS server of node3 is down: 2 of 3 left, one more loss stops'),
    )
  }, 30_000)
  expect((await status(first)).status).toBe(3)
})

test('one agent alone is healthy, and told that it keeps one copy of everything', async () => {
  await using agent = await startAgent()
  const answer = await eventually(async () => {
    const seen = await clusterSeenBy(agent)
    return seen.leader === null ? undefined : seen
  }, 20_000)
  expect(answer).toMatchObject({ state: 'healthy', nats: { mode: 'embedded', servers: [{ reachable: true }] } })
  expect(answer.warnings).toEqual([{ severity: 'note', text: expect.stringContaining('a third agent (--join)') }])
  expect((await millrace(['cluster', 'status', '--address', '127.0.0.1:1'])).status).toBe(1)
})
