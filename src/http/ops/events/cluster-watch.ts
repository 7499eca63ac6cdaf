/**
 * Notices that members, the leader or NATS are not what they were.
 *
 * Easy to get wrong: much of what a state of the cluster holds changes all the time (loads, bytes, how far behind a copy
 * is). Only what somebody would act on counts here.
 */
import type { Clock } from '../../../core/clock.ts'
import type { Member, Term } from '../../../model/member.ts'
import { readPart } from '../part.ts'
import type { NatsState, OpsDomain } from '../ports.ts'

const lookEveryMs = 1_000
/** Reading NATS asks several servers. */
const readNatsEvery = 5
const readWithinMs = 2_000

export interface ClusterWatchParts {
  readonly domain: Pick<OpsDomain, 'cluster' | 'term' | 'readNats'>
  readonly clock: Clock
  /** Nothing is looked at while this is false. */
  isWanted(): boolean
  onChange(): void
}

/** Looks every second until `signal` aborts. */
export async function watchCluster(parts: ClusterWatchParts, signal: AbortSignal): Promise<void> {
  const { domain, clock } = parts
  const known: { cluster: string | null; nats: string | null } = { cluster: null, nats: null }
  const compare = (kind: keyof typeof known, digest: string) => {
    const before = known[kind]
    known[kind] = digest
    if (before !== null && before !== digest) parts.onChange()
  }
  for (let round = 0; !signal.aborted; round += 1) {
    if (parts.isWanted()) {
      compare('cluster', clusterDigest(domain.cluster.members(), domain.term()))
      if (round % readNatsEvery === 0) {
        const nats = await readPart(() => domain.readNats(), readWithinMs, clock)
        compare('nats', nats.kind === 'read' ? natsDigest(nats.value) : 'unread')
      }
    }
    await clock.sleep(lookEveryMs, signal).catch(() => {})
  }
}

/** Equal for two states that need not be told apart. */
export function clusterDigest(members: readonly Member[], term: Term | null): string {
  const facts = members.map(({ nodeId, nodeName, status, natsRole, version, startedAt, tags }) => [
    nodeId,
    nodeName,
    status,
    natsRole,
    version,
    startedAt,
    Object.entries(tags).toSorted(),
  ])
  return JSON.stringify([facts.toSorted(), term?.number ?? null, term?.leaderName ?? null])
}

/** Equal for two states that need not be told apart. */
export function natsDigest({ servers, metaLeader, replicasWanted, trouble, streams }: NatsState): string {
  const shown = servers.map(({ name, version, isReachable }) => [name, version, isReachable])
  const copies = streams.map((stream) => [stream.name, stream.leader, stream.replicasWanted, stream.replicasCurrent])
  return JSON.stringify([shown.toSorted(), metaLeader, replicasWanted, trouble ?? '', copies.toSorted()])
}
