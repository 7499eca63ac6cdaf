/** The status object of `GET /v1`: three groups, and every value a string, as in 0.7.2. */
import type { ClusterView, MemberStatus } from '../../model/member.ts'
import { memberTags } from '../../model/member-tags.ts'

export function statusJson(cluster: ClusterView) {
  const { self } = cluster
  const members = cluster.members()
  const count = (status: MemberStatus) => String(members.filter((member) => member.status === status).length)
  return {
    agent: { name: self.nodeName, version: self.version, backend: 'nats' },
    serf: {
      members: String(members.length),
      alive: count('alive'),
      leaving: count('leaving'),
      left: count('left'),
      failed: count('failed'),
      leader: cluster.leader()?.nodeName ?? '',
    },
    tags: memberTags(self),
  }
}
