/**
 * A whole run: a cluster under load while things go wrong, then everything is put right, and the checker looks.
 *
 * The seed is printed; the same one repeats a run's choices, though not its timing.
 */
import { cp, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { Random } from '../../scripts/demo/random.ts'
import { violationsIn } from './checker/check-all.ts'
import type { Facts, JobFacts, NodeView, Trouble } from './checker/facts.ts'
import { Cluster } from './cluster.ts'
import type { FaultKind } from './faults/fault.ts'
import { FaultDriver } from './faults/fault-driver.ts'
import { ApiWrites } from './load/api-writes.ts'
import { inParallel } from './load/in-parallel.ts'
import { tagsOf } from './load/job-plans.ts'
import { databaseMachine, ReplicationLoad } from './load/replication-load.ts'
import { RunOrders } from './load/run-orders.ts'
import { ScheduledLoad } from './load/scheduled-load.ts'

export interface RunOptions {
  readonly seed: number
  readonly nodes: number
  /** How long faults are begun. */
  readonly faultsMs: number
  readonly shortestFaultMs: number
  readonly longestFaultMs: number
  /** Kinds of faults that come first, in this order. */
  readonly first: readonly FaultKind[]
  /** With the proxies that make a NATS server slow. */
  readonly hasProxies: boolean
}

const caughtUpWithinMs = 90_000
/** Longer than the checker takes for the end of a job. */
const settleMs = 6_000
const manualJobs = ['manual-0', 'manual-1', 'manual-2', 'manual-3', 'manual-alone-0', 'manual-alone-1']

/** @throws with everything that was lost, repeated, or not accounted for */
export async function surviveFaults(options: RunOptions): Promise<void> {
  const { seed, nodes } = options
  console.log(`${nodes} agents with seed ${seed} (CLUSTER_SEED=${seed} repeats its choices)`)
  const random = new Random(seed)
  await using cluster = await Cluster.start({
    nodes,
    moreMachines: [databaseMachine],
    hasProxies: options.hasProxies,
    hasSmallDisks: true,
    oddClocks: [`n${random.between(1, nodes)}`],
    argsOf: (_name, index) => Object.entries(tagsOf(index)).flatMap(([key, value]) => ['--tag', `${key}=${value}`]),
  })
  console.log(`${cluster.network.kind}; one cluster, led by ${(await cluster.leader())?.name}`)
  try {
    await run(cluster, options, random)
  } catch (error) {
    cluster.tellLogs()
    // Now, not hours later when all runs are over.
    console.log(`seed ${seed} failed: ${error instanceof Error ? error.message : String(error)}`)
    throw error
  } finally {
    await keep(cluster, seed)
  }
}

/** Everything of a run, into the folder that CLUSTER_KEEP names: logs, data directories, what commands wrote. */
async function keep(cluster: Cluster, seed: number): Promise<void> {
  const folder = process.env.CLUSTER_KEEP
  if (folder === undefined) return
  await cp(cluster.folder, join(folder, `seed-${seed}`), { recursive: true, force: true, filter: isPlain })
}

/** Sockets and pipes cannot be copied. */
async function isPlain(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null)
  return found !== null && (found.isFile() || found.isDirectory())
}

async function run(cluster: Cluster, options: RunOptions, random: Random): Promise<void> {
  const { seed, nodes, faultsMs, shortestFaultMs, longestFaultMs } = options
  await using replication = await ReplicationLoad.open(cluster, seed)
  const jobs = new ScheduledLoad(cluster, new Random(seed + 1))
  const writes = new ApiWrites(cluster, new Random(seed + 2))
  const orders = new RunOrders(cluster, new Random(seed + 3), manualJobs)
  await jobs.begin()
  const [source, target] = [cluster.node('n1'), cluster.node(`n${nodes}`)]
  await replication.begin([source, target])
  for (const load of [writes, orders]) load.start()
  const range = { leastMs: shortestFaultMs, mostMs: longestFaultMs }
  const driver = new FaultDriver(cluster, { random, durationMs: faultsMs, range, first: options.first })
  await driver.run()

  const healedAt = Date.now()
  await Promise.all([writes.stop(), orders.stop(), replication.stopWriting(), cluster.whenWhole()])
  // While the servers that a node left behind become a cluster again they answer nobody for a moment: docs/cluster.md.
  const mending: Trouble = {
    ...{ what: 'not whole yet', nodeNames: [], killsCommands: false },
    ...{ fromMs: healedAt, toMs: Date.now() },
  }
  await jobs.whenCaughtUp(caughtUpWithinMs)
  await sleep(settleMs)
  const facts: Facts = {
    nodeNames: cluster.nodes.map(({ name }) => name),
    jobs: await jobs.end(45_000),
    lines: jobs.lines(),
    troubles: [...driver.troubles, mending],
    ledger: writes.ledger,
    runNow: orders.facts,
    views: await inParallel(cluster.nodes, nodes, (node) => viewOf(cluster, node)),
    tables: await replication.compare(60_000),
    copies: await cluster.copiesAt(cluster.node(`n${nodes}`)),
    seenWrong: writes.seenWrong,
  }
  tell(facts, `${writes.summary}; ${replication.transactions} transactions written`)
  await writeFile(join(cluster.folder, 'facts.json'), JSON.stringify(facts))
  const violations = violationsIn(facts)
  if (facts.tables.some(({ isEqual }) => !isEqual)) console.log(await replication.statuses(source))
  expect(shown(violations), `${violations.length} violations with seed ${seed}`).toEqual([])
}

async function viewOf(cluster: Cluster, node: Cluster['nodes'][number]): Promise<NodeView> {
  const members = await cluster.membersAt(node)
  const jobs = (await node.api('dkron', 'GET', '/v1/jobs')).json as readonly { name: string; displayname: string }[]
  return {
    nodeName: node.name,
    aliveNames: members.filter(({ Status }) => Status === 1).map(({ Name }) => Name),
    leader: await cluster.leaderAt(node),
    versions: new Map(jobs.map(({ name, displayname }) => [name, displayname])),
  }
}

function tell({ jobs, lines, runNow }: Facts, more: string): void {
  const executions = jobs.flatMap((job: JobFacts) => job.executions)
  const outcomes = Map.groupBy(executions, ({ outcome }) => outcome)
  const counts = [...outcomes].map(([outcome, some]) => `${some.length} ${outcome}`).join(', ')
  const confirmed = runNow.reduce((sum, one) => sum + one.confirmed, 0)
  console.log(`${counts}; ${lines.length} commands wrote; ${confirmed} orders to run were confirmed; ${more}`)
}

/** A test's report is no place for a thousand lines of one cause. */
function shown(violations: readonly string[]): readonly string[] {
  const most = 40
  return violations.length <= most ? violations : [...violations.slice(0, most), `and ${violations.length - most} more`]
}
