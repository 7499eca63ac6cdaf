/**
 * How soon a cluster of three does what a node did that is gone: leader change, member detection, task failover. Real
 * agents in network namespaces; each is killed alone, and with its whole machine.
 *
 *     node bench/cluster.ts [--rounds 5] [--part leader|members|tasks]
 *
 * Everything runs on one machine, so the figures hold what the three nodes take from each other's cores.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Random } from '../scripts/demo/random.ts'
import { Cluster } from '../test/cluster/cluster.ts'
import { secondPlans, tagsOf } from '../test/cluster/load/job-plans.ts'
import { databaseMachine, ReplicationLoad } from '../test/cluster/load/replication-load.ts'
import { ScheduledLoad } from '../test/cluster/load/scheduled-load.ts'
import { type Death, detectionMs, leaderChangeMs, returnMs, taskFailoverMs } from '../test/cluster/takeover.ts'
import { type Figure, tellFigures } from './figures.ts'

const settleMs = 4_000
const withinMs = 120_000
const jobCount = 20

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    part: { type: 'string', multiple: true, default: ['leader', 'members', 'tasks'] },
  },
})
const rounds = Number(values.rounds)

await using cluster = await Cluster.start({
  nodes: 3,
  moreMachines: [databaseMachine],
  argsOf: (_name, index) => Object.entries(tagsOf(index)).flatMap(([key, value]) => ['--tag', `${key}=${value}`]),
})
await using replication = await ReplicationLoad.open(cluster, 1)
const load = new ScheduledLoad(cluster, new Random(1))
await load.begin(secondPlans(load.paths, jobCount))
await replication.begin([cluster.node('n1'), cluster.node('n2')])
await sleep(settleMs)

const figures: Figure[] = []
if (values.part.includes('leader')) figures.push(...(await forBoth('leader change', leaderChange)))
if (values.part.includes('members')) {
  figures.push(...(await forBoth('a member is seen to have failed', detection)))
  figures.push(await overRounds('a member is seen to be back', back))
}
if (values.part.includes('tasks')) figures.push(...(await forBoth('task failover', failover)))
tellFigures(figures)

async function forBoth(what: string, once: (death: Death) => Promise<number>): Promise<readonly Figure[]> {
  const ofAgent = await overRounds(`${what}, agent killed`, () => once('agent'))
  return [ofAgent, await overRounds(`${what}, machine dies`, () => once('machine'))]
}

/** The median, with the lowest and the highest. */
async function overRounds(measure: string, once: () => Promise<number>): Promise<Figure> {
  const seconds: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    seconds.push((await once()) / 1_000)
    console.log(`${measure}: ${seconds.at(-1)?.toFixed(2)} s`)
    await sleep(settleMs)
  }
  const sorted = seconds.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const median = ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
  return { measure, value: median, unit: 's', spread: [sorted[0] ?? 0, sorted.at(-1) ?? 0] }
}

async function leaderChange(death: Death): Promise<number> {
  const { node, ms } = await leaderChangeMs(cluster, load, death, withinMs)
  await comeBack(node)
  return ms
}

async function detection(death: Death): Promise<number> {
  const node = await notLeading()
  const ms = await detectionMs(cluster, node, death, withinMs)
  await comeBack(node)
  return ms
}

async function back(): Promise<number> {
  const node = await notLeading()
  await node.die()
  await sleep(settleMs)
  const ms = await returnMs(cluster, node, withinMs)
  await cluster.whenWhole()
  return ms
}

async function failover(death: Death): Promise<number> {
  await replication.whenStreaming()
  const { node, ms } = await taskFailoverMs(cluster, replication, death, withinMs)
  await comeBack(node)
  return ms
}

async function comeBack(node: Cluster['nodes'][number]): Promise<void> {
  await returnMs(cluster, node, withinMs)
  await cluster.whenWhole()
}

async function notLeading(): Promise<Cluster['nodes'][number]> {
  const leader = await cluster.leader()
  const node = cluster.nodes.find((one) => one !== leader)
  if (node === undefined) throw new Error('no node that does not lead')
  return node
}
