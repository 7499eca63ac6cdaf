/** Agents become one cluster, their NATS servers with them, and stay one while agents come, go and die. */
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type AgentCluster, partOf, startAgentCluster } from '../../harness/agent-cluster.ts'
import { eventually } from '../../harness/eventually.ts'
import { startAgent, type TestAgent } from '../../harness/millrace-agent.ts'
import { killNatsServers } from '../../harness/survivors.ts'
import { tempDir } from '../../harness/temp-dir.ts'

const job = (name: string) => ({ name, schedule: '@manually', command: 'true' })

async function storeJob(agent: TestAgent, name: string): Promise<void> {
  expect((await agent.dkron('POST', '/v1/jobs', job(name))).status).toBe(201)
}

/** Every agent that runs has every one of these jobs. */
async function expectJobs(agents: readonly TestAgent[], names: readonly string[], withinMs = 30_000): Promise<void> {
  for (const agent of agents.filter(({ hasExited }) => !hasExited))
    for (const name of names)
      await eventually(
        async () => (await agent.dkron('GET', `/v1/jobs/${name}`)).status === 200,
        withinMs,
        `job ${name}`,
      )
}

/** Writes another token there. */
function writeToken(path: string): string {
  writeFileSync(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
  return path
}

function agentOf(cluster: AgentCluster, index: number): TestAgent {
  const agent = cluster.agents[index]
  if (agent === undefined) throw new Error(`no agent ${index}`)
  return agent
}

/** As the cluster of the harness names its agents. */
function nameOf(cluster: AgentCluster, agent: TestAgent): string {
  return `node${cluster.agents.indexOf(agent) + 1}`
}

describe('a node that does not fit', () => {
  let home: TestAgent
  let folder: Awaited<ReturnType<typeof tempDir>>

  beforeAll(async () => {
    folder = await tempDir('mr-tokens-')
    home = await startAgent()
  })

  afterAll(async () => {
    await home[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  test('because it has another token is told so, with the cure', async () => {
    const starting = startAgent({ args: ['--node-name', 'other', '--join', `127.0.0.1:${home.natsPort}`] })
    await expect(starting).rejects.toThrow(
      /status 1[\s\S]*refused this node's token; copy the file secrets\/cluster-token/,
    )
  })

  test('because its data belong to another cluster is told so, with both names', async () => {
    await using other = await startAgent({ args: ['--node-name', 'other'] })
    await other.stop()
    const args = ['--node-name', 'other', '--join', `127.0.0.1:${home.natsPort}`]
    const token = ['--cluster-token-file', join(home.dataDir, 'secrets/cluster-token')]
    const starting = startAgent({ dataDir: other.dataDir, args: [...args, ...token] })
    await expect(starting).rejects.toThrow(
      /status 1[\s\S]*belongs to cluster [-0-9a-f]{36}, but NATS at 127[\s\S]*never merge/,
    )
  })

  test('because --join cannot be read is told so', async () => {
    const starting = startAgent({ args: ['--join', 'nowhere'] })
    await expect(starting).rejects.toThrow(
      /status 2[\s\S]*--join: "nowhere" is no NATS address of an agent; write HOST:PORT/,
    )
  })

  test('because a third of its TLS files is missing is told which', async () => {
    const path = join(folder.path, 'ca.pem')
    writeFileSync(path, '-----BEGIN CERTIFICATE-----')
    const starting = startAgent({ args: ['--tls-ca-file', path] })
    await expect(starting).rejects.toThrow(/status 2[\s\S]*--tls-cert-file is missing/)
  })
})

test('two agents that are started at once share jobs on one NATS server', async () => {
  await using cluster = await startAgentCluster({ agents: 2 })
  await cluster.whenFormed(1)
  await storeJob(agentOf(cluster, 1), 'shared')
  await expectJobs(cluster.agents, ['shared'])
})

test('the only NATS server of two agents moves when its node leaves for good, and back when that is done again', async () => {
  await using cluster = await startAgentCluster({ agents: 2 })
  await cluster.whenFormed(1)
  const stored: string[] = []
  for (const round of [1, 2, 3]) {
    const leaver = cluster.agents.find((agent) => partOf(agent) === 'home')
    const heir = cluster.agents.find((agent) => partOf(agent) === 'client')
    if (leaver === undefined || heir === undefined) throw new Error('one agent has the server, the other has none')
    stored.push(`before-${round}`)
    await storeJob(heir, `before-${round}`)
    expect((await leaver.dkron('GET', '/v1/leave')).status).toBe(200)
    await eventually(() => leaver.hasExited, 90_000, 'the end of the agent that leaves')
    expect(partOf(heir)).toBe('home')
    expect(partOf(leaver)).toBe('client')
    expect(readdirSync(join(leaver.dataDir, 'nats')).filter((name) => name.startsWith('store'))).toEqual([])
    const { json } = await heir.dkron('GET', '/v1/members')
    expect(json).toContainEqual(expect.objectContaining({ Name: nameOf(cluster, leaver), Status: 3 }))
    stored.push(`after-${round}`)
    await storeJob(heir, `after-${round}`)
    await expectJobs([heir], stored)
    await leaver.start()
    await cluster.whenFormed(1)
    await expectJobs(cluster.agents, stored)
  }
})

describe('three agents that are started at once', () => {
  let cluster: AgentCluster

  beforeAll(async () => {
    cluster = await startAgentCluster({ agents: 3 })
    await storeJob(agentOf(cluster, 1), 'early')
  })

  afterAll(() => cluster[Symbol.asyncDispose]())

  test('run three NATS servers, and nothing that was stored before is lost', async () => {
    await cluster.whenFormed(3)
    await expectJobs(cluster.agents, ['early'])
  })

  test('remove the store of before once every stream has its three copies', async () => {
    const home = cluster.agents.find((agent) => existsSync(join(agent.dataDir, 'nats/store')))
    await eventually(() => home === undefined || !existsSync(join(home.dataDir, 'nats/store')), 40_000)
  })

  test('take in a fourth as a client', async () => {
    const fourth = await cluster.add()
    await cluster.whenFormed(3)
    expect(partOf(fourth)).toBe('client')
    await expectJobs(cluster.agents, ['early'])
  })

  test('go on when one is killed with its NATS server, and when it comes back', async () => {
    const victim = agentOf(cluster, 0)
    await victim.kill()
    killNatsServers(victim.dataDir)
    await eventually(
      async () => (await agentOf(cluster, 1).dkron('POST', '/v1/jobs', job('later'))).status === 201,
      30_000,
    )
    await victim.start()
    await cluster.whenFormed(3)
    await expectJobs(cluster.agents, ['early', 'later'])
  })

  test('have everything when all were stopped and start again', async () => {
    await Promise.all(cluster.agents.map((agent) => agent.stop()))
    await Promise.all(cluster.agents.map((agent) => agent.start()))
    await cluster.whenFormed(3)
    await expectJobs(cluster.agents, ['early', 'later'])
  })

  test('give the place of one that leaves for good to the fourth', async () => {
    const leaver = agentOf(cluster, 1)
    expect((await leaver.dkron('GET', '/v1/leave')).status).toBe(200)
    await eventually(() => leaver.hasExited, 90_000, 'the end of the agent that leaves')
    await cluster.whenFormed(3)
    expect(partOf(agentOf(cluster, 3))).toBe('server')
    await expectJobs(cluster.agents, ['early', 'later'])
  })

  test('come back to one NATS server when another leaves and nobody takes its place', async () => {
    const leaver = agentOf(cluster, 0)
    expect((await leaver.dkron('GET', '/v1/leave')).status).toBe(200)
    await eventually(() => leaver.hasExited, 90_000, 'the end of the agent that leaves')
    await cluster.whenFormed(1)
    await storeJob(agentOf(cluster, 2), 'last')
    await expectJobs(cluster.agents, ['early', 'later', 'last'])
  })

  test('are three again when one that left starts again', async () => {
    await agentOf(cluster, 1).start()
    await cluster.whenFormed(3)
    await expectJobs(cluster.agents, ['early', 'later', 'last'])
  })
})

test('both others go on whichever of three agents leaves for good, and are three again when it comes back', async () => {
  await using cluster = await startAgentCluster({ agents: 3 })
  const stored: string[] = []
  for (const index of [0, 1, 2]) {
    await cluster.whenFormed(3)
    const leaver = agentOf(cluster, index)
    expect((await leaver.dkron('GET', '/v1/leave')).status).toBe(200)
    await eventually(() => leaver.hasExited, 90_000, 'the end of the agent that leaves')
    await cluster.whenFormed(1)
    for (const agent of cluster.agents.filter((one) => one !== leaver)) {
      const name = `without-${index + 1}-by-${stored.length + 1}`
      await storeJob(agent, name)
      stored.push(name)
    }
    await leaver.start()
  }
  await cluster.whenFormed(3)
  await expectJobs(cluster.agents, stored)
})

test('agents that cannot form a cluster tell why, once, and form it when that is mended', async () => {
  const obstacle = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => obstacle.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void obstacle.close())
  const route = `127.0.0.1:${(obstacle.address() as AddressInfo).port}`
  const args = (index: number) => (index === 2 ? ['--nats-route-addr', route] : [])
  await using cluster = await startAgentCluster({ agents: 3, args })
  const warnings = await eventually(async () => {
    const { json } = await agentOf(cluster, 1).dkron('GET', '/ops/cluster')
    const told = (json as { warnings: readonly { text: string }[] }).warnings.map(({ text }) => text)
    return told.find((text) => text.includes('could not be made a cluster'))
  }, 60_000)
  expect(warnings).toMatch(/node node3 cannot start a nats server: .*route/i)
  obstacle.close()
  await cluster.whenFormed(3, 90_000)
  const logs = cluster.agents.map((agent) => agent.log()).join('')
  expect(logs.match(/could not be made a cluster, tries again/g)).toHaveLength(1)
})

test('an agent that runs alone takes another token, keeps everything, and takes in others with it', async () => {
  await using folder = await tempDir('mr-tokens-')
  const tokenPath = join(folder.path, 'token')
  await using home = await startAgent({ args: ['--node-name', 'home', '--cluster-token-file', writeToken(tokenPath)] })
  await storeJob(home, 'kept')
  await home.stop()
  writeToken(tokenPath)
  await home.start()
  await expectJobs([home], ['kept'])
  const joining = ['--node-name', 'other', '--join', `127.0.0.1:${home.natsPort}`, '--cluster-token-file', tokenPath]
  await using other = await startAgent({ args: joining })
  await expectJobs([other], ['kept'])
})

test('a server of three whose node moved to other addresses is found there, and catches up', async () => {
  await using cluster = await startAgentCluster({ agents: 3 })
  await cluster.whenFormed(3)
  const [first, , moving] = cluster.agents
  if (first === undefined || moving === undefined) throw new Error('no agents')
  await moving.stop()
  await storeJob(first, 'meanwhile')
  const args = ['--node-name', 'node3', '--join', cluster.joinList, '--cluster-token-file', cluster.tokenPath]
  await using moved = await startAgent({ dataDir: moving.dataDir, args, startWithinMs: 60_000 })
  await expectJobs([moved], ['meanwhile'])
  const here = `127.0.0.1:${moved.natsPort}`
  for (const agent of [first, moved])
    await eventually(() => readFileSync(join(agent.dataDir, 'cluster.json'), 'utf8').includes(here), 30_000)
  await eventually(async () => {
    const { json } = await first.dkron('GET', '/ops/cluster')
    return (json as { nats: { replicas_present: number } }).nats.replicas_present === 3
  }, 60_000)
})

test('an agent that stood still while the servers became one finds it, although its own server heard nothing', async () => {
  await using cluster = await startAgentCluster({ agents: 3 })
  await cluster.whenFormed(3)
  const [staying, leaver, frozen] = cluster.agents
  if (staying === undefined || leaver === undefined || frozen === undefined) throw new Error('no agents')
  process.kill(frozen.pid, 'SIGSTOP')
  try {
    expect((await leaver.dkron('GET', '/v1/leave')).status).toBe(200)
    await eventually(() => leaver.hasExited, 90_000, 'the end of the agent that leaves')
    await eventually(() => partOf(staying) === 'home', 30_000)
  } finally {
    process.kill(frozen.pid, 'SIGCONT')
  }
  await cluster.whenFormed(1)
  await storeJob(frozen, 'after')
  await expectJobs([staying, frozen], ['after'])
  expect(frozen.log()).toContain('was left behind')
})

test('a server that leaves while another one is dead gives its seat to the spare, and jobs are stored all the time', async () => {
  await using cluster = await startAgentCluster({ agents: 3 })
  await cluster.whenFormed(3)
  await cluster.add()
  await cluster.whenFormed(3)
  const [leaver, staying, dead, spare] = cluster.agents
  if (leaver === undefined || staying === undefined || dead === undefined || spare === undefined)
    throw new Error('four')
  await storeJob(leaver, 'before')
  await dead.kill()
  killNatsServers(dead.dataDir)
  await eventually(async () => (await staying.dkron('POST', '/v1/jobs', job('between'))).status === 201, 30_000)
  expect((await leaver.dkron('GET', '/v1/leave')).status).toBe(200)
  await eventually(() => leaver.hasExited, 75_000, 'the end of the agent that leaves')
  expect([leaver, staying, spare].map(partOf)).toEqual(['client', 'server', 'server'])
  for (const agent of [staying, spare])
    await eventually(async () => {
      const name = `after-by-${nameOf(cluster, agent)}`
      return (await agent.dkron('POST', '/v1/jobs', job(name))).status === 201
    }, 30_000)
  await dead.start()
  await cluster.whenFormed(3)
  await expectJobs(cluster.agents, ['before', 'between', 'after-by-node2', 'after-by-node4'])
})

test('a node whose port is taken when it gets a seat runs its server once the port is free', async () => {
  const obstacle = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => obstacle.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void obstacle.close())
  const route = `127.0.0.1:${(obstacle.address() as AddressInfo).port}`
  await using cluster = await startAgentCluster({ agents: 3 })
  await cluster.whenFormed(3)
  const spare = await cluster.add({ args: ['--nats-route-addr', route] })
  await cluster.whenFormed(3)
  const leaver = agentOf(cluster, 0)
  expect((await leaver.dkron('GET', '/v1/leave')).status).toBe(200)
  await eventually(() => spare.log().includes('does not run as the record says'), 40_000, 'a server that cannot start')
  obstacle.close()
  await eventually(() => leaver.hasExited, 90_000, 'the end of the agent that leaves')
  await cluster.whenFormed(3)
  expect(partOf(spare)).toBe('server')
  await eventually(async () => {
    const { json } = await spare.dkron('GET', '/ops/cluster')
    return (json as { nats: { replicas_present: number } }).nats.replicas_present === 3
  }, 60_000)
  await storeJob(spare, 'after')
})
