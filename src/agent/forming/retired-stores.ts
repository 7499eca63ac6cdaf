/** Removes the store of before once every stream has all of its copies among the new servers. */
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { MetaView } from './meta-view.ts'
import type { NodeCluster } from './node-cluster.ts'
import type { StoreName } from './node-server.ts'

const lookEveryMs = 5_000

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
