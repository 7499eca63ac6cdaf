/**
 * Agents become one cluster, or hand its NATS servers on, while agents and NATS servers are killed at random moments; in
 * the end there is one cluster with everything that was ever answered as stored.
 *
 * Easy to get wrong: most kills must hit the few seconds in which the servers change, so the kills follow each other
 * closely, and the next agent is started before the last one has recovered.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { Random } from '../../../scripts/demo/random.ts'
import { type AgentCluster, partOf, startAgentCluster } from '../../harness/agent-cluster.ts'
import { eventually } from '../../harness/eventually.ts'
import type { TestAgent } from '../../harness/millrace-agent.ts'
import { killNatsServers } from '../../harness/survivors.ts'

const kills = 4
const leaves = 2
const moves = 3
const longestPauseMs = 3_500
/** From the farewell to the heir's first answer. */
const longestMoveMs = 6_000
const longestAwayMs = 1_500
const formWithinMs = 150_000

type Victim = 'agent' | 'server' | 'machine'

/** @throws Error with the seed, what was killed when, and the ends of the logs */
export function surviveForming(seed: number): Promise<void> {
  return survive(seed, three, async ({ cluster, random, events, stored }) => {
    for (let round = 0; round < kills; round += 1) {
      await sleep(random.between(0, longestPauseMs))
      await strike(cluster, random, events)
      await store(cluster.agents, stored, `after-${round}`).catch(() => events.push(`job ${round} was refused`))
    }
  })
}

/** The same while one after the other leaves for good, so that the servers shrink to one, and comes back. */
export function surviveLeaving(seed: number): Promise<void> {
  return survive(seed, three, async ({ cluster, random, events, stored }) => {
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

/** Of two agents the one with the only server leaves for good, so that the server moves, and comes back as the other. */
export function surviveMoving(seed: number): Promise<void> {
  return survive(seed, { agents: 2, servers: 1 }, async ({ cluster, random, events, stored }) => {
    for (let round = 0; round < moves; round += 1) {
      await cluster.whenFormed(1, formWithinMs)
      const leaver = cluster.agents.find((agent) => partOf(agent) === 'home')
      if (leaver === undefined) throw new Error('no agent has the only server')
      await store(cluster.agents, stored, `with-${round}`)
      events.push(`${now()} ${cluster.agents.indexOf(leaver) + 1} leaves`)
      await leaver.dkron('GET', '/v1/leave')
      await sleep(random.between(0, longestMoveMs))
      const restarted = await strike(cluster, random, events)
      await store(cluster.agents, stored, `without-${round}`)
      // One that was killed while it left is there again, and does not leave any more.
      if (restarted === leaver) continue
      await eventually(() => leaver.hasExited, 120_000, 'the end of the agent that leaves')
      await leaver.start()
    }
  })
}

const three = { agents: 3, servers: 3 }

interface Run {
  readonly cluster: AgentCluster
  readonly random: Random
  readonly events: string[]
  readonly stored: string[]
}

async function survive(
  seed: number,
  { agents, servers }: { readonly agents: number; readonly servers: number },
  harm: (run: Run) => Promise<void>,
): Promise<void> {
  const random = new Random(seed)
  const events: string[] = []
  const stored: string[] = []
  const cluster = await startAgentCluster({ agents })
  try {
    await store(cluster.agents, stored, 'first')
    await harm({ cluster, random, events, stored })
    await cluster.whenFormed(servers, formWithinMs)
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

/** @param spared what is not killed @returns the agent that was killed and started again, if one was */
async function strike(
  cluster: AgentCluster,
  random: Random,
  events: string[],
  spared?: TestAgent,
): Promise<TestAgent | null> {
  const victim = random.pick<Victim>(['agent', 'server', 'machine'])
  const agent = random.pick(cluster.agents.filter((one) => one !== spared))
  events.push(`${now()} ${victim} ${cluster.agents.indexOf(agent) + 1}`)
  if (victim !== 'server') await agent.kill()
  if (victim !== 'agent') killNatsServers(agent.dataDir)
  if (victim === 'server') return null
  await sleep(random.between(0, longestAwayMs))
  await agent.start()
  return agent
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
