import { expect, onTestFinished, test } from 'vitest'
import { TestAuthority } from '../../test/harness/certificates.ts'
import { eventually } from '../../test/harness/eventually.ts'
import { freePort } from '../../test/harness/free-port.ts'
import { startNatsCluster } from '../../test/harness/nats-cluster.ts'
import { natsServerPath, startNats } from '../../test/harness/nats-server.ts'
import { tempDir } from '../../test/harness/temp-dir.ts'
import { silentLog } from '../core/log.ts'
import { openConnection } from './connection.ts'
import { startEmbeddedServer } from './embedded-server.ts'
import { openBucket } from './kv-bucket.ts'
import { serverFiles } from './server-files.ts'
import { findRunningServer } from './server-process.ts'

const secrets = { clientPassword: 'c'.repeat(40), systemPassword: 's'.repeat(40), routePassword: 'r'.repeat(40) }

async function authority(name?: string) {
  const folder = await tempDir('mr-tls-')
  onTestFinished(() => folder[Symbol.asyncDispose]())
  return { folder: folder.path, ca: await TestAuthority.make(folder.path, name) }
}

const open = (url: string, tls: { readonly caPath: string }) =>
  openConnection({ url, tls, auth: { user: 'u', password: 'p' }, name: 'test', log: silentLog, connectWithinMs: 5_000 })

const serverConfig = (paths: { readonly certPath: string; readonly keyPath: string }) =>
  `authorization { user: u, password: p }\ntls { cert_file: "${paths.certPath}", key_file: "${paths.keyPath}" }`

test.each([
  ['an address', 'IP:127.0.0.1', '127.0.0.1'],
  ['a name', 'DNS:localhost', 'localhost'],
])('a certificate for %s is believed when that is what we dial', async (_name, subject, host) => {
  const { ca } = await authority()
  await using nats = await startNats({ config: serverConfig(await ca.issue('server', [subject])) })
  const connection = await open(`nats://${host}:${nats.port}`, { caPath: ca.caPath })
  expect(connection.isConnected).toBe(true)
  await connection.close()
})

test('a certificate for another host, or by another authority, is refused with the reason', async () => {
  const { ca } = await authority()
  const stranger = await authority('stranger')
  await using nats = await startNats({ config: serverConfig(await ca.issue('server', ['DNS:elsewhere.example'])) })
  await expect(open(nats.url, { caPath: ca.caPath })).rejects.toMatchObject({
    code: 'NATS_TLS',
    message: expect.stringMatching(/elsewhere\.example.*127\.0\.0\.1/),
  })
  await expect(open(nats.url, { caPath: stranger.ca.caPath })).rejects.toMatchObject({ code: 'NATS_TLS' })
})

test('a server without TLS is refused where TLS is asked for', async () => {
  const { ca } = await authority()
  await using nats = await startNats({ config: 'authorization { user: u, password: p }' })
  await expect(open(nats.url, { caPath: ca.caPath })).rejects.toMatchObject({ code: 'NATS_TLS' })
})

test('an embedded server with TLS is adopted, is dialled by the name that it advertises, and lets in nobody without its certificates', async () => {
  const { ca, folder } = await authority()
  const port = await freePort()
  const dataDir = `${folder}/data`
  const tls = await ca.issue('node', ['DNS:localhost'])
  const start = () =>
    startEmbeddedServer({
      ...{ dataDir, tls },
      listen: `127.0.0.1:${port}`,
      advertise: `localhost:${port}`,
      serverPath: natsServerPath(),
      serverName: 'a',
      secrets,
      log: silentLog,
    })
  onTestFinished(() => {
    const left = findRunningServer(serverFiles(dataDir))
    if (left !== null) process.kill(left.pid, 'SIGKILL')
  })
  const first = await start()
  await first.close()
  const server = await start()
  expect([server.wasAdopted, server.url]).toEqual([true, `nats://localhost:${port}`])
  const options = { url: server.url, auth: server.credentials, name: 't', log: silentLog, connectWithinMs: 5_000 }
  const connection = await openConnection({ ...options, tls })
  await (await openBucket<number>(connection, { name: 'b', storage: 'file' })).put('a', 1)
  await connection.close()
  const { ca: strange } = await authority('stranger')
  const { certPath, keyPath } = await strange.issue('node', ['DNS:localhost'])
  for (const client of [{ caPath: ca.caPath }, { caPath: ca.caPath, certPath, keyPath }])
    await expect(openConnection({ ...options, tls: client })).rejects.toMatchObject({ name: expect.any(String) })
  await server.stop()
})

test('three servers meet over TLS, and a client goes from one to another', async () => {
  const { ca } = await authority()
  const tls = await ca.issue('node', ['IP:127.0.0.1'])
  await using cluster = await startNatsCluster({ tls })
  const [first] = cluster.servers
  const options = { auth: cluster.credentials, tls, name: 'test', log: silentLog, replicas: 3 }
  // The other two are known by what the first one tells only.
  const connection = await openConnection({ url: first?.url ?? '', ...options })
  onTestFinished(() => connection.close())
  const bucket = await openBucket<number>(connection, { name: 'b', storage: 'file' })
  await bucket.put('a', 1)
  await first?.kill()
  await eventually(async () => (await bucket.get('a'))?.value === 1, 15_000)
})

test('a server with a certificate by another authority is not let into the cluster', async () => {
  const { ca } = await authority()
  await using cluster = await startNatsCluster({
    hosts: ['127.0.0.1', '127.0.0.1'],
    tls: await ca.issue('node', ['IP:127.0.0.1']),
  })
  const stranger = await authority('stranger')
  const refused = await cluster.add('n3', '127.0.0.1', await stranger.ca.issue('n3', ['IP:127.0.0.1']))
  await eventually(async () => /tls|certificate/i.test(await refused.log()), 10_000)
  expect(await refused.log()).not.toMatch(/JetStream cluster new metadata leader/)
})
