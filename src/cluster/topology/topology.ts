/** Which nodes run the cluster's NATS servers: the record that every agent follows. */

/** A node that runs one of the servers, or is to. */
export interface ServerSeat {
  readonly nodeId: string
  readonly nodeName: string
  /** Its name in NATS: new with each store, so that a server with an empty store is never taken for the one before. */
  readonly serverName: string
  /** `host:port` for agents. */
  readonly clientAddress: string
  /** `host:port` for the other servers. */
  readonly routeAddress: string
}

export interface Topology {
  /** Counts up with every change. */
  readonly generation: number
  /** The name of the NATS cluster; empty while one server stands alone. */
  readonly clusterName: string
  readonly servers: readonly ServerSeat[]
}

/** Whether the servers form a cluster; else there is one, alone. */
export function isClustered(topology: Pick<Topology, 'clusterName'>): boolean {
  return topology.clusterName !== ''
}

/** Copies that each stream should have: an odd number that the servers can hold. */
export function replicasOf(topology: Topology): number {
  if (!isClustered(topology) || topology.servers.length < 3) return 1
  return topology.servers.length < 5 ? 3 : 5
}
