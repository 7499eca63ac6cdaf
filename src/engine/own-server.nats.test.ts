import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { startNatsCluster, type TestClusterServer } from '../../test/harness/nats-cluster.ts'
import { silentLog } from '../core/log.ts'
import { openConnection } from './connection.ts'
import { returnToOwnServer } from './own-server.ts'

/** Longer than a server must have served before it is gone back to for the first time. */
const longEnoughMs = 10_000

/** Three servers, and a connection with the first of them whose own one is that in `place`. */
async function connectedWithFirst(place: 0 | 1) {
  const cluster = await startNatsCluster()
  const ending = new AbortController()
  const connection = await openConnection({
    ...{ name: 'test', log: silentLog, auth: cluster.credentials },
    url: cluster.url,
  })
  onTestFinished(async () => {
    ending.abort()
    await connection.close()
    await cluster[Symbol.asyncDispose]()
  })
  const own = cluster.servers[place]
  const others = cluster.servers.filter((server) => server !== own)
  if (own === undefined) throw new Error('no server')
  const node = { runsServer: true }
  const server = { serverName: own.name, address: addressOf(own) }
  const servers = cluster.servers.map(addressOf)
  void returnToOwnServer(connection, () => ({ servers, own: node.runsServer ? server : null }), ending.signal)
  const isAtHome = () => connection.isConnected && connection.serverName === own.name
  return { own, others, node, server, connection, isAtHome }
}

function addressOf({ url }: TestClusterServer): string {
  return url.replace('nats://', '')
}

test('a connection goes back to its own server each time that one is there again, and what it asked goes on', async () => {
  const { own, connection, isAtHome } = await connectedWithFirst(0)
  let answers = 0
  let isOver = false
  const asking = (async () => {
    const manager = await connection.manager()
    for (; !isOver; answers += 1) await connection.retry('account', () => manager.getAccountInfo())
  })()
  for (let turn = 1; turn <= 2; turn += 1) {
    await own.kill()
    await eventually(() => connection.isConnected && !isAtHome(), 20_000)
    await own.start()
    await eventually(isAtHome, 60_000)
    const before = answers
    await eventually(() => answers > before + 10, 20_000)
  }
  isOver = true
  await asking
})

test('a server that serves no JetStream is not gone back to, nor one that the node has no more', async () => {
  const { own, others, node, server, connection, isAtHome } = await connectedWithFirst(1)
  let losses = 0
  connection.onChange((isConnected) => {
    if (!isConnected) losses += 1
  })
  const routes = others.map(({ route }) => route)
  await own.stop()
  for (const other of others) await other.setRoutes(routes)
  // It answers clients, and knows nobody who leads.
  await own.setRoutes([own.route])
  await own.start()
  await sleep(longEnoughMs)
  expect(losses).toBe(0)
  node.runsServer = false
  await own.setRoutes(routes)
  await eventually(() => connection.wouldServe(server.address), 60_000)
  await sleep(longEnoughMs)
  expect(losses).toBe(0)
  node.runsServer = true
  await eventually(isAtHome, 60_000)
  expect(losses).toBe(1)
})
