/**
 * How long it takes until others do what a node did that is gone: measured from its death to what a user would notice.
 *
 * Easy to get wrong: the first fire of a new leader is told from the last ones of the old leader by its instant. A fire is
 * recorded in its own second, so one that is due after the death is the new leader's.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../harness/eventually.ts'
import type { Cluster } from './cluster.ts'
import type { ReplicationLoad } from './load/replication-load.ts'
import type { ScheduledLoad } from './load/scheduled-load.ts'
import type { ClusterNode } from './node/cluster-node.ts'

/** The agent alone is killed, and its NATS server lives on; or the machine dies with everything on it. */
export type Death = 'agent' | 'machine'

const pollMs = 20

/** Ends a node. @returns when, by the clock of `performance` */
export async function kill(node: ClusterNode, death: Death): Promise<number> {
  const diedAt = performance.now()
  await (death === 'agent' ? node.killAgent() : node.die())
  return diedAt
}

/**
 * Kills the leader. Jobs of every second must run.
 *
 * @returns who it was, and milliseconds until the first command ran that a new leader had fired
 */
export async function leaderChangeMs(
  cluster: Cluster,
  load: ScheduledLoad,
  death: Death,
  withinMs: number,
): Promise<{ readonly node: ClusterNode; readonly ms: number }> {
  const node = await eventually(async () => (await cluster.leader()) ?? undefined, 20_000, 'a leader')
  const seenBefore = load.lines().length
  const uptimeBefore = uptime()
  const diedMs = Date.now()
  await kill(node, death)
  const first = await eventually(
    () => {
      const later = load.lines().slice(seenBefore)
      return later.filter(({ fire }) => Date.parse(fire) > diedMs).toSorted((a, b) => a.uptime - b.uptime)[0]
    },
    withinMs,
    `a fire after the ${death} of ${node.name} died`,
  )
  return { node, ms: (first.uptime - uptimeBefore) * 1_000 }
}

/** Kills a node that does not lead. @returns milliseconds until every other node shows it as failed */
export async function detectionMs(
  cluster: Cluster,
  node: ClusterNode,
  death: Death,
  withinMs: number,
): Promise<number> {
  const diedAt = await kill(node, death)
  await whenEveryoneSees(cluster, node, (status) => status !== 1, withinMs)
  return performance.now() - diedAt
}

/** Starts a node again. @returns milliseconds from its API's first answer until every node shows it as alive */
export async function returnMs(cluster: Cluster, node: ClusterNode, withinMs: number): Promise<number> {
  await node.start()
  const startedAt = performance.now()
  await whenEveryoneSees(cluster, node, (status) => status === 1, withinMs)
  return performance.now() - startedAt
}

/**
 * Kills the node that has the target task of the job that the cluster placed.
 *
 * @returns who it was, and milliseconds until a row written after the death is at the target
 */
export async function taskFailoverMs(
  cluster: Cluster,
  replication: ReplicationLoad,
  death: Death,
  withinMs: number,
): Promise<{ readonly node: ClusterNode; readonly ms: number }> {
  const node = cluster.node(await replication.nodeOf('free', 'Dest'))
  const diedAt = await kill(node, death)
  const marker = await replication.mark('free')
  while (!(await replication.hasMark('free', marker))) {
    if (performance.now() - diedAt > withinMs)
      throw new Error(`no row came within ${withinMs} ms of the death of ${node.name}`)
    await sleep(pollMs)
  }
  return { node, ms: performance.now() - diedAt }
}

async function whenEveryoneSees(
  cluster: Cluster,
  node: ClusterNode,
  isSo: (status: number | undefined) => boolean,
  withinMs: number,
): Promise<void> {
  const others = cluster.nodes.filter((other) => other !== node && other.isRunning)
  await eventually(
    async () => {
      for (const other of others) {
        const status = (await cluster.membersAt(other)).find(({ Name }) => Name === node.name)?.Status
        if (!isSo(status)) throw new Error(`${other.name} shows ${node.name} with status ${status}`)
      }
      return true
    },
    withinMs,
    `everybody's word about ${node.name}`,
  )
}

/** Seconds since this machine started: the clock by which commands note their start. */
function uptime(): number {
  return Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0])
}
