/** Joins what the routes about replication jobs are fed from. */
import type { ReplicationDomain } from '../http/ops/replication/ports.ts'
import type { ClusterView } from '../model/member.ts'
import type { NodeReplication } from './open-replication.ts'

export function replicationDomain(replication: NodeReplication, cluster: ClusterView): ReplicationDomain {
  const { jobs, progress, journal, checks } = replication
  return {
    ...{ jobs, progress, journal },
    members: () => cluster.members(),
    checkConnection: (wanted) => checks.check(wanted),
    nodeName: cluster.self.nodeName,
  }
}
