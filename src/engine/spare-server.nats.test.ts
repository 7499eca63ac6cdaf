import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { startNatsCluster } from '../../test/harness/nats-cluster.ts'
import { silentLog } from '../core/log.ts'
import { openConnection } from './connection.ts'
import { openBucket } from './kv-bucket.ts'
import { spareServer } from './spare-server.ts'
import { type PeerState, readMetaGroup, removePeer, scaleStreams, waitForMetaGroup } from './topology.ts'

const patience = { withinMs: 30_000, signal: new AbortController().signal }

test('a server is replaced while another one is dead: the streams go on, and take what is written', async () => {
  const cluster = await startNatsCluster()
  onTestFinished(() => cluster[Symbol.asyncDispose]())
  const options = { url: cluster.url, name: 'test', log: silentLog, replicas: 3 }
  const connection = await openConnection({ ...options, auth: cluster.credentials })
  onTestFinished(() => connection.close())
  const system = await openConnection({ ...options, auth: cluster.systemCredentials, needsJetStream: false })
  onTestFinished(() => system.close())
  const buckets = []
  for (let n = 0; n < 8; n += 1)
    buckets.push(await openBucket<number>(connection, { name: `b${n}`, storage: n % 4 === 3 ? 'memory' : 'file' }))
  await waitForMetaGroup(system, 3, patience)
  await scaleStreams(connection, 3, patience)
  for (const bucket of buckets) for (let n = 1; n <= 20; n += 1) await bucket.put(`k${n}`, n)
  const [n1, n2, n3] = cluster.servers
  await n3?.kill()
  const routes = cluster.servers.map(({ route }) => route)
  const n4 = await cluster.add('n4')
  for (const one of [n1, n2]) await one?.setRoutes([...routes, n4.route])
  await waitForMetaGroup(system, 3, patience)
  connection.setServers([n2, n4].map((one) => (one?.url ?? '').replace('nats://', '')))
  system.setServers([n2, n4].map((one) => (one?.url ?? '').replace('nats://', '')))
  const current = (peers: readonly PeerState[] = []) => peers.filter((peer) => peer.isCurrent && !peer.isOffline)
  await eventually(async () => {
    const there = new Set(current((await readMetaGroup(system))?.peers).map(({ name }) => name))
    if (there.has('n3')) return false
    return (await spareServer(connection, system, 'n1', there, () => {})).length === 0
  }, 60_000)
  await removePeer(system, 'n1', patience)
  await n1?.stop()
  for (const bucket of buckets) await eventually(async () => (await bucket.put('after', 1)) > 0, 30_000, 'a write')
  for (const bucket of buckets) expect((await bucket.list()).length).toBe(21)
  await n3?.start()
  await waitForMetaGroup(system, 3, patience)
  await scaleStreams(connection, 3, { ...patience, withinMs: 60_000 })
  for (const bucket of buckets) expect((await bucket.list()).length).toBe(21)
}, 200_000)
