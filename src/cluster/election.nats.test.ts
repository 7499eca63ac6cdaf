/** What an election of JetStream does to members and to leadership: three NATS servers, of which one dies. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { startNatsCluster, type TestNatsCluster } from '../../test/harness/nats-cluster.ts'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { openBeats } from '../engine/beats.ts'
import { openConnection } from '../engine/connection.ts'
import { openBucket } from '../engine/kv-bucket.ts'
import { openLease } from '../engine/lease.ts'
import { LeaderLoop } from './leader-loop.ts'
import { joinCluster } from './membership.ts'
import type { Heartbeat, MemberRecord, NameClaim } from './ports.ts'

async function node(nats: TestNatsCluster, index: number) {
  const nodeName = `node${index + 1}`
  const nodeId = randomUUID()
  // Its own server first.
  const urls = nats.servers.map((_, n) => nats.servers[(n + index) % nats.servers.length]?.url ?? '')
  const auth = nats.credentials
  const connection = await openConnection({ url: urls.join(','), auth, name: nodeName, log: silentLog, replicas: 3 })
  const lease = await openLease(connection, { nodeId, nodeName })
  const membership = await joinCluster({
    self: {
      ...{ nodeId, nodeName, status: 'alive', address: '127.0.0.1', dkronPort: 1, udupPort: 2, natsPort: 3 },
      ...{ natsRoutePort: 4, natsRole: 'server', tags: {}, version: '0.1.0', startedAt: 0 },
    },
    beats: openBeats<Heartbeat>(connection),
    records: await openBucket<MemberRecord>(connection, { name: 'member-records', storage: 'file', patienceMs: 1_000 }),
    names: await openBucket<NameClaim>(connection, { name: 'node-names', storage: 'file' }),
    leaderName: () => lease.observed()?.leaderName ?? null,
    clock: systemClock,
    log: silentLog,
  })
  const loop = new LeaderLoop({ lease, duties: [], clock: systemClock, log: silentLog })
  const abort = new AbortController()
  const running = loop.run(abort.signal)
  onTestFinished(async () => {
    abort.abort()
    await running
    await membership.close()
    await lease.close()
    await connection.close()
  })
  return { nodeName, membership, loop }
}

test('the NATS server that leads the lease dies: nobody is failed, never do two lead, and soon one does', async () => {
  const nats = await startNatsCluster()
  onTestFinished(() => nats[Symbol.asyncDispose]())
  const nodes = await Promise.all([0, 1, 2].map((index) => node(nats, index)))
  const leaders = () => nodes.filter(({ loop }) => loop.term !== null)
  await eventually(() => leaders().length === 1, 15_000)
  await eventually(() => nodes.every(({ membership }) => membership.members().length === 3), 5_000)
  const statuses = new Set<string>()
  let mostLeaders = 0
  const looking = setInterval(() => {
    mostLeaders = Math.max(mostLeaders, leaders().length)
    for (const { membership } of nodes) for (const { status } of membership.members()) statuses.add(status)
  }, 10)
  onTestFinished(() => clearInterval(looking))
  for (const name of await streamLeaders(nats)) {
    const killedMs = performance.now()
    await nats.server(name).kill()
    await sleep(2_500)
    await eventually(() => leaders().length === 1, 15_000)
    console.log(`${name} killed: one node leads, ${(performance.now() - killedMs).toFixed(0)} ms later at most`)
    const [leader] = leaders()
    await eventually(
      () => nodes.every(({ membership }) => membership.leader()?.nodeName === leader?.nodeName),
      5_000,
      'everybody knows who leads',
    )
    await nats.server(name).start()
    await sleep(3_000)
  }
  expect([...statuses]).toEqual(['alive'])
  expect(mostLeaders).toBe(1)
}, 90_000)

/** The server that leads the stream of the lease, and one that does not. */
async function streamLeaders(nats: TestNatsCluster): Promise<readonly string[]> {
  const connection = await openConnection({ url: nats.url, auth: nats.credentials, name: 'test', log: silentLog })
  const manager = await connection.manager()
  const { cluster } = await manager.streams.info('KV_cluster')
  await connection.close()
  const leader = cluster?.leader ?? ''
  const follower = nats.servers.find(({ name }) => name !== leader)?.name ?? ''
  return [leader, follower]
}
