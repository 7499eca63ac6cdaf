import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { startNatsCluster } from '../../test/harness/nats-cluster.ts'
import { startNats } from '../../test/harness/nats-server.ts'
import { silentLog } from '../core/log.ts'
import { type Connection, openConnection } from './connection.ts'
import { openBucket } from './kv-bucket.ts'
import { readServerHealth } from './server-health.ts'
import { transferStreams } from './store-transfer.ts'
import { gatherOn, listStreams, readMetaGroup, waitForMetaGroup } from './topology.ts'

const buckets = 40
const attempts = 6
const watchEveryMs = 100
const signal = new AbortController().signal
const patience = { withinMs: 60_000, signal }

async function openAll() {
  const cluster = await startNatsCluster()
  onTestFinished(() => cluster[Symbol.asyncDispose]())
  const options = { url: cluster.url, name: 'test', log: silentLog, replicas: 3 }
  const connection = await openConnection({ ...options, auth: cluster.credentials })
  onTestFinished(() => connection.close())
  const system = await openConnection({ ...options, auth: cluster.systemCredentials, needsJetStream: false })
  onTestFinished(() => system.close())
  return { cluster, connection, system }
}

async function filledServer(): Promise<Connection> {
  const nats = await startNats()
  onTestFinished(() => nats[Symbol.asyncDispose]())
  const connection = await openConnection({ url: nats.url, name: 'from', log: silentLog })
  onTestFinished(() => connection.close())
  for (let n = 1; n <= buckets; n += 1) {
    const bucket = await openBucket<number>(connection, { name: `b${n}`, storage: 'file' })
    for (let k = 0; k < 6; k += 1) await bucket.put(`k${k % 3}`, k)
  }
  return connection
}

/** A copy that its stream's leader calls current, and its own server does not. */
async function copyBehind(connection: Connection, system: Connection) {
  const claims = await listStreams(connection)
  for (const { name, copies } of await listStreams(connection, system)) {
    const claimed = claims.find((stream) => stream.name === name)?.copies ?? []
    const behind = copies.find((copy) => !copy.isCurrent && claimed.find((one) => one.name === copy.name)?.isCurrent)
    if (behind !== undefined) return { stream: name, server: behind.name }
  }
  return undefined
}

test('a copy that was restored and has no messages yet is not called current, nor asked to lead', async () => {
  const from = await filledServer()
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const { connection, system } = await openAll()
    await transferStreams(from, connection, { isWanted: () => true, replicas: 3, signal })
    const found = await copyBehind(connection, system)
    // NATS is quicker with its copies now and then.
    if (found === undefined) continue
    const gathering = new AbortController()
    const watching = watchLeaders(connection, gathering.signal)
    await gatherOn(connection, system, found.server, patience)
    gathering.abort()
    expect((await (await openBucket(connection, { name: found.stream.slice(3), storage: 'file' })).list()).length).toBe(
      3,
    )
    // An election among copies that all have the messages is over sooner.
    expect((await watching) * watchEveryMs).toBeLessThan(3_000)
    return
  }
  throw new Error(`no copy was behind in any of ${attempts} restores`)
}, 240_000)

/** @returns how often a look found the stream that was without a leader most without one */
async function watchLeaders(connection: Connection, until: AbortSignal): Promise<number> {
  const leaderless = new Map<string, number>()
  while (!until.aborted) {
    for (const { name, leader } of await listStreams(connection))
      if (leader === null) leaderless.set(name, (leaderless.get(name) ?? 0) + 1)
    await sleep(watchEveryMs)
  }
  return Math.max(0, ...leaderless.values())
}

test('of a server that is dead every copy is behind, of others none', async () => {
  const { cluster, connection, system } = await openAll()
  await openBucket(connection, { name: 'b', storage: 'file' })
  await waitForMetaGroup(system, 3, patience)
  const leader = (await readMetaGroup(system))?.leader
  const dead = cluster.servers.find(({ name, url }) => name !== leader && url !== `nats://${system.nats.getServer()}`)
  await dead?.kill()
  for (const { name } of cluster.servers) {
    const health = await readServerHealth(system, name)
    expect([name, health.isBehind('KV_b')]).toEqual([name, name === dead?.name])
  }
})
