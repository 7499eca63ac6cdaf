/**
 * Removes the store of before once all that it holds is safe elsewhere.
 *
 * Easy to get wrong: a store is struck off the record after it was removed, so that one of which a crash left a part is
 * removed at the next start. It is never served again, for the record that retired it named another one in its place.
 */
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { ClusterStore } from './cluster-store.ts'
import type { MetaView } from './meta-view.ts'
import type { NodeCluster } from './node-cluster.ts'
import type { StoreName } from './node-server.ts'

const lookEveryMs = 5_000

export interface RetiredStoresParts {
  readonly node: NodeCluster
  readonly store: Pick<ClusterStore, 'topology'>
  readonly meta: Pick<MetaView, 'isWhole'>
  readonly clock: Clock
  readonly log: Log
}

/** Until `signal` aborts: what an earlier agent left, and what is retired from now on. */
export async function removeRetiredStores(parts: RetiredStoresParts, signal: AbortSignal): Promise<void> {
  const { node, clock, log } = parts
  while (!signal.aborted) {
    await clock.sleep(lookEveryMs, signal).catch(() => {})
    const { retired } = node.record
    if (signal.aborted || retired.length === 0) continue
    try {
      if (!(await isSafeElsewhere(parts))) continue
      await remove(node, retired)
      log.info({ stores: retired }, 'the store of before is removed, its data are safe elsewhere')
    } catch (err) {
      log.debug({ err }, 'the store of before is kept for now')
    }
  }
}

/** Of a node whose server moved away: once the cluster's record, which others serve now, says so. Never throws. */
export async function removeStoresLeftBehind(
  node: NodeCluster,
  store: Pick<ClusterStore, 'topology'>,
  log: Log,
): Promise<void> {
  const { retired } = node.record
  if (retired.length === 0) return
  try {
    if (!(await hasMovedAway(node, store))) return
    await remove(node, retired)
    log.info({ stores: retired }, 'the store of before is removed, another node has everything')
  } catch (err) {
    log.warn({ err, stores: retired }, 'the store of before is kept, for nobody says whether it is needed')
  }
}

/** Of one of several servers: every stream has all of its copies among them. */
async function isSafeElsewhere({ node, store, meta }: RetiredStoresParts): Promise<boolean> {
  const { role } = node.record
  if (role === 'client') return hasMovedAway(node, store)
  return role === 'server' && node.isClustered && meta.isWhole(node.topology.servers.length, node.replicas)
}

async function hasMovedAway({ record }: NodeCluster, store: Pick<ClusterStore, 'topology'>): Promise<boolean> {
  if (record.role !== 'client' || record.candidate !== null) return false
  const known = await store.topology()
  return known !== null && known.value.generation >= record.generation
}

/** Others may be retired meanwhile: they stay on the record. */
async function remove(node: NodeCluster, stores: readonly string[]): Promise<void> {
  for (const old of stores) if (old !== node.record.store) await node.parts.server.discard(old as StoreName)
  node.write({ retired: node.record.retired.filter((name) => !stores.includes(name)) })
}
