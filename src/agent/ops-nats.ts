/** The state of NATS as `GET /ops/cluster` tells it, from what the streams say of their copies and who has a server. */
import type { ServerSeat } from '../cluster/topology/topology.ts'
import { UnavailableError } from '../core/errors.ts'
import type { Connection } from '../engine/connection.ts'
import type { AnsweringServer } from '../engine/server-roll.ts'
import { type JetStreamReading, readStreamStates, type StreamReading } from '../engine/stream-states.ts'
import type { NatsServerState, NatsState, StreamState } from '../http/ops/ports.ts'
import type { Member } from '../model/member.ts'
import type { SystemReading } from './ops-system.ts'

export interface OpsNatsParts {
  readonly connection: Connection
  /** Null where the user runs NATS. */
  readonly node: {
    readonly topology: { readonly servers: readonly ServerSeat[] }
    /** Copies that a stream should have now. */
    readonly replicas: number
    /** Why the servers could not be made a cluster; empty for nothing. */
    readonly trouble: string
  } | null
  members(): readonly Member[]
  /** What the servers tell of themselves, where they are ours. */
  readSystem(): Promise<SystemReading>
}

/** @throws UnavailableError when NATS does not answer */
export async function readNatsState(parts: OpsNatsParts): Promise<NatsState> {
  const { connection, node } = parts
  const [reading, system] = await Promise.all([readStreamStates(connection), parts.readSystem()])
  const { streams } = reading
  // Every agent keeps streams: not one answer means that there is nobody to answer.
  if (streams.length > 0 && streams.every((stream) => !stream.isAnswered))
    throw new UnavailableError('not one of its streams answers')
  return {
    servers: serversOf(reading, { ...parts, answering: [...system.servers, connectedServer(reading, connection)] }),
    metaLeader: system.metaLeader,
    trouble: node?.trouble ?? '',
    replicasWanted: node?.replicas ?? connection.replicas,
    streams: streams.map(streamState),
  }
}

function connectedServer({ serverName }: JetStreamReading, { serverVersion }: Connection): AnsweringServer {
  return { name: serverName, version: serverVersion }
}

/**
 * A server is there when it answers itself, or when a stream's leader has it for online; where no stream has a copy it is
 * taken to be as its agent is.
 */
export function serversOf(
  { streams }: JetStreamReading,
  {
    node,
    members,
    answering,
  }: Pick<OpsNatsParts, 'node' | 'members'> & { readonly answering: readonly AnsweringServer[] },
): readonly NatsServerState[] {
  const versions = new Map(answering.map(({ name, version }) => [name, version]))
  const isOnline = new Map(answering.map(({ name }) => [name, true]))
  for (const { serverName, isOffline } of streams.flatMap((stream) => stream.peers))
    isOnline.set(serverName, isOnline.get(serverName) === true || !isOffline)
  const versionOf = (name: string) => versions.get(name) ?? null
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
