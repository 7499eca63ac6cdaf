/** Removes the store of before once all that it holds is safe elsewhere. */
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { ClusterStore } from './cluster-store.ts'
import type { MetaView } from './meta-view.ts'
import type { NodeCluster } from './node-cluster.ts'
import type { StoreName } from './node-server.ts'

const lookEveryMs = 5_000

/** Of a node with one of several servers: once every stream has all of its copies among them. */
export async function removeRetiredStores(
  {
    node,
    meta,
    clock,
    log,
  }: { readonly node: NodeCluster; readonly meta: MetaView; readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(lookEveryMs, signal).catch(() => {})
    const { retired, role, store } = node.record
    if (signal.aborted || retired.length === 0 || role !== 'server' || !node.isClustered) continue
    try {
      if (!(await meta.isWhole(node.topology.servers.length, node.replicas))) continue
      for (const old of retired) if (old !== store) await node.parts.server.discard(old as StoreName)
      node.write({ retired: [] })
      log.info({ stores: retired }, 'the store of before is removed, every stream has its copies')
    } catch (err) {
      log.debug({ err }, 'the store of before is kept for now')
    }
  }
}

/** Of a node whose server moved away: once the cluster's record, which others serve now, says so. Never throws. */
export async function removeStoresLeftBehind(node: NodeCluster, store: ClusterStore, log: Log): Promise<void> {
  const { retired, generation, candidate } = node.record
  if (retired.length === 0 || candidate !== null) return
  try {
    const known = await store.topology()
    if (known === null || known.value.generation < generation) return
    for (const old of retired) await node.parts.server.discard(old as StoreName)
    node.write({ retired: [] })
    log.info({ stores: retired }, 'the store of before is removed, another node has everything')
  } catch (err) {
    log.warn({ err, stores: retired }, 'the store of before is kept, for nobody says whether it is needed')
  }
}
