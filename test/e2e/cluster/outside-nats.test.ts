/** Agents that share a NATS server which the user runs. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eventually } from '../../harness/eventually.ts'
import { startAgent } from '../../harness/millrace-agent.ts'
import { startNats } from '../../harness/nats-server.ts'
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
