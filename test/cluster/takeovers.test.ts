/** What happens when one machine of three goes: who fires, how soon, and that nothing is left out. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Random } from '../../scripts/demo/random.ts'
import { checkFires } from './checker/check-fires.ts'
import { checkStarts } from './checker/check-starts.ts'
import type { Facts, Trouble } from './checker/facts.ts'
import { Cluster } from './cluster.ts'
import { secondPlans, tagsOf } from './load/job-plans.ts'
import { ScheduledLoad } from './load/scheduled-load.ts'
import { leaderChangeMs, returnMs } from './takeover.ts'

const jobCount = 10
/** While the test looks on, NATS must not be slower than it promises. */
const settleMs = 3_000

let cluster: Cluster
let load: ScheduledLoad
const troubles: Trouble[] = []

beforeAll(async () => {
  cluster = await Cluster.start({
    nodes: 3,
    argsOf: (_name, index) => Object.entries(tagsOf(index)).flatMap(([key, value]) => ['--tag', `${key}=${value}`]),
  })
  load = new ScheduledLoad(cluster, new Random(1))
  await load.begin(secondPlans(load.paths, jobCount))
  await sleep(settleMs)
})

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]()
})

test('the leading agent is killed while its NATS server lives: another one fires within 3 s', async () => {
  await losing('agent', 3_000)
})

test('the machine of the leader dies, NATS server and all: another one fires within 15 s', async () => {
  await losing('machine', 15_000)
})

test('every agent is stopped and started again, one after the other, as for an upgrade: the cluster goes on', async () => {
  for (const node of cluster.nodes) {
    const fromMs = Date.now()
    await node.stop()
    await node.start()
    await cluster.whenWhole()
    troubles.push({ what: 'restarted', nodeNames: [node.name], fromMs, toMs: Date.now(), killsCommands: false })
  }
})

test('in all of that no fire was lost, missed, or started twice', async () => {
  await load.whenCaughtUp(60_000)
  await sleep(settleMs)
  const jobs = await load.end(45_000)
  const facts: Facts = {
    nodeNames: cluster.nodes.map(({ name }) => name),
    jobs,
    lines: load.lines(),
    troubles,
    ...{ ledger: [], runNow: [], views: [], tables: [], seenWrong: [] },
    copies: await cluster.copiesAt(cluster.node('n1')),
  }
  expect([...checkFires(facts), ...checkStarts(facts)].slice(0, 40)).toEqual([])
  expect(jobs.flatMap(({ executions }) => executions).filter(({ outcome }) => outcome === 'missed')).toEqual([])
})

async function losing(death: 'agent' | 'machine', withinMs: number): Promise<void> {
  const fromMs = Date.now()
  const { node, ms } = await leaderChangeMs(cluster, load, death, 60_000)
  console.log(`${node.name}, the leader: ${death} killed; the next one fired after ${Math.round(ms)} ms`)
  await returnMs(cluster, node, 60_000)
  await cluster.whenWhole()
  const killsCommands = death === 'machine'
  troubles.push({ what: `${death} killed`, nodeNames: [node.name], fromMs, toMs: Date.now(), killsCommands })
  expect(ms).toBeLessThan(withinMs)
}
