/** What becomes of a busy replication job when NATS loses its stream, its leader, or itself: three servers, two agents. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentLog } from '../../../src/core/log.ts'
import { type Connection, openConnection } from '../../../src/engine/connection.ts'
import { deleteFrameStream, frameStreamName } from '../../../src/engine/frame-stream.ts'
import { eventually } from '../../harness/eventually.ts'
import { startAgent, type TestAgent } from '../../harness/millrace-agent.ts'
import { startNatsCluster, type TestNatsCluster } from '../../harness/nats-cluster.ts'
import { startNatsSites } from '../../harness/nats-sites.ts'
import { BusyWriter, makeTable, ReplicationCluster } from '../../harness/replication-cluster.ts'
import { tempDir } from '../../harness/temp-dir.ts'

async function agentsOn(nats: TestNatsCluster, count: number) {
  await nats.ready()
  const folder = await tempDir('mr-outside-')
  const [tokenPath, authPath] = [join(folder.path, 'token'), join(folder.path, 'auth')]
  writeFileSync(tokenPath, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
  writeFileSync(authPath, `${nats.credentials.user}:${nats.credentials.password}\n`, { mode: 0o600 })
  const agents: TestAgent[] = []
  for (let index = 1; index <= count; index += 1)
    agents.push(
      await startAgent({
        args: [
          ...['--nats', nats.url, '--nats-auth-file', authPath, '--nats-replicas', '3', '--node-name', `node${index}`],
          ...['--cluster-token-file', tokenPath],
        ],
        startWithinMs: 60_000,
      }),
    )
  return {
    agents,
    async [Symbol.asyncDispose]() {
      await Promise.all(agents.map((agent) => agent[Symbol.asyncDispose]()))
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** Every status that the job is seen with until `stop`. */
function watchStatus(world: ReplicationCluster, id: string): { stop(): ReadonlySet<string> } {
  const seen = new Set<string>()
  const timer = setInterval(() => {
    world
      .job(id, world.agent('node1'))
      .then(({ Status, StatusDescription }) => seen.add(`${Status}: ${StatusDescription}`))
      .catch(() => undefined)
  }, 250)
  return {
    stop() {
      clearInterval(timer)
      return seen
    },
  }
}

async function admin(nats: TestNatsCluster): Promise<Connection & AsyncDisposable> {
  const connection = await openConnection({ url: nats.url, auth: nats.credentials, name: 'test', log: silentLog })
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() })
}

async function streamOf(connection: Connection, jobId: string) {
  return await (await connection.manager()).streams.info(frameStreamName(jobId))
}

/** The promise for a machine that died with a JetStream server. */
const machineDeathMs = 30_000

test('when a machine dies with its agent, its tasks and the server that leads the stream, rows flow within 30 s', async () => {
  await using nats = await startNatsCluster()
  await using world = await ReplicationCluster.over('mariadb-10.11', () => agentsOn(nats, 3))
  await using connection = await admin(nats)
  const table = await makeTable(world.source, 'shop')
  const { ID: id } = await world.create(world.jobOf('shop'), world.agent('node1'))
  const { target: name } = await world.whenStreaming(id, world.agent('node1'))
  await using writer = new BusyWriter(world.source, table)
  const leader = (await streamOf(connection, id)).cluster?.leader ?? ''
  await Promise.all([nats.server(leader).kill(), world.agent(name).kill()])
  const tookMs = await world.flow(table, 'after the machine died', machineDeathMs)
  console.log(`agent, tasks and stream leader killed: rows flow again after ${Math.round(tookMs)} ms`)
  const now = await world.whenStreaming(id, world.agentBeside(name), machineDeathMs)
  expect(now.target).not.toBe(name)
  await writer.stop()
  await world.whenEqual('shop')
})

test('a busy job loses nothing with its stream, with the server that leads it, or with all of NATS', async () => {
  await using nats = await startNatsCluster()
  await using world = await ReplicationCluster.over('mariadb-10.11', () => agentsOn(nats, 2))
  await using connection = await admin(nats)
  const table = await makeTable(world.source, 'shop')
  const first = world.agent('node1')
  const { ID: id } = await world.create(world.jobOf('shop'), first)
  await world.whenStreaming(id, first)
  expect((await streamOf(connection, id)).config.num_replicas).toBe(3)
  await using writer = new BusyWriter(world.source, table)
  const watching = watchStatus(world, id)

  await deleteFrameStream(connection, id)
  console.log(`stream deleted: rows flow again after ${Math.round(await world.flow(table, 'no stream', 30_000))} ms`)

  const leader = (await streamOf(connection, id)).cluster?.leader ?? ''
  await nats.server(leader).kill()
  console.log(
    `stream leader killed: rows flow again after ${Math.round(await world.flow(table, 'no leader', 30_000))} ms`,
  )
  await nats.server(leader).start()
  await nats.ready()

  for (const server of nats.servers) await server.kill()
  await world.source.query(`INSERT INTO ${table} (note) VALUES ('no NATS')`)
  await world.whenStatus(id, first, 'pending', /./, 30_000)
  for (const server of nats.servers) await server.start()
  console.log(`NATS started again: rows flow after ${Math.round(await world.flow(table, 'NATS is back', 60_000))} ms`)

  expect(await writer.stop()).toBeGreaterThan(20)
  await world.whenEqual('shop')
  await world.whenStreaming(id, first)
  const seen = watching.stop()
  // It heals by itself, so nothing of it needs anybody.
  expect([...seen].filter((status) => !/^(running|pending): ./.test(status))).toEqual([])
  await eventually(async () => (await streamOf(connection, id)).cluster?.replicas?.every((one) => one.current), 30_000)
})

/** `node1` behind a leaf node, `node2` at its hub. */
async function agentsOfTwoSites() {
  const folder = await tempDir('mr-sites-')
  const tokenPath = join(folder.path, 'token')
  writeFileSync(tokenPath, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
  const sites = await startNatsSites()
  const agents: TestAgent[] = []
  for (const [index, { url }] of [sites.leaf, sites.hub].entries()) {
    const shared = ['--nats-domain', 'hub', '--cluster-token-file', tokenPath]
    agents.push(await startAgent({ args: ['--node-name', `node${index + 1}`, '--nats', url, ...shared] }))
  }
  return {
    agents,
    async [Symbol.asyncDispose]() {
      await Promise.all(agents.map((agent) => agent[Symbol.asyncDispose]()))
      await sites[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

test('rows go from a site behind a leaf node to the site of its hub', async () => {
  await using world = await ReplicationCluster.over('mariadb-10.11', agentsOfTwoSites)
  const table = await makeTable(world.source, 'shop')
  const at = world.agent('node1')
  const nodes = await world.nodes(at)
  const on = (name: string) => ({ NodeId: nodes.find(({ Name }) => Name === name)?.ID })
  const { ID: id } = await world.create(world.jobOf('shop', { source: on('node1'), target: on('node2') }), at)
  expect(await world.whenStreaming(id, at)).toEqual({ source: 'node1', target: 'node2' })
  await using writer = new BusyWriter(world.source, table)
  await world.flow(table, 'over the leaf node', 30_000)
  await writer.stop()
  await world.whenEqual('shop')
})
