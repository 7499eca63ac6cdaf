/** Fifty light agents on one machine, three of them with a NATS server: what each takes, and that they are one cluster. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Random } from '../../scripts/demo/random.ts'
import { checkFires } from '../cluster/checker/check-fires.ts'
import { checkStarts } from '../cluster/checker/check-starts.ts'
import type { Facts } from '../cluster/checker/facts.ts'
import { Cluster } from '../cluster/cluster.ts'
import { inParallel } from '../cluster/load/in-parallel.ts'
import { minutePlans, tagsOf } from '../cluster/load/job-plans.ts'
import { ScheduledLoad } from '../cluster/load/scheduled-load.ts'

const agents = 50
const jobCount = 1_000
const runMs = 75_000
const startsAtOnce = 4

test(`${agents} agents are one cluster: each sees all, and a schedule of ${jobCount} jobs runs on them`, async () => {
  await using cluster = await Cluster.prepare({
    nodes: agents,
    argsOf: (_name, index) => Object.entries(tagsOf(index)).flatMap(([key, value]) => ['--tag', `${key}=${value}`]),
  })
  await inParallel(cluster.nodes, startsAtOnce, (node) => node.start(180_000))
  await cluster.whenWhole(180_000)
  const load = new ScheduledLoad(cluster, new Random(1))
  await load.begin(minutePlans(load.paths, jobCount))
  await sleep(runMs)
  tellMemory(cluster)
  for (const node of cluster.nodes) {
    const members = await cluster.membersAt(node)
    expect(members.filter(({ Status }) => Status === 1).length, `alive as ${node.name} sees it`).toBe(agents)
  }
  const facts: Facts = {
    nodeNames: cluster.nodes.map(({ name }) => name),
    jobs: await load.end(60_000),
    lines: load.lines(),
    ...{ troubles: [], ledger: [], runNow: [], views: [], tables: [], seenWrong: [] },
    copies: await cluster.copiesAt(cluster.node('n1')),
  }
  expect([...checkFires(facts), ...checkStarts(facts)].slice(0, 40)).toEqual([])
  const busy = new Set(facts.lines.map(({ nodeName }) => nodeName))
  expect(busy.size, 'nodes that ran something').toBe(agents)
})

/** Resident memory, from proc_pid_status(5). */
function tellMemory(cluster: Cluster): void {
  const mebibytes = (pid: number) =>
    Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024
  const ofAgents = cluster.nodes.flatMap(({ pid }) => (pid === null ? [] : [mebibytes(pid)])).toSorted((a, b) => a - b)
  const ofRunners = cluster.nodes.flatMap(({ runnerPid }) => (runnerPid === null ? [] : [mebibytes(runnerPid)]))
  const ofServers = cluster.nodes.flatMap(({ natsPid }) => (natsPid === null ? [] : [mebibytes(natsPid)]))
  const mean = (some: readonly number[]) => Math.round(some.reduce((sum, one) => sum + one, 0) / some.length)
  console.log(
    `resident memory in MiB: agents ${Math.round(ofAgents[0] ?? 0)} to ${Math.round(ofAgents.at(-1) ?? 0)}, mean ${mean(ofAgents)}; ` +
      `runners mean ${mean(ofRunners)}; ${ofServers.length} NATS servers mean ${mean(ofServers)}`,
  )
}
