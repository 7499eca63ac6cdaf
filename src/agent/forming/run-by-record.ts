/**
 * Brings what runs on this node in line with its record, where that failed at first.
 *
 * Easy to get wrong: the record is written before what runs is changed, so a server that could not be started, because a
 * port was taken or the disk full, is one that nobody decides about again.
 */
import type { NodeCluster } from './node-cluster.ts'
import type { StoreName } from './node-server.ts'

/** May be repeated; does nothing while all is well. @returns whether it did something @throws what keeps it from it */
export async function runByRecord(node: NodeCluster): Promise<boolean> {
  const { server } = node.parts
  const { role, candidate } = node.record
  const store = node.record.store as StoreName
  // Whoever makes an attempt starts and stops servers by itself.
  if (role === 'client' || candidate !== null || node.isAttempting) return false
  if (server.main !== null && server.isUpToDate) return false
  if (server.main !== null) await server.reveal(node.topology)
  else if (node.isClustered) await server.startClustered(node.topology, store)
  else await server.startAlone(node.seat ?? server.seat(''), store)
  return true
}
