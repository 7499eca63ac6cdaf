/** Agents whose NATS servers speak TLS with the files of `millrace keygen`. */
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AgentCluster, startAgentCluster } from '../../harness/agent-cluster.ts'
import { eventually } from '../../harness/eventually.ts'
import { freePort } from '../../harness/free-port.ts'
import { millrace } from '../../harness/millrace-command.ts'
import { natsServerPath } from '../../harness/nats-server.ts'
import { type TempDir, tempDir } from '../../harness/temp-dir.ts'

let folder: TempDir
let cluster: AgentCluster

function tlsFlags(keys: string, host = '127.0.0.1'): readonly string[] {
  const path = (file: string) => join(folder.path, keys, file)
  return [
    ...['--tls-ca-file', path('ca.pem')],
    ...['--tls-cert-file', path(`${host}.pem`), '--tls-key-file', path(`${host}-key.pem`)],
  ]
}

beforeAll(async () => {
  folder = await tempDir('mr-tls-cluster-')
  for (const keys of ['ours', 'theirs']) {
    const made = await millrace(['keygen', '--dir', join(folder.path, keys), '--host', '127.0.0.1,10.9.9.9'])
    expect(made.status).toBe(0)
  }
  cluster = await startAgentCluster({ agents: 3, args: () => tlsFlags('ours') })
  await cluster.whenFormed(3)
})

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

test('three agents form a cluster, and what one stores another one runs', async () => {
  const [first, , third] = cluster.agents
  if (first === undefined || third === undefined) throw new Error('three agents were started')
  const job = { name: 'over-tls', schedule: '@every 1s', command: 'echo here', shell: true, tags: {} }
  expect((await first.dkron('POST', '/v1/jobs', job)).status).toBe(201)
  await eventually(async () => {
    const { json } = await third.dkron('GET', '/v1/executions/over-tls')
    const ran = new Set(
      (json as { node_name: string; success: boolean }[]).filter((one) => one.success).map((one) => one.node_name),
    )
    return ran.size === 3
  }, 30_000)
})

test('every server asks for TLS on both of its ports', async () => {
  for (const address of cluster.joinList.split(',')) {
    const greeting = await firstLine(Number(address.split(':')[1]))
    expect(greeting).toMatch(/"tls_required":true/)
    expect(greeting).toMatch(/"tls_verify":true/)
  }
})

test.each([
  ['no certificate', () => [], /uses TLS; give this node --tls-ca-file/],
  ['files of another authority', () => tlsFlags('theirs'), /TLS failed: .*check the certificate authority/],
  [
    'a certificate for another host',
    () => [...tlsFlags('ours'), '--advertise', '127.0.0.2'],
    /not for 127\.0\.0\.2, under which the other nodes reach this one/,
  ],
  [
    'a certificate of another authority than its own',
    () => [...tlsFlags('ours').slice(0, 2), ...tlsFlags('theirs').slice(2)],
    /is not of the authority in --tls-ca-file/,
  ],
])('an agent with %s says what is wrong and ends', async (_name, flags, message) => {
  const local = async () => `127.0.0.1:${await freePort()}`
  const ended = await millrace([
    ...['agent', '--data-dir', join(folder.path, `data-${Math.random()}`), '--nats-server', natsServerPath()],
    ...['--http-addr', await local(), '--udup-addr', await local(), '--nats-addr', await local()],
    ...['--join', cluster.joinList, '--cluster-token-file', cluster.tokenPath],
    ...flags(),
  ])
  expect(ended.status).not.toBe(0)
  expect(ended.text).toMatch(message)
})

function firstLine(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', reject)
    socket.once('data', (bytes) => {
      socket.destroy()
      resolve(bytes.toString())
    })
  })
}
