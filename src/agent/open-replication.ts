/** Builds replication of one node: jobs, placement, and the processes of its tasks. */
import type { Settings } from '../config/options.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import type { Scope } from '../core/scope.ts'
import type { Connection } from '../engine/connection.ts'
import { deleteFrameStream } from '../engine/frame-stream.ts'
import { type BucketOptions, openBucket } from '../engine/kv-bucket.ts'
import { isClusterNats } from '../http/udup/cluster-nats.ts'
import type { ClusterView, NodeLoad } from '../model/member.ts'
import type { ReplicationJob } from '../model/replication-job.ts'
import { ForkedChecks } from '../replication/preflight/forked-checks.ts'
import { type Assignment, assignmentOf } from '../replication/service/assignment.ts'
import { ConnectionChecks } from '../replication/service/connection-checks.ts'
import { ForkTaskLauncher } from '../replication/service/fork-task-launcher.ts'
import type { NameClaim } from '../replication/service/name-claims.ts'
import type { FrameStreams, SecretSealer } from '../replication/service/ports.ts'
import { createReplicationService, type ReplicationService } from '../replication/service/replication-service.ts'
import type { TaskReportRecord } from '../replication/service/task-report-record.ts'
import { compileCachePath } from './compile-cache.ts'
import { connect, type NatsAccess } from './nats-access.ts'
import type { TaskNats } from './task-nats.ts'

export interface ReplicationParts {
  readonly settings: Settings
  readonly connection: Connection
  readonly access: NatsAccess
  readonly cluster: ClusterView
  /** The time that this node keeps. */
  readonly clock: Clock
  readonly secrets: SecretSealer
  /** True for every node that is or ever was a member. */
  isKnownNode(nodeId: string): boolean
  /** How busy a node is, where that is known. */
  loadOf?(nodeName: string): NodeLoad | null
  readonly log: Log
  readonly signal: AbortSignal
}

export interface NodeReplication extends ReplicationService {
  readonly checks: ConnectionChecks
}

export async function openReplication(scope: Scope, parts: ReplicationParts): Promise<NodeReplication> {
  const { connection, cluster, secrets, signal } = parts
  const log = parts.log.child({ component: 'replication' })
  const bucketOf = <Value>(name: string, more: Pick<BucketOptions<Value>, 'storage' | 'decode'> = fileBucket) =>
    openBucket<Value>(connection, { name: `replication-${name}`, ...more })
  const launcher = openLauncher(parts)
  scope.defer(connection.onServers(() => launcher.tellNats()))
  const service = createReplicationService({
    buckets: {
      jobs: await bucketOf<ReplicationJob>('jobs'),
      names: await bucketOf<NameClaim>('names'),
      assignments: await bucketOf<Assignment>('assignments', { ...fileBucket, decode: readAssignment }),
      // In memory it would begin anew, with one copy at first, when the servers become a cluster.
      reports: await bucketOf<TaskReportRecord>('reports'),
    },
    cluster,
    isKnownNode: (nodeId) => parts.isKnownNode(nodeId),
    loadOf: (nodeName) => parts.loadOf?.(nodeName) ?? null,
    launcher,
    streams: frameStreams(parts),
    secrets,
    clock: parts.clock,
    log,
  })
  const running = service.run(signal)
  scope.defer(() => running)
  await service.whenReady()
  return Object.assign(service, { checks: openChecks(scope, parts) })
}

function openLauncher(parts: ReplicationParts): ForkTaskLauncher {
  const { settings, secrets, cluster } = parts
  return new ForkTaskLauncher({
    entryPath: neighbour('replication-task-main'),
    natsFor: (job): TaskNats => ({
      access: accessFor(parts, job.source.natsAddress ?? job.target.natsAddress),
      streamLimitBytes: settings['stream-limit'],
      logLevel: settings['log-level'],
    }),
    // Standard output is one stream of lines, and a task's line is whole.
    writeLine: (line) => process.stdout.write(`${line}\n`),
    ...{ secrets, environment: process.env, nodeName: cluster.self.nodeName },
    compileCachePath: compileCachePath(settings['data-dir']),
  })
}

const fileBucket = { storage: 'file' } as const

function readAssignment(stored: unknown): Assignment {
  return assignmentOf(stored as Partial<Assignment>)
}

function openChecks(scope: Scope, { settings, secrets, cluster }: ReplicationParts): ConnectionChecks {
  const forked = new ForkedChecks({
    entryPath: neighbour('connection-check-main'),
    environment: process.env,
    compileCachePath: compileCachePath(settings['data-dir']),
  })
  scope.defer(() => forked.close())
  const { nodeName } = cluster.self
  return new ConnectionChecks({
    ...{ secrets, environment: process.env, nodeName },
    check: (request) => forked.check(request),
  })
}

/** This file is TypeScript in development and JavaScript when built; its neighbour is the same. */
function neighbour(name: string): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./${name}.${extension}`, import.meta.url).pathname
}

function accessFor(parts: ReplicationParts, natsAddress: string | null): NatsAccess {
  if (natsAddress === null || isOwn(parts, natsAddress)) return parts.access
  return { servers: [natsAddress], own: null, auth: null, tls: null, domain: '', replicas: 1 }
}

/** The document's example names the agent's own address: then the job's stream is the cluster's. */
function isOwn({ settings, access, cluster }: ReplicationParts, natsAddress: string): boolean {
  const { host, port } = settings['nats-addr']
  const known = [...access.servers, `${host}:${port}`, `127.0.0.1:${port}`].map(withoutScheme)
  return isClusterNats(withoutScheme(natsAddress), known, cluster.members())
}

function withoutScheme(address: string): string {
  return address.replace(/^nats:\/\//, '')
}

/** A NATS of the user's own may be gone for good by the time its job is deleted. */
const elsewhereWithinMs = 5_000

function frameStreams(parts: ReplicationParts): FrameStreams {
  return {
    async remove({ jobId, natsAddress }) {
      const access = accessFor(parts, natsAddress)
      if (access === parts.access) {
        await deleteFrameStream(parts.connection, jobId)
        return
      }
      const { signal } = parts
      const name = `agent ${parts.cluster.self.nodeName}`
      const elsewhere = await connect(access, name, parts.log, { connectWithinMs: elsewhereWithinMs, signal })
      await deleteFrameStream(elsewhere, jobId).finally(() => elsewhere.close())
    },
  }
}
