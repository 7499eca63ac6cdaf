/** A cluster whose nodes get the next version one after the other, while it works. */
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../../../scripts/setup/project.ts'
import { startAgentCluster } from '../../harness/agent-cluster.ts'
import { eventually } from '../../harness/eventually.ts'
import type { TestAgent } from '../../harness/millrace-agent.ts'
import { executionsOf, type ShownExecution } from '../../harness/nodes-on-nats.ts'
import { tempDir } from '../../harness/temp-dir.ts'

interface ShownMember {
  readonly Name: string
  readonly Status: number
  readonly Tags: Readonly<Record<string, string>>
}

const nextVersion = '0.99.0'

/** The same program under the version that comes after it. */
function copyOfNextVersion(folder: string): string {
  for (const name of ['src', 'bin', 'dist'])
    if (existsSync(join(projectRoot, name))) cpSync(join(projectRoot, name), join(folder, name), { recursive: true })
  const settings = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as Record<string, unknown>
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...settings, version: nextVersion }))
  symlinkSync(join(projectRoot, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

async function membersOf(agent: TestAgent): Promise<readonly ShownMember[]> {
  return (await agent.dkron('GET', '/v1/members')).json as readonly ShownMember[]
}

/** Seconds for which there is an execution, each once, oldest first. */
function secondsOf(executions: readonly ShownExecution[]): number[] {
  const seconds = executions.map(({ scheduled_at }) => Date.parse(scheduled_at ?? '') / 1_000)
  return [...new Set(seconds)].toSorted((a, b) => a - b)
}

test('versions that are neighbours work together, and an upgrade node by node loses no fire and no job', async () => {
  await using folder = await tempDir('mr-next-')
  const nextRoot = copyOfNextVersion(folder.path)
  await using cluster = await startAgentCluster({ agents: 3, args: ['--history-limit', '2000'] })
  await cluster.whenFormed(3)
  const [first] = cluster.agents as [TestAgent]
  const job = { name: 'tick', schedule: '* * * * * *', command: 'true' }
  expect((await first.dkron('POST', '/v1/jobs', job)).status).toBe(201)

  for (const [index, agent] of cluster.agents.entries()) {
    await agent.stop()
    await agent.start(nextRoot)
    await eventually(async () => {
      const members = await membersOf(agent)
      return members.filter(({ Status }) => Status === 1).length === 3 ? true : undefined
    }, 30_000)
    const saved = { ...job, name: `from-${index}`, schedule: '@manually' }
    expect((await agent.dkron('POST', '/v1/jobs', saved)).status).toBe(201)
    // Written by the new version, changed by whichever version the next node has.
    const other = cluster.agents[(index + 1) % 3] as TestAgent
    expect((await other.dkron('POST', '/v1/jobs', { name: saved.name, owner: 'other' })).status).toBe(201)
    expect((await agent.dkron('GET', `/v1/jobs/${saved.name}`)).json).toMatchObject({ owner: 'other', command: 'true' })
  }

  const versions = (await membersOf(first)).map(({ Tags }) => Tags.millrace_version)
  expect(versions).toEqual([nextVersion, nextVersion, nextVersion])
  const throughSecond = Math.max(...secondsOf(await executionsOf(first, 'tick')))
  // A fire may be late when its leader or its node has just gone; it is told then, and not left out.
  const executions = await eventually(async () => {
    const found = await executionsOf(first, 'tick')
    const seconds = secondsOf(found).filter((second) => second <= throughSecond)
    expect(seconds).toEqual(seconds.map((_, index) => (seconds[0] ?? 0) + index))
    return found
  }, 15_000)
  const ended = executions.filter(({ success, output }) => !success && output !== '')
  expect(ended, JSON.stringify(ended)).toEqual([])
  expect(new Set(executions.map(({ id }) => id)).size).toBe(executions.length)
  for (const name of ['from-0', 'from-1', 'from-2'])
    expect((await first.dkron('GET', `/v1/jobs/${name}`)).status).toBe(200)
})
