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
const leaves = 2
const longestPauseMs = 3_500
const longestAwayMs = 1_500
const formWithinMs = 150_000

type Victim = 'agent' | 'server' | 'machine'

/** @throws Error with the seed, what was killed when, and the ends of the logs */
export function surviveForming(seed: number): Promise<void> {
  return survive(seed, async ({ cluster, random, events, stored }) => {
    for (let round = 0; round < kills; round += 1) {
      await sleep(random.between(0, longestPauseMs))
      await strike(cluster, random, events)
      await store(cluster.agents, stored, `after-${round}`).catch(() => events.push(`job ${round} was refused`))
    }
  })
}

/** The same while one after the other leaves for good, so that the servers shrink to one, and comes back. */
export function surviveLeaving(seed: number): Promise<void> {
  return survive(seed, async ({ cluster, random, events, stored }) => {
    for (let round = 0; round < leaves; round += 1) {
      await cluster.whenFormed(3, formWithinMs)
      const leaver = cluster.agents[random.between(0, cluster.agents.length - 1)]
      if (leaver === undefined) continue
      events.push(`${now()} ${cluster.agents.indexOf(leaver) + 1} leaves`)
      await leaver.dkron('GET', '/v1/leave')
      await sleep(random.between(0, longestPauseMs))
      await strike(cluster, random, events, leaver)
      await eventually(() => leaver.hasExited, 120_000, 'the end of the agent that leaves')
      await store(cluster.agents, stored, `without-${round}`)
      await leaver.start()
    }
  })
}

interface Run {
  readonly cluster: AgentCluster
  readonly random: Random
  readonly events: string[]
  readonly stored: string[]
}

async function survive(seed: number, harm: (run: Run) => Promise<void>): Promise<void> {
  const random = new Random(seed)
  const events: string[] = []
  const stored: string[] = []
  const cluster = await startAgentCluster({ agents: 3 })
  try {
    await store(cluster.agents, stored, 'first')
    await harm({ cluster, random, events, stored })
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

/** @param spared what is not killed */
async function strike(cluster: AgentCluster, random: Random, events: string[], spared?: TestAgent): Promise<void> {
  const victim = random.pick<Victim>(['agent', 'server', 'machine'])
  const agent = random.pick(cluster.agents.filter((one) => one !== spared))
  events.push(`${now()} ${victim} ${cluster.agents.indexOf(agent) + 1}`)
  if (victim !== 'server') await agent.kill()
  if (victim !== 'agent') killNatsServers(agent.dataDir)
  if (victim === 'server') return
  await sleep(random.between(0, longestAwayMs))
  await agent.start()
}

function now(): string {
  return new Date().toISOString().slice(14, 23)
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
