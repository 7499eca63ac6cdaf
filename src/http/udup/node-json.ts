/** The nodes as the original listed them; where a user finds a NodeId. And what this node says of itself. */
import type { ClusterView, Member, MemberStatus } from '../../model/member.ts'
import { memberTags } from '../../model/member-tags.ts'
import { memberNats } from './cluster-nats.ts'

const nodeStatus: Readonly<Record<MemberStatus, string>> = {
  alive: 'ready',
  leaving: 'leaving',
  left: 'down',
  failed: 'down',
}

/** @param clusterNats shown for a node that runs no NATS server of its own */
export function nodeJson(member: Member, clusterNats: string): object {
  const host = member.address.includes(':') ? `[${member.address}]` : member.address
  return {
    ID: member.nodeId,
    Name: member.nodeName,
    Datacenter: 'dc1',
    Status: nodeStatus[member.status],
    HTTPAddr: `${host}:${member.udupPort}`,
    NatsAddr: member.natsRole === 'server' ? memberNats(member) : clusterNats,
  }
}

/** The document's status object; as in the Dkron one, groups of texts. */
export function statusJson(cluster: ClusterView): object {
  const { self } = cluster
  const all = cluster.members()
  const count = (status: MemberStatus) => String(all.filter((member) => member.status === status).length)
  return {
    agent: { name: self.nodeName, version: self.version, backend: 'nats' },
    serf: {
      leader: cluster.leader()?.nodeName ?? '',
      members: String(all.length),
      alive: count('alive'),
      leaving: count('leaving'),
      left: count('left'),
      failed: count('failed'),
    },
    tags: memberTags(self),
  }
}
