/** Joins what the state of the cluster is read from. */
import { systemClock } from '../core/clock.ts'
import type { Scope } from '../core/scope.ts'
import type { Connection } from '../engine/connection.ts'
import type { OpsDomain } from '../http/ops/ports.ts'
import { StatusSince } from '../http/ops/status-since.ts'
import type { ClusterView, NodeLoad, Term } from '../model/member.ts'
import type { ReplicationService } from '../replication/service/replication-service.ts'
import type { NodeCluster } from './forming/node-cluster.ts'
import { readNatsState } from './ops-nats.ts'
import { systemReader } from './ops-system.ts'

export interface OpsParts {
  readonly connection: Connection
  /** Null where the user runs NATS. */
  readonly node: NodeCluster | null
  readonly cluster: ClusterView & { clockOffsetOf(nodeName: string): number | null }
  loadOf(nodeName: string): NodeLoad | null
  /** Who leads, and in which term. */
  term(): Term | null
  readonly jobs: OpsDomain['jobs']
  readonly replication: ReplicationService
}

const lookEveryMs = 1_000

/** @param scope ends what is opened when somebody asks */
export function opsDomain(scope: Scope, parts: OpsParts): OpsDomain {
  const readSystem = systemReader(scope, parts.node)
  const { cluster, replication } = parts
  return {
    cluster,
    term: () => parts.term(),
    report: (nodeName) => ({ load: parts.loadOf(nodeName), clockOffsetMs: cluster.clockOffsetOf(nodeName) }),
    isNatsEmbedded: parts.node !== null,
    readNats: () => readNatsState({ ...parts, readSystem, members: () => cluster.members() }),
    jobs: parts.jobs,
    replication: {
      async list() {
        const stored = await replication.jobs.list()
        return stored.map(({ value: job }) => ({ job, status: replication.progress.status(job) }))
      },
    },
    clock: systemClock,
  }
}

/** Looks every second until the scope ends. */
export function followStatus(scope: Scope, { cluster, term }: Pick<OpsParts, 'cluster' | 'term'>): StatusSince {
  const since = new StatusSince()
  const look = () => since.note(cluster.members(), term(), Date.now())
  look()
  const timer = setInterval(look, lookEveryMs)
  timer.unref()
  scope.defer(() => clearInterval(timer))
  return since
}
