/** The files in a real NATS server: for its clients and for the routes between servers, which verify each other. */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import { freePort } from '../../../test/harness/free-port.ts'
import { startNats } from '../../../test/harness/nats-server.ts'
import { keygen } from './keygen.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mr-nats-keys-'))
  for (const cluster of ['ours', 'theirs']) keygen(join(folder, cluster), 'a.example,10.0.0.1')
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true }))

interface Place {
  readonly routePort: number
  readonly otherRoutePort: number
  readonly monitorPort: number
  readonly name: string
  readonly keys: string
  readonly host: string
}

function configuration({ routePort, otherRoutePort, monitorPort, name, keys, host }: Place): string {
  const path = (file: string) => JSON.stringify(join(folder, keys, file))
  const tls = `tls { ca_file: ${path('ca.pem')}, cert_file: ${path(`${host}.pem`)}, key_file: ${path(`${host}-key.pem`)}, verify: true }`
  return `
server_name: ${name}
http: "127.0.0.1:${monitorPort}"
${tls}
cluster { name: test, listen: "127.0.0.1:${routePort}", routes: ["nats://127.0.0.1:${otherRoutePort}"], ${tls} }
`
}

async function routesOf(monitorPort: number): Promise<readonly string[]> {
  const response = await fetch(`http://127.0.0.1:${monitorPort}/routez`)
  const { routes } = (await response.json()) as { routes: { remote_name: string }[] }
  return [...new Set(routes.map((route) => route.remote_name))]
}

/** Speaks the protocol by hand: greeting, then TLS, then CONNECT. @returns what the server answers to a PING */
async function ping(port: number, keys: string): Promise<string> {
  const read = (file: string) => readFileSync(join(folder, keys, file))
  const plain = connectPlain(port, '127.0.0.1')
  const [greeting] = (await once(plain, 'data')) as [Buffer]
  expect(greeting.toString()).toContain('"tls_required":true')
  const socket = connectTls({
    socket: plain,
    host: '127.0.0.1',
    ca: readFileSync(join(folder, 'ours', 'ca.pem')),
    cert: read('a.example.pem'),
    key: read('a.example-key.pem'),
  })
  socket.write('CONNECT {"verbose":false}\r\nPING\r\n')
  let text = ''
  for await (const chunk of socket.setEncoding('utf8')) {
    text += chunk
    if (text.includes('PONG')) break
  }
  return text
}

test('servers with these files let clients in and meet each other, and refuse those of another authority', async () => {
  const [routeA, routeB, monitorA, monitorB] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const a = {
    routePort: routeA,
    otherRoutePort: routeB,
    monitorPort: monitorA,
    name: 'a',
    keys: 'ours',
    host: 'a.example',
  }
  const b = {
    routePort: routeB,
    otherRoutePort: routeA,
    monitorPort: monitorB,
    name: 'b',
    keys: 'ours',
    host: '10.0.0.1',
  }
  await using serverA = await startNats({ config: configuration(a) })
  {
    await using _serverB = await startNats({ config: configuration(b) })
    await eventually(async () => (await routesOf(monitorA)).includes('b'), 20_000)
    await eventually(async () => (await routesOf(monitorB)).includes('a'), 20_000)
    expect(await ping(serverA.port, 'ours')).toContain('PONG')
    expect(await ping(serverA.port, 'theirs').catch(() => 'refused')).not.toContain('PONG')
  }
  await using serverC = await startNats({ config: configuration({ ...b, name: 'c', keys: 'theirs' }) })
  await eventually(async () => (await serverC.log()).includes('TLS route handshake error'), 20_000)
  expect(await routesOf(monitorA)).not.toContain('c')
})
