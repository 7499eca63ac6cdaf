/**
 * A node that goes for good waits until others have what its NATS server holds.
 *
 * Easy to get wrong: without a farewell the others keep its seat for long. While the servers change it hears nobody for
 * seconds, and may be about to get a seat; so it must not take itself for the only one then.
 */

import type { ServerSeat } from '../../cluster/topology/topology.ts'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Connection } from '../../engine/connection.ts'
import type { ClusterView, Member } from '../../model/member.ts'
import type { ClusterStore } from './cluster-store.ts'
import { isThere, type MetaView } from './meta-view.ts'
import type { NodeCluster } from './node-cluster.ts'
import { removeStoresLeftBehind } from './retired-stores.ts'

const pollMs = 200
const needPollMs = 1_000
/** How long beyond its time a node stays whose end would stop all others: by then one that is away is replaced, or back. */
export const stayForOthersMs = 660_000

export interface HandOverParts {
  readonly node: NodeCluster
  readonly store: ClusterStore
  readonly meta: Pick<MetaView, 'read'>
  readonly connection: Pick<Connection, 'isConnected'>
  readonly cluster: Pick<ClusterView, 'members'> & { hears(): boolean }
  readonly clock: Clock
  readonly log: Log
}

/**
 * Says farewell, and waits until others have taken over. It may have to wait before that, to know whether it has a server and
 * who is there. Never throws.
 *
 * @returns false when it has no server, or nobody is there to take over: then nothing was said
 */
export async function handOver(parts: HandOverParts, withinMs: number): Promise<boolean> {
  const { node, store, connection, clock, log } = parts
  const deadlineMs = clock.monotonicMs() + withinMs
  const until = async (isSo: () => boolean) => {
    while (!isSo() && clock.monotonicMs() < deadlineMs) await clock.sleep(pollMs)
  }
  await until(() => knowsItsPart(parts))
  const { seat } = node
  const others = othersOf(parts).filter(({ status }) => status === 'alive')
  if (seat === null) return false
  if (!knowsItsPart(parts)) {
    log.warn({ withinMs }, 'no other node was heard to take over what this nats server holds; it stops all the same')
    return false
  }
  if (others.length === 0) return false
  try {
    await store.sayFarewell(seat)
    const isOver = () => node.role !== 'server' || nobodyStays(parts)
    await until(isOver)
    if (!isOver()) await stayForOthers(parts, seat, isOver)
    // What is still to be said goes through the servers that the others use now.
    await until(() => connection.isConnected)
  } catch (err) {
    log.warn({ err }, 'the others could not be told that this node goes for good')
  }
  if (node.role === 'server')
    log.warn(
      { withinMs, others: others.map(({ nodeName }) => nodeName) },
      'no other node has taken over what this nats server holds; it stops all the same',
    )
  else await removeStoresLeftBehind(node, store, log)
  return true
}

/** Where most of the other servers are away nobody can store anything without this one, so it goes on waiting. */
async function stayForOthers(parts: HandOverParts, seat: ServerSeat, isOver: () => boolean): Promise<void> {
  const { clock, log } = parts
  const deadlineMs = clock.monotonicMs() + stayForOthersMs
  const isAnybodyThere = () => othersOf(parts).some(({ status }) => status === 'alive')
  let told = ''
  while (!isOver() && isAnybodyThere() && clock.monotonicMs() < deadlineMs) {
    const away = await neededBecauseOf(parts, seat)
    if (away?.length === 0) return
    const reason = away?.join() ?? told
    if (told !== reason)
      log.warn(
        { away, withinMs: Math.round(deadlineMs - clock.monotonicMs()) },
        'without this nats server nothing could be stored, for others are away: start them again; it waits for that, or until its place is taken',
      )
    told = reason
    await clock.sleep(needPollMs)
  }
}

/**
 * @returns the servers that are away, where the others have no majority without this one; none where they have; null while
 * nobody can tell
 */
async function neededBecauseOf(
  { node, meta }: HandOverParts,
  { serverName }: ServerSeat,
): Promise<readonly string[] | null> {
  if (!node.isClustered) return []
  const peers = await meta.read().then(
    (group) => group.peers,
    () => null,
  )
  if (peers === null) return null
  const others = peers.filter(({ name }) => name !== serverName)
  // It still counts itself when it has stopped, until it is taken out.
  const present = others.filter(isThere)
  return present.length * 2 > peers.length ? [] : others.filter((peer) => !isThere(peer)).map(({ name }) => name)
}

/** Who is only `failed` may be back in a moment, or is just being made the one server of all. */
function nobodyStays(parts: HandOverParts): boolean {
  return parts.cluster.hears() && othersOf(parts).every(({ status }) => status === 'left' || status === 'leaving')
}

/** False while it may be about to get a seat, and while it has one and cannot tell who else is there. */
function knowsItsPart(parts: HandOverParts): boolean {
  const { node, cluster } = parts
  if (node.record.candidate !== null) return false
  return node.seat === null || cluster.hears() || othersOf(parts).every(({ status }) => status === 'left')
}

function othersOf({ node, cluster }: HandOverParts): readonly Member[] {
  return cluster.members().filter(({ nodeId }) => nodeId !== node.parts.nodeId)
}
