/** Agents that share a NATS server which the user runs. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nkeys } from '@nats-io/nats-core'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../harness/eventually.ts'
import { freePort } from '../../harness/free-port.ts'
import { startAgent, type TestAgent } from '../../harness/millrace-agent.ts'
import { startNatsCluster } from '../../harness/nats-cluster.ts'
import { startNats } from '../../harness/nats-server.ts'
import { startNatsSites } from '../../harness/nats-sites.ts'
import { operatorAccess } from '../../harness/operator-access.ts'
import { tempDir } from '../../harness/temp-dir.ts'

test('agents on a NATS of the user are one cluster, and one with another token is refused', async () => {
  await using folder = await tempDir('mr-outside-')
  await using nats = await startNats({ config: 'authorization { user: "ann", password: "planted-secret" }' })
  const authPath = join(folder.path, 'nats.auth')
  const tokenPath = join(folder.path, 'token')
  writeFileSync(authPath, 'ann:planted-secret\n', { mode: 0o600 })
  writeFileSync(tokenPath, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
  const outside = ['--nats', nats.url, '--nats-auth-file', authPath]
  const shared = [...outside, '--cluster-token-file', tokenPath]
  await using first = await startAgent({ args: ['--node-name', 'one', ...shared] })
  await using second = await startAgent({ args: ['--node-name', 'two', ...shared] })
  const job = { name: 'shared', schedule: '@manually', command: 'true' }
  expect((await first.dkron('POST', '/v1/jobs', job)).status).toBe(201)
  await eventually(async () => (await second.dkron('GET', '/v1/jobs/shared')).status === 200, 10_000)
  const members = (await second.dkron('GET', '/v1/members')).json as readonly { readonly Name: string }[]
  expect(members.map(({ Name }) => Name)).toEqual(['one', 'two'])
  const stranger = startAgent({ args: ['--node-name', 'three', ...outside] })
  await expect(stranger).rejects.toThrow(/status 1[\s\S]*give every agent the same --cluster-token-file/)
  expect(first.log() + second.log()).not.toContain('planted-secret')
})

async function secretFile(content: string): Promise<string> {
  const folder = await tempDir('mr-outside-')
  onTestFinished(() => folder[Symbol.asyncDispose]())
  const path = join(folder.path, 'nats.auth')
  writeFileSync(path, content, { mode: 0o600 })
  return path
}

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString()

test.each([
  [
    'a token',
    () => ({ config: 'authorization { token: "planted-t0ken" }', secret: 'planted-t0ken\n', planted: 'planted-t0ken' }),
  ],
  [
    'an nkey seed',
    () => {
      const user = nkeys.createUser()
      const seed = textOf(user.getSeed())
      return {
        config: `authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`,
        secret: `${seed}\n`,
        planted: seed,
      }
    },
  ],
  ['a creds file', operatorAccess],
])('an agent on a NATS of the user logs in with %s, and a run ends with success', async (_name, access) => {
  const { config, secret, planted } = access()
  await using nats = await startNats({ config })
  const path = await secretFile(secret)
  await using agent = await startAgent({ args: ['--node-name', 'one', '--nats', nats.url, '--nats-auth-file', path] })
  const job = { name: 'run', schedule: '@manually', command: 'true' }
  expect((await agent.dkron('POST', '/v1/jobs', job)).status).toBe(201)
  expect((await agent.dkron('POST', '/v1/jobs/run')).status).toBe(200)
  await eventually(async () => {
    const { json } = await agent.dkron('GET', '/v1/executions/run')
    return (json as readonly { readonly success: boolean }[])[0]?.success === true
  }, 15_000)
  expect(agent.log()).not.toContain(planted)
})

test('streams get three copies by themselves where the NATS of the user has three servers', async () => {
  await using servers = await startNatsCluster()
  await servers.ready()
  const path = await secretFile(`${servers.credentials.user}:${servers.credentials.password}\n`)
  const url = servers.url.split(',').at(-1) ?? ''
  await using agent = await startAgent({ args: ['--node-name', 'one', '--nats', url, '--nats-auth-file', path] })
  const replicas = await eventually(async () => {
    const { json } = await agent.dkron('GET', '/ops/cluster')
    const { nats } = json as { nats: { replicas_wanted: number; replicas_present: number } }
    return nats.replicas_present >= 3 ? nats : undefined
  }, 30_000)
  expect(replicas).toMatchObject({ replicas_wanted: 3, replicas_present: 3 })
})

/** A job made at one node runs on the other, and both show it. */
async function areOne(first: TestAgent, second: TestAgent): Promise<void> {
  const job = { name: 'far', schedule: '@manually', command: 'true', tags: { place: 'second' } }
  expect((await first.dkron('POST', '/v1/jobs', job)).status).toBe(201)
  await eventually(async () => {
    const { json } = await first.dkron('GET', '/v1/members')
    return (json as readonly unknown[]).length === 2
  }, 10_000)
  expect((await first.dkron('POST', '/v1/jobs/far')).status).toBe(200)
  for (const agent of [first, second])
    await eventually(async () => {
      const { json } = await agent.dkron('GET', '/v1/executions/far')
      const [run] = json as readonly { readonly success: boolean; readonly node_name: string }[]
      return run?.success === true && run.node_name === 'two'
    }, 15_000)
}

test('an agent behind a leaf node and one at its hub are one cluster', async () => {
  await using sites = await startNatsSites()
  const tokenPath = await secretFile(`${randomBytes(32).toString('hex')}\n`)
  const shared = ['--nats-domain', 'hub', '--cluster-token-file', tokenPath]
  await using first = await startAgent({ args: ['--node-name', 'one', '--nats', sites.hub.url, ...shared] })
  const behind = ['--node-name', 'two', '--nats', sites.leaf.url, '--tag', 'place=second', ...shared]
  await using second = await startAgent({ args: behind })
  await areOne(first, second)
})

test('agents at two clusters of a super-cluster are one', async () => {
  const names = ['east', 'west', 'north']
  const ports = await Promise.all(names.map(() => Promise.all([freePort(), freePort()])))
  const gateways = names.map((name, index) => `{ name: ${name}, url: "nats://127.0.0.1:${ports[index]?.[0]}" }`)
  const starting = names.map((name, index) =>
    startNats({
      config: `server_name: ${name}-1
cluster { name: ${name}, listen: "127.0.0.1:${ports[index]?.[1]}", routes: [ "nats://127.0.0.1:${ports[index]?.[1]}" ] }
gateway { name: ${name}, listen: "127.0.0.1:${ports[index]?.[0]}", gateways: [ ${gateways.join(', ')} ] }`,
    }),
  )
  await using east = await starting[0]
  await using west = await starting[1]
  await using _north = await starting[2]
  const tokenPath = await secretFile(`${randomBytes(32).toString('hex')}\n`)
  const shared = ['--cluster-token-file', tokenPath]
  await using first = await startAgent({ args: ['--node-name', 'one', '--nats', east?.url ?? '', ...shared] })
  const away = ['--node-name', 'two', '--nats', west?.url ?? '', '--tag', 'place=second', ...shared]
  await using second = await startAgent({ args: away })
  await areOne(first, second)
})
