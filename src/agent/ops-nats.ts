/** The state of NATS as `GET /ops/cluster` tells it, from what the streams say of their copies and who has a server. */
import type { ServerSeat } from '../cluster/topology/topology.ts'
import { UnavailableError } from '../core/errors.ts'
import type { Connection } from '../engine/connection.ts'
import { type JetStreamReading, readStreamStates, type StreamReading } from '../engine/stream-states.ts'
import type { NatsServerState, NatsState, StreamState } from '../http/ops/ports.ts'
import type { Member } from '../model/member.ts'

export interface OpsNatsParts {
  readonly connection: Connection
  /** Null where the user runs NATS. */
  readonly node: {
    readonly topology: { readonly servers: readonly ServerSeat[] }
    /** Copies that a stream should have now. */
    readonly replicas: number
  } | null
  members(): readonly Member[]
}

/** @throws UnavailableError when NATS does not answer */
export async function readNatsState(parts: OpsNatsParts): Promise<NatsState> {
  const { connection, node } = parts
  const reading = await readStreamStates(connection)
  const { streams } = reading
  // Every agent keeps streams: not one answer means that there is nobody to answer.
  if (streams.length > 0 && streams.every((stream) => !stream.isAnswered))
    throw new UnavailableError('not one of its streams answers')
  return {
    servers: serversOf(reading, { ...parts, version: connection.serverVersion }),
    metaLeader: null,
    replicasWanted: node?.replicas ?? connection.replicas,
    streams: streams.map(streamState),
  }
}

/**
 * A server is there when this node is connected to it, or when a stream's leader has it for online; where no stream has a
 * copy it is taken to be as its agent is.
 */
export function serversOf(
  { serverName: own, streams }: JetStreamReading,
  { node, members, version }: Pick<OpsNatsParts, 'node' | 'members'> & { readonly version: string },
): readonly NatsServerState[] {
  const isOnline = new Map([[own, true]])
  for (const { serverName, isOffline } of streams.flatMap((stream) => stream.peers))
    isOnline.set(serverName, isOnline.get(serverName) === true || !isOffline)
  const versionOf = (name: string) => (name === own ? version : null)
  if (node === null)
    return [...isOnline]
      .map(([name, isReachable]) => ({ name, nodeName: '', version: versionOf(name), isReachable }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const statuses = new Map(members().map((member) => [member.nodeId, member.status]))
  const isAgentThere = (nodeId: string) => ['alive', 'leaving'].includes(statuses.get(nodeId) ?? '')
  return node.topology.servers.map(({ serverName: name, nodeName, nodeId }) => ({
    ...{ name, nodeName, version: versionOf(name) },
    isReachable: isOnline.get(name) ?? isAgentThere(nodeId),
  }))
}

function streamState(stream: StreamReading): StreamState {
  const { name, replicas, peers, messages, bytes, limitBytes, consumerLag } = stream
  return {
    ...{ name, messages, bytes, limitBytes, consumerLag },
    replicasWanted: replicas,
    replicasCurrent: peers.filter((peer) => peer.isCurrent).length,
    leader: peers.find((peer) => peer.isLeader)?.serverName ?? null,
    replicaLag: Math.max(0, ...peers.map((peer) => peer.lag)),
  }
}
