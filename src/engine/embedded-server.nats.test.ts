import { execFileSync } from 'node:child_process'
import { appendFileSync, rmSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { freePort } from '../../test/harness/free-port.ts'
import { natsServerPath } from '../../test/harness/nats-server.ts'
import { tempDir } from '../../test/harness/temp-dir.ts'
import { silentLog } from '../core/log.ts'
import { isAlive, processIdentity } from '../core/process-identity.ts'
import { openConnection } from './connection.ts'
import {
  discardStore,
  type EmbeddedServer,
  type EmbeddedServerOptions,
  startEmbeddedServer,
} from './embedded-server.ts'
import { NatsAccessError } from './errors.ts'
import { openBucket } from './kv-bucket.ts'
import type { ServerSecrets } from './server-config.ts'
import { serverFiles } from './server-files.ts'
import { readServerHealth } from './server-health.ts'
import { findRunningServer } from './server-process.ts'
import { listStreams, waitForMetaGroup } from './topology.ts'

const secrets: ServerSecrets = {
  clientPassword: 'c1'.repeat(20),
  systemPassword: 'd1'.repeat(20),
  routePassword: 'e1'.repeat(20),
}

interface Place {
  readonly dataDir: string
  readonly port: number
  start(more?: Partial<EmbeddedServerOptions>): Promise<EmbeddedServer>
}

/** A data directory and a port; whatever server runs there at the end of the test is stopped. */
async function place(wanted: { readonly dataDir?: string } = {}): Promise<Place> {
  const folder = await tempDir('mr-emb-')
  const port = await freePort()
  const dataDir = wanted.dataDir ?? join(folder.path, 'data')
  let last: EmbeddedServer | null = null
  onTestFinished(async () => {
    await last?.close()
    const left = findRunningServer(serverFiles(dataDir))
    if (left !== null) process.kill(left.pid, 'SIGKILL')
    await folder[Symbol.asyncDispose]()
  })
  return {
    dataDir,
    port,
    async start(more = {}) {
      last = await startEmbeddedServer({
        dataDir,
        listen: `127.0.0.1:${port}`,
        serverPath: natsServerPath(),
        serverName: 'node-a',
        secrets,
        log: silentLog,
        ...more,
      })
      return last
    },
  }
}

const connectTo = (server: EmbeddedServer) =>
  openConnection({ url: server.url, auth: server.credentials, name: 'test', log: silentLog })

test('the server starts, stores, and stops', async () => {
  const server = await (await place()).start()
  const connection = await connectTo(server)
  const bucket = await openBucket<number>(connection, { name: 'b', storage: 'file' })
  await bucket.put('a', 1)
  expect(connection.maxPayloadBytes).toBe(8 * 1024 * 1024)
  await connection.close()
  const identity = processIdentity(server.pid)
  await server.stop()
  expect(identity !== null && isAlive(identity)).toBe(false)
})

test('a server left running is adopted by the next start, with what it stored', async () => {
  const { start } = await place()
  const first = await start()
  const connection = await connectTo(first)
  await (await openBucket<number>(connection, { name: 'b', storage: 'file' })).put('a', 1)
  await connection.close()
  await first.close()
  const second = await start()
  expect(second.wasAdopted).toBe(true)
  expect(second.pid).toBe(first.pid)
  const again = await connectTo(second)
  expect((await (await openBucket<number>(again, { name: 'b', storage: 'file' })).get('a'))?.value).toBe(1)
  await again.close()
  await second.stop()
})

test('a server whose pid file is lost is found by its arguments and replaced', async () => {
  const { start, dataDir } = await place()
  const first = await start()
  await first.close()
  await writeFile(join(dataDir, 'nats', 'nats.pid'), 'torn')
  const second = await start()
  expect(second.pid).not.toBe(first.pid)
  expect(processIdentity(first.pid)).toBeNull()
  await second.stop()
})

test('a server with another configuration is replaced, not adopted', async () => {
  const { start } = await place()
  const first = await start()
  await first.close()
  const second = await start({ serverName: 'node-b' })
  expect(second.wasAdopted).toBe(false)
  expect(processIdentity(first.pid)).toBeNull()
  await second.stop()
})

test('a server left running is given other passwords without a restart, and the old ones are refused', async () => {
  const { start } = await place()
  const first = await start()
  await first.close()
  const second = await start({ secrets: { ...secrets, clientPassword: 'f2'.repeat(20) } })
  expect([second.wasAdopted, second.pid]).toEqual([true, first.pid])
  await (await connectTo(second)).close()
  await expect(connectTo(first)).rejects.toBeInstanceOf(NatsAccessError)
  await second.stop()
})

test('passwords change while the server runs: who has the old one is put out, who has the new one gets in', async () => {
  const server = await (await place()).start()
  const { credentials, pid } = server
  const old = await connectTo(server)
  await server.reconfigure({ secrets: { ...secrets, clientPassword: 'f2'.repeat(20) } })
  await eventually(() => !old.isConnected, 5_000)
  await old.close()
  await expect(
    openConnection({ url: server.url, auth: credentials, name: 'test', log: silentLog }),
  ).rejects.toBeInstanceOf(NatsAccessError)
  await (await connectTo(server)).close()
  expect(server.pid).toBe(pid)
  await server.stop()
})

test('what a running server cannot take over is refused, and it goes on as before', async () => {
  const server = await (await place()).start()
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  const cluster = { name: 'c', listen: address, advertise: address, routes: [address] }
  await expect(server.reconfigure({ cluster })).rejects.toMatchObject({
    code: 'NATS_RELOAD',
    message: expect.stringContaining('the address for other servers'),
  })
  await (await connectTo(server)).close()
  await server.stop()
})

test('a store is discarded together with the server that was left running on it', async () => {
  const { start, dataDir } = await place()
  const server = await start({ storeName: 'store-x1' })
  await server.close()
  await discardStore(dataDir, 'store-x1')
  expect(processIdentity(server.pid)).toBeNull()
  expect(await readdir(join(dataDir, 'nats'))).toEqual([])
})

test('a server killed with -9 is started again at once and connections come back', async () => {
  const { start } = await place()
  const server = await start()
  const connection = await connectTo(server)
  const bucket = await openBucket<number>(connection, { name: 'b', storage: 'file' })
  await bucket.put('a', 1)
  let exits = 0
  server.onExit(() => {
    exits += 1
  })
  const killedPid = server.pid
  process.kill(killedPid, 'SIGKILL')
  const startedMs = performance.now()
  await bucket.put('a', 2)
  console.log(`writing again ${(performance.now() - startedMs).toFixed(0)} ms after kill -9`)
  expect(exits).toBe(1)
  await eventually(() => server.pid !== killedPid, 2_000)
  await connection.close()
  await server.stop()
})

test('the secrets are in no argument and no file that others can read', async () => {
  const { start, dataDir } = await place()
  const server = await start()
  for (const secret of Object.values(secrets)) {
    expect(await readFile(`/proc/${server.pid}/cmdline`, 'utf8')).not.toContain(secret)
    expect(await readFile(`/proc/${server.pid}/environ`, 'utf8')).not.toContain(secret)
    expect(await readFile(join(dataDir, 'nats', 'nats.log'), 'utf8')).not.toContain(secret)
  }
  for (const path of ['nats', 'nats/nats.conf']) expect((await stat(join(dataDir, path))).mode & 0o077, path).toBe(0)
  await server.stop()
})

test('a client without the secret is refused', async () => {
  const server = await (await place()).start()
  await expect(openConnection({ url: server.url, name: 'stranger', log: silentLog })).rejects.toBeInstanceOf(
    NatsAccessError,
  )
  await server.stop()
})

test('a port that another program uses is named together with the flag', async () => {
  const { start, port } = await place()
  const other = createServer().listen(port, '127.0.0.1')
  onTestFinished(() => void other.close())
  await expect(start()).rejects.toMatchObject({
    code: 'NATS_PORT_TAKEN',
    message: expect.stringMatching(new RegExp(`127\\.0\\.0\\.1:${port}.*--nats-addr`)),
  })
})

test('a program that is too old is refused with its version and the wanted one', async () => {
  const { start, dataDir } = await place()
  const serverPath = await fakeServer(dataDir, 'echo "nats-server: v2.9.10"')
  await expect(start({ serverPath })).rejects.toMatchObject({
    code: 'NATS_TOO_OLD',
    message: expect.stringMatching(/2\.9\.10 .*2\.10\.23/),
  })
})

test('a program that ends while it starts is reported with the end of its log', async () => {
  const { start, dataDir } = await place()
  const script = 'if [ "$1" = --version ]; then echo "nats-server: v2.15.1"; else echo no luck today; exit 3; fi'
  const serverPath = await fakeServer(dataDir, script)
  await expect(start({ serverPath })).rejects.toMatchObject({
    code: 'NATS_START',
    message: expect.stringContaining('no luck today'),
  })
})

test('a store that is no folder is reported with its path', async () => {
  const { start, dataDir } = await place()
  await mkdir(dataDir, { recursive: true })
  await writeFile(join(dataDir, 'nats'), 'a file in the way')
  await expect(start()).rejects.toMatchObject({ code: 'NATS_STORE', message: expect.stringContaining(dataDir) })
})

async function fakeServer(dataDir: string, script: string): Promise<string> {
  await mkdir(dataDir, { recursive: true })
  const path = join(dataDir, 'fake-nats-server')
  await writeFile(path, `#!/bin/sh\n${script}\n`)
  await chmod(path, 0o755)
  return path
}

/** A small disk of its own; what is on it must have ended when the test does. */
async function smallDisk(): Promise<string> {
  const disk = await tempDir('mr-disk-')
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m,mode=0700', 'tmpfs', disk.path])
  onTestFinished(async () => {
    execFileSync('umount', ['-l', disk.path])
    await disk[Symbol.asyncDispose]()
  })
  return disk.path
}

/** @returns what makes room again */
function fill(disk: string): () => void {
  const filler = join(disk, 'filler')
  expect(() => {
    for (;;) appendFileSync(filler, Buffer.alloc(4_096))
  }).toThrow('ENOSPC')
  return () => rmSync(filler)
}

const large = 'x'.repeat(8_000)

test.runIf(process.getuid?.() === 0)(
  'a server that could not write its store is started again once there is room, and what it stored is there',
  async () => {
    const disk = await smallDisk()
    const where = await place({ dataDir: disk })
    const server = await where.start()
    const connection = await connectTo(server)
    onTestFinished(() => connection.close())
    const bucket = await openBucket<string>(connection, { name: 'b', storage: 'file' })
    await bucket.put('a', 'before')
    const firstPid = server.pid
    // Those who watch it had the password of before.
    await new Promise((resolve) => setTimeout(resolve, 500))
    await server.reconfigure({ secrets: { ...secrets, systemPassword: 'd2'.repeat(20) } })
    const makeRoom = fill(disk)
    await expect(bucket.put('b', large)).rejects.toThrow()
    makeRoom()
    await eventually(() => server.pid !== firstPid, 20_000)
    expect((await bucket.get('a'))?.value).toBe('before')
    await eventually(() => bucket.put('b', large), 10_000)
  },
)

test.runIf(process.getuid?.() === 0)(
  'a server of several that switched JetStream off on a full disk has all copies again once there is room',
  async () => {
    const disk = await smallDisk()
    const places = [await place({ dataDir: disk }), await place(), await place()]
    const routes: string[] = []
    for (const _ of places) routes.push(`127.0.0.1:${await freePort()}`)
    const servers = await Promise.all(
      places.map((one, index) => {
        const cluster = {
          name: 'full-disk',
          listen: routes[index] ?? '',
          advertise: routes[index] ?? '',
          routes,
          hidesServers: false,
        }
        return one.start({ serverName: `node-${index}`, cluster })
      }),
    )
    const [full, other] = servers
    if (full === undefined || other === undefined) throw new Error('no servers')
    const options = { url: other.url, log: silentLog, replicas: 3 }
    const connection = await openConnection({ ...options, name: 'test', auth: other.credentials })
    onTestFinished(() => connection.close())
    const access = { auth: other.systemCredentials, needsJetStream: false }
    const system = await openConnection({ ...options, ...access, name: 'test system' })
    onTestFinished(() => system.close())
    await waitForMetaGroup(system, 3, { withinMs: 20_000, signal: new AbortController().signal })
    const bucket = await openBucket<string>(connection, { name: 'b', storage: 'file' })
    const firstPid = full.pid
    const makeRoom = fill(disk)
    await eventually(async () => {
      await bucket.put('a', large)
      return (await readServerHealth(system, 'node-0')).writeTrouble === 'JetStream not enabled'
    }, 30_000)
    makeRoom()
    await eventually(() => full.pid !== firstPid, 20_000)
    await eventually(async () => {
      const [stream] = await listStreams(connection, system)
      return stream?.copies.length === 3 && stream.isSettled
    }, 30_000)
  },
)
