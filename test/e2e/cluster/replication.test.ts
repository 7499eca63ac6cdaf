/** Replication jobs on several agents: where their tasks run, and what becomes of them when nodes die, freeze or leave. */
import { expect, test } from 'vitest'
import { eventually } from '../../harness/eventually.ts'
import type { TestAgent } from '../../harness/millrace-agent.ts'
import { BusyWriter, makeTable, ReplicationCluster, taskPidsOf } from '../../harness/replication-cluster.ts'
import { killSurvivors } from '../../harness/survivors.ts'

/** The promise for an agent that died. */
const failoverMs = 15_000
/** And for a machine with a JetStream server. */
const machineDeathMs = 30_000
/** A node that leaves for good waits a minute at most for the others to hold what its NATS server held. */
const handOverMs = 90_000

test.each(['mariadb-10.11', 'mysql-9.7'] as const)(
  'tasks of a dead agent start elsewhere and rows flow within 15 s, whichever half it had (%s)',
  async (kind) => {
    await using world = await ReplicationCluster.start(kind, { agents: 3 })
    const table = await makeTable(world.source, 'shop')
    const first = world.agent('node1')
    const { ID: id } = await world.create(world.jobOf('shop'), first)
    const places = await world.whenStreaming(id, first)
    expect(places.source).not.toBe(places.target)
    await world.flow(table, 'before', 10_000)
    // Its servers become a cluster first: two faults at once are another test's.
    await world.cluster.whenFormed?.(3)

    for (const half of ['source', 'target'] as const) {
      const { [half]: name } = await world.whenStreaming(id, world.agentBeside())
      const dying = world.agent(name)
      await dying.kill()
      const tookMs = await world.flow(table, `after the ${half} died`, failoverMs)
      console.log(`${kind}: agent of the ${half} task killed, rows flow again after ${Math.round(tookMs)} ms`)
      const witness = world.agentBeside(name)
      const now = await world.whenStreaming(id, witness)
      expect(now[half]).not.toBe(name)
      await dying.start()
      // No needless moving about when it comes back.
      await world.whenAllReady()
      expect(await world.places(id, witness)).toEqual(now)
    }
    await world.whenEqual('shop')
  },
)

async function hasAllCopies(agent: TestAgent): Promise<boolean> {
  const { json } = await agent.dkron('GET', '/ops/cluster')
  const { streams } = (json as { nats: { streams: { replicas_wanted: number; replicas_current: number }[] } }).nats
  return streams.every((stream) => stream.replicas_wanted === 3 && stream.replicas_current === 3)
}

test('when a machine dies with its agent, its task and its NATS server, rows flow within 30 s', async () => {
  await using world = await ReplicationCluster.start('mariadb-10.11', { agents: 3 })
  const table = await makeTable(world.source, 'shop')
  const { ID: id } = await world.create(world.jobOf('shop'), world.agent('node1'))
  // The cluster of three servers forms under the running job.
  await using writer = new BusyWriter(world.source, table)
  await world.cluster.whenFormed?.(3)
  for (const half of ['target', 'source'] as const) {
    const { [half]: name } = await world.whenStreaming(id, world.agentBeside())
    // Until then the status says that a machine may not fail yet.
    await eventually(() => hasAllCopies(world.agentBeside()), 60_000, 'three copies of every stream')
    const dying = world.agent(name)
    killSurvivors(dying.dataDir)
    await dying.kill()
    const tookMs = await world.flow(table, `after the machine of the ${half} died`, machineDeathMs)
    console.log(`machine of the ${half} task dead: rows flow again after ${Math.round(tookMs)} ms`)
    const witness = world.agentBeside(name)
    expect((await world.whenStreaming(id, witness))[half]).not.toBe(name)
    await dying.start()
    await world.cluster.whenFormed?.(3)
  }
  await writer.stop()
  await world.whenEqual('shop')
})

