/**
 * Three agents form a cluster while agents and NATS servers are killed at random moments; in the end there is one cluster
 * of three servers with everything that was ever answered as stored.
 *
 * Easy to get wrong: most kills must hit the few seconds in which the servers change, so the kills follow each other
 * closely, and the next agent is started before the last one has recovered.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { Random } from '../../../scripts/demo/random.ts'
import { type AgentCluster, startAgentCluster } from '../../harness/agent-cluster.ts'
import { eventually } from '../../harness/eventually.ts'
import type { TestAgent } from '../../harness/millrace-agent.ts'
import { killNatsServers } from '../../harness/survivors.ts'

const kills = 4
const longestPauseMs = 3_500
const longestAwayMs = 1_500
const formWithinMs = 150_000

type Victim = 'agent' | 'server' | 'machine'

/** @throws Error with the seed, what was killed when, and the ends of the logs */
export async function surviveForming(seed: number): Promise<void> {
  const random = new Random(seed)
  const events: string[] = []
  const stored: string[] = []
  const cluster = await startAgentCluster({ agents: 3 })
  try {
    await store(cluster.agents, stored, 'first')
    for (let round = 0; round < kills; round += 1) {
      await sleep(random.between(0, longestPauseMs))
      await strike(cluster, random, events)
      await store(cluster.agents, stored, `after-${round}`).catch(() => events.push(`job ${round} was refused`))
    }
    await cluster.whenFormed(3, formWithinMs)
    await store(cluster.agents, stored, 'last')
    for (const agent of cluster.agents)
      for (const name of stored) expect((await agent.dkron('GET', `/v1/jobs/${name}`)).status, name).toBe(200)
  } catch (cause) {
    const logs = cluster.agents.map((agent) => agent.log().split('\n').slice(-40).join('\n'))
    throw new Error(`seed ${seed}: ${events.join('; ')}\n${logs.join('\n\n')}`, { cause })
  } finally {
    await cluster[Symbol.asyncDispose]()
  }
}

async function strike(cluster: AgentCluster, random: Random, events: string[]): Promise<void> {
  const index = random.between(0, cluster.agents.length - 1)
  const victim = random.pick<Victim>(['agent', 'server', 'machine'])
  const agent = cluster.agents[index]
  if (agent === undefined) return
  events.push(`${new Date().toISOString().slice(14, 23)} ${victim} ${index + 1}`)
  if (victim !== 'server') await agent.kill()
  if (victim !== 'agent') killNatsServers(agent.dataDir)
  if (victim === 'server') return
  await sleep(random.between(0, longestAwayMs))
  await agent.start()
}

/** Some agent takes it within a while; then it must be there for ever. */
async function store(agents: readonly TestAgent[], stored: string[], name: string): Promise<void> {
  const job = { name, schedule: '@manually', command: 'true' }
  await eventually(
    async () => {
      for (const agent of agents.filter(({ hasExited }) => !hasExited))
        if ((await agent.dkron('POST', '/v1/jobs', job)).status === 201) return true
      return false
    },
    60_000,
    `storing job ${name}`,
  )
  stored.push(name)
}
