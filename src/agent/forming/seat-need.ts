/** Whether a server that has lost its seat still holds what no other one has. */
import { isClustered, type ServerSeat, type Topology } from '../../cluster/topology/topology.ts'
import { readServerInfo } from '../../engine/server-info.ts'
import type { MetaView } from './meta-view.ts'

const infoWithinMs = 2_000

/** @param own the seat that it had @throws UnavailableError when nobody can tell */
export async function isStillNeeded(meta: MetaView, topology: Topology, own: ServerSeat): Promise<boolean> {
  const [first] = topology.servers
  if (isClustered(topology) || first === undefined) return meta.needs(own.serverName)
  // The one that keeps everything needs the others until it stands alone.
  const info = await readServerInfo(first.clientAddress, infoWithinMs)
  return info.kind !== 'nats' || info.clusterName !== ''
}