test('a task that is fixed to a dead node waits for it, says so, and goes on when it is back', async () => {
  await using world = await ReplicationCluster.start('mariadb-10.11', { agents: 3 })
  const table = await makeTable(world.source, 'shop')
  const first = world.agent('node1')
  const nodes = await world.nodes(first)
  const idOf = (name: string) => nodes.find(({ Name }) => Name === name)?.ID
  const { ID: id } = await world.create(
    world.jobOf('shop', { source: { NodeId: idOf('node2') }, target: { NodeId: idOf('node3') } }),
    first,
  )
  expect(await world.whenStreaming(id, first)).toEqual({ source: 'node2', target: 'node3' })
  await world.agent('node3').kill()
  await world.whenStatus(
    id,
    first,
    'pending',
    /the target task waits for its node node3, which has failed; start the agent there again, or change .*NodeId.* \(since 20\d\d-/,
    10_000,
  )
  await world.source.query(`INSERT INTO ${table} (note) VALUES ('while it was away')`)
  expect((await world.places(id, first)).source).toBe('node2')
  await world.agent('node3').start()
  await world.whenStreaming(id, first, failoverMs)
  await world.whenEqual('shop')
})

test.each(['source', 'target'] as const)(
  'a frozen node that comes back runs no second copy: the %s task has moved, the stale process ends, nothing is lost',
  async (half) => {
    await using world = await ReplicationCluster.start('mariadb-10.11', { agents: 3 })
    const table = await makeTable(world.source, 'shop')
    // Two others watch and take over; the NATS server is a process of its own and goes on.
    const { ID: id } = await world.create(world.jobOf('shop'), world.agent('node1'))
    const { [half]: name } = await world.whenStreaming(id, world.agent('node1'))
    await using writer = new BusyWriter(world.source, table)
    const witness = world.agentBeside(name)
    using frozen = world.freeze(world.agent(name))
    await eventually(async () => (await world.places(id, witness))[half] !== name, failoverMs, 'the move')
    const moved = await world.whenStreaming(id, witness, failoverMs)
    frozen.thaw()
    await eventually(() => taskPidsOf(world.agent(name).pid).length === 0, 10_000, 'the end of the stale process')
    await world.whenStreaming(id, witness, 10_000)
    expect(await world.places(id, witness)).toEqual(moved)
    expect(await writer.stop()).toBeGreaterThan(20)
    await world.whenEqual('shop')
    await world.whenStatus(id, world.agent(name), 'running', /./, 10_000)
  },
)

test.each(['source', 'target'] as const)(
  'while only the agent is frozen, its %s process works on beside the one that took over, finds out by itself and ends',
  async (half) => {
    await using world = await ReplicationCluster.start('mariadb-10.11', { agents: 3 })
    const table = await makeTable(world.source, 'shop')
    const { ID: id } = await world.create(world.jobOf('shop'), world.agent('node1'))
    const { [half]: name } = await world.whenStreaming(id, world.agent('node1'))
    await using writer = new BusyWriter(world.source, table)
    const witness = world.agentBeside(name)
    using frozen = world.freeze(world.agent(name), 'agent alone')
    await eventually(async () => (await world.places(id, witness))[half] !== name, failoverMs, 'the move')
    await eventually(() => taskPidsOf(world.agent(name).pid).length === 0, failoverMs, 'the end of the stale process')
    const moved = await world.whenStreaming(id, witness, failoverMs)
    frozen.thaw()
    await writer.stop()
    await world.whenEqual('shop')
    expect(await world.whenStreaming(id, witness, 10_000)).toEqual(moved)
  },
)

test('a leader that was frozen and comes back places nothing', async () => {
  await using world = await ReplicationCluster.start('mariadb-10.11', { agents: 3 })
  const table = await makeTable(world.source, 'shop')
  const { Name: name } = (await world.agent('node1').udup('GET', '/v1/leader')).json as { Name: string }
  const witness = world.agentBeside(name)
  using frozen = world.freeze(world.agent(name))
  await eventually(async () => {
    const { status, json } = await witness.udup('GET', '/v1/leader')
    return status === 200 && (json as { Name: string }).Name !== name
  }, 10_000)
  const { ID: id } = await world.create(world.jobOf('shop'), witness)
  const places = await world.whenStreaming(id, witness)
  frozen.thaw()
  await world.flow(table, 'after it came back', 10_000)
  await eventually(async () => (await world.nodes(world.agent(name))).every(({ Status }) => Status === 'ready'), 10_000)
  expect(await world.whenStreaming(id, world.agent(name))).toEqual(places)
  await world.whenEqual('shop')
})

test('the tasks of a node that leaves move first, in order, and no row is lost', async () => {
  await using world = await ReplicationCluster.start('mariadb-10.11', { agents: 3 })
  const table = await makeTable(world.source, 'shop')
  const first = world.agent('node1')
  const { ID: id } = await world.create(world.jobOf('shop'), first)
  const places = await world.whenStreaming(id, first)
  const name = places.target === 'node1' ? places.source : places.target
  await using writer = new BusyWriter(world.source, table)
  const leaving = world.agent(name)
  expect((await leaving.udup('GET', '/v1/leave')).status).toBe(200)
  await eventually(() => leaving.hasExited, handOverMs, 'the end of the agent')
  const now = await world.whenStreaming(id, first, failoverMs)
  expect(Object.values(now)).not.toContain(name)
  expect(leaving.log()).not.toMatch(/REPL_STALE_OWNER|belongs to another process/)
  await writer.stop()
  await world.whenEqual('shop')
})

test('a node that leaves for good is not waited for, although a task is fixed to it, until it comes back', async () => {
  await using world = await ReplicationCluster.start('mariadb-10.11', { agents: 3 })
  const table = await makeTable(world.source, 'shop')
  const first = world.agent('node1')
  const leaving = world.agent('node3')
  const nodeId = (await world.nodes(first)).find(({ Name }) => Name === 'node3')?.ID
  const { ID: id } = await world.create(world.jobOf('shop', { target: { NodeId: nodeId } }), first)
  expect((await world.whenStreaming(id, first)).target).toBe('node3')
  expect((await leaving.udup('GET', '/v1/leave')).status).toBe(200)
  await world.flow(table, 'while it leaves', failoverMs)
  await eventually(() => leaving.hasExited, handOverMs, 'the end of the agent')
  await world.whenStatus(id, first, 'running', /node node3 has left the cluster for good, .*NodeId/, failoverMs)
  await world.flow(table, 'after it left', failoverMs)
  await leaving.start()
  await eventually(async () => (await world.places(id, first)).target === 'node3', failoverMs, 'the way back')
  await world.whenStatus(id, first, 'running', /^((?!for good).)*$/, failoverMs)
  await world.whenEqual('shop')
})

test('every node answers for every job, and takes every order', async () => {
  await using world = await ReplicationCluster.start('mariadb-10.11', { agents: 3 })
  const table = await makeTable(world.source, 'shop')
  const [one, two, three] = ['node1', 'node2', 'node3'].map((name) => world.agent(name))
  if (one === undefined || two === undefined || three === undefined) throw new Error('three agents run')
  const nodes = await world.nodes(one)
  expect(nodes.map(({ Name }) => Name)).toEqual(['node1', 'node2', 'node3'])
  // The address of any member's NATS means the cluster's own.
  const [source, target] = (world.jobOf('shop') as { Tasks: { Config: object }[] }).Tasks
  const natsAddress = { NatsAddr: nodes[1]?.NatsAddr }
  const job = {
    Name: 'shop',
    Type: 'synchronous',
    Tasks: [source, target].map((task) => ({ ...task, Config: { ...task?.Config, ...natsAddress } })),
  }
  const { ID: id } = await world.create(job, two)
  for (const agent of [one, two, three]) {
    await world.whenStreaming(id, agent)
    expect(((await agent.udup('GET', '/v1/jobs')).json as { ID: string }[]).map(({ ID }) => ID)).toEqual([id])
    expect((await world.places(id, agent)).source).toMatch(/^node[123]$/)
    expect((await agent.udup('GET', `/v1/agent/allocation/${id}-Dest/stats`)).json).toMatchObject({
      Stage: 'incremental',
    })
    expect((await agent.udup('GET', `/v1/node/${nodes[2]?.ID}`)).json).toMatchObject({ Name: 'node3', Status: 'ready' })
    expect(((await agent.udup('GET', '/v1/members')).json as object[]).length).toBe(3)
    expect((await agent.udup('GET', '/v1/leader')).json).toMatchObject({ Name: expect.stringMatching(/^node/) })
  }
  expect((await three.udup('POST', `/v1/job/${id}/pause`)).json).toMatchObject({ Status: 'pause', Success: true })
  await world.whenStatus(id, one, 'pause', /paused/)
  expect((await one.udup('POST', `/v1/job/${id}/resume`)).json).toMatchObject({ Success: true })
  await world.flow(table, 'after the pause', 20_000)
  await world.whenStreaming(id, two)
  expect((await three.udup('DELETE', `/v1/job/${id}`)).status).toBe(200)
  await eventually(async () => (await one.udup('GET', `/v1/job/${id}`)).status === 404, 5_000)
})

test('a password in a variable that the node does not have is told, with the node', async () => {
  await using world = await ReplicationCluster.start('mariadb-10.11', { agents: 2 })
  await makeTable(world.source, 'shop')
  const first = world.agent('node1')
  const nodes = await world.nodes(first)
  const [source, target] = (world.jobOf('shop') as { Tasks: { Config: { ConnectionConfig: object } }[] }).Tasks
  const missing = { ConnectionConfig: { ...target?.Config.ConnectionConfig, Password: 'env:NOBODY_HAS_THIS' } }
  const fixed = { ...target, NodeId: nodes[1]?.ID, Config: { ...target?.Config, ...missing } }
  const { ID: id } = await world.create({ Name: 'shop', Type: 'synchronous', Tasks: [source, fixed] }, first)
  await world.whenStatus(
    id,
    first,
    'dead',
    /environment variable NOBODY_HAS_THIS, which the agent on node node2 does not have; set it/,
  )
})
