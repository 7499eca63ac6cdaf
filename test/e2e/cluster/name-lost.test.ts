/** A node that was cut off comes back when another one, started in its place, has its name. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { membersSeenBy } from '../../harness/agents-on-nats.ts'
import { eventually } from '../../harness/eventually.ts'
import { startAgent } from '../../harness/millrace-agent.ts'
import { createJob, executionsOf, startNodes, type TestNode } from '../../harness/nodes-on-nats.ts'
import { tempDir } from '../../harness/temp-dir.ts'

test('the one that was cut off ends and says why; the other one does the work, once', async () => {
  await using folder = await tempDir()
  const tokenFile = join(folder.path, 'token')
  writeFileSync(tokenFile, `${'7'.repeat(64)}\n`, { mode: 0o600 })
  const withToken = ['--cluster-token-file', tokenFile]
  await using cluster = await startNodes(2, () => withToken)
  const [first, witness] = cluster.nodes as [TestNode, TestNode]
  const statusOfFirst = async () => (await membersSeenBy(witness)).get('n1')?.Status
  const seen = (status: number) =>
    eventually(async () => (await statusOfFirst()) === status, 10_000, `n1 with status ${status}`)
  await seen(1)
  first.link.cut()
  await seen(4)
  await using second = await startAgent({ args: ['--nats', cluster.nats.url, '--node-name', 'n1', ...withToken] })
  await seen(1)

  const ranFile = join(folder.path, 'ran.txt')
  const command = `echo $MILLRACE_EXECUTION >>${ranFile}`
  await createJob(witness, {
    name: 'where',
    schedule: '@every 1s',
    command,
    shell: true,
    tags: { dkron_server: 'true' },
  })
  first.link.mend()
  await eventually(() => first.hasExited, 15_000, 'the end of the first n1')
  expect(first.log()).toContain('another node took the name of this one')
  expect(first.log()).toMatch(
    /millrace: node name "n1" is in use by node \S+ at \S+; start this node with another --node-name/,
  )

  const endedAt = Date.now()
  const later = await eventually(async () => {
    const after = (await executionsOf(witness, 'where')).filter(
      ({ scheduled_at }) => Date.parse(String(scheduled_at)) > endedAt,
    )
    return after.filter(({ node_name }) => node_name === 'n1').length > 2 ? after : undefined
  }, 10_000)
  expect(later.every(({ outcome }) => outcome === 'succeeded')).toBe(true)
  const ran = readFileSync(ranFile, 'utf8').trim().split('\n')
  expect(new Set(ran).size).toBe(ran.length)
  expect(second.hasExited).toBe(false)
})
