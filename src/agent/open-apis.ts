/** Both APIs on their ports. */
import type { Settings } from '../config/options.ts'
import type { Log } from '../core/log.ts'
import type { Scope } from '../core/scope.ts'
import { parseServerUrl } from '../engine/server-url.ts'
import { registerDkronApi } from '../http/dkron/routes.ts'
import { registerEvents } from '../http/ops/events/routes.ts'
import { PageFiles } from '../http/ops/page/page-files.ts'
import { registerPage } from '../http/ops/page/routes.ts'
import { registerReplication } from '../http/ops/replication/routes.ts'
import { registerOpsApi } from '../http/ops/routes.ts'
import { registerScheduled } from '../http/ops/scheduled/routes.ts'
import { registerTimeline } from '../http/ops/timeline/routes.ts'
import { registerUdupApi } from '../http/udup/routes.ts'
import type { Member } from '../model/member.ts'
import { JobIndex } from '../schedule/job-index.ts'
import { createApiApps } from './api-apps.ts'
import type { NodeLooks } from './node-looks.ts'
import type { NodeReplication } from './open-replication.ts'
import type { Scheduling } from './open-scheduling.ts'
import { followStatus, type OpsParts, opsDomain } from './ops-domain.ts'
import { replicationDomain } from './ops-replication.ts'
import { knownJobs, openLooks } from './ops-scheduled.ts'
import { pageFolder } from './page-folder.ts'

export async function openApis(
  scope: Scope,
  parts: Pick<OpsParts, 'connection' | 'node' | 'cluster' | 'loadOf' | 'term'> & {
    readonly settings: Settings
    readonly scheduling: Scheduling
    readonly looks: NodeLooks
    readonly replication: NodeReplication
    leave(): Promise<readonly Member[]>
    readonly log: Log
  },
): Promise<void> {
  const { settings, cluster, scheduling, replication, leave, log } = parts
  const apps = createApiApps(scope, { settings, nodeName: cluster.self.nodeName, log })
  const { dkron, udup } = apps
  const { jobs, running, stop, view, counters } = scheduling
  registerDkronApi(dkron, { jobs, cluster, running, stop, leave })
  const index = new JobIndex({ view, counters, agentZone: settings.timezone })
  const ops = opsDomain(scope, { ...parts, jobs: knownJobs(scheduling, index) })
  registerOpsApi(dkron, ops, followStatus(scope, parts))
  const looks = openLooks(scope, { ...parts, ops, agentZone: settings.timezone }, index)
  registerEvents(dkron, looks.hub)
  registerScheduled(dkron, looks.scheduled)
  registerTimeline(dkron, looks.timeline)
  registerReplication(dkron, replicationDomain(replication, cluster))
  const udupParts = {
    jobs: replication.jobs,
    progress: replication.progress,
    cluster,
    leave,
    natsAddresses: () =>
      parts.node === null
        ? outsideAddresses(settings.nats)
        : serverAddresses(parts.node.topology.servers, cluster.self),
  }
  registerUdupApi(udup, udupParts)
  // So that the page and the command line need one address.
  registerUdupApi(dkron, udupParts, '/udup')
  registerPage(dkron, new PageFiles(pageFolder()))
  await apps.listen()
}

/** Where the cluster's NATS servers answer, this node's own first. */
export function serverAddresses(
  servers: readonly { readonly nodeId: string; readonly clientAddress: string }[],
  self: Pick<Member, 'nodeId'>,
): readonly string[] {
  const own = servers.filter(({ nodeId }) => nodeId === self.nodeId)
  return [...new Set([...own, ...servers].map(({ clientAddress }) => clientAddress))]
}

/** Where the user's NATS answers, `host:port` each, without whatever credentials `--nats` has. */
export function outsideAddresses(nats: string): readonly string[] {
  return parseServerUrl(nats).servers
}
